namespace Data2Vec.Converters.Layouts;

/// <summary>Vision models that are recognized and not supported, so that they are refused by name.</summary>
internal static class UnsupportedImages
{
    private static readonly (string Part, string What)[] s_parts =
    [
        ("patch_embed.proj.0.weight", "a vision transformer whose patch embedding is a stack of convolutions (MoCo v3's vit_conv)"),
        ("patch_embed.backbone.", "a hybrid of a convolutional network and a vision transformer"),
        ("dist_token", "a distilled vision transformer, which has a second token (DeiT's)"),
        ("distillation_token", "a distilled vision transformer, which has a second token (DeiT's)"),
        ("reg_token", "a vision transformer with registers"),
        ("register_tokens", "a vision transformer with registers (DINOv2)"),
        ("blocks.0.ls1.gamma", "a vision transformer with layer scale (ls1.gamma, of timm or DINOv2)"),
        ("blocks.0.attn.q_norm.weight", "a vision transformer that normalizes queries and keys"),
        ("blocks.0.mlp.w12.weight", "a vision transformer with gated feed-forward blocks (SwiGLU)"),
        ("attn_pool.latent", "a vision transformer that pools by attention"),
        ("norm_pre.weight", "a vision transformer with a normalization before the layers (CLIP)"),
        ("layers.0.blocks.0.attn.relative_position_bias_table", "a Swin transformer"),
        ("layers.0.blocks.0.attn.qkv.weight", "a Swin transformer"),
        ("blocks.0.attn.pool_q.weight", "an MViT, which pools in attention"),
        ("blocks.0.attn.pool_k.weight", "an MViT, which pools in attention"),
        ("blocks.0.attn.rel_pos_h", "a vision transformer with decomposed relative positions (MViTv2, ViTDet)"),
        ("pos_embed_spatial", "a model for videos with separate positions (MViT)"),
    ];

    /// <summary>Recognizes them, and refuses to read them.</summary>
    public static Layout Layout { get; } = new("images", "unsupported", "vision model that is not supported", (_, checkpoint, _) =>
        throw new InvalidDataException($"{What(checkpoint)}, which is not supported; MAE, DINO, MoCo v3, MaskFeat's ViT, BEiT, SimMIM's ViT and plain ones of timm, torchvision " +
            $"and Hugging Face are; {checkpoint.Weights.ShowNames()}"))
    {
        Recognizes = checkpoint => checkpoint.Format is not (SourceCheckpoint.Fairseq or SourceCheckpoint.HuggingFace) && What(checkpoint) is not null,
    };

    private static string? What(SourceCheckpoint checkpoint)
    {
        // A part of another model may have such names too; only in vision transformers they stand beside patches.
        IEnumerable<string> names = checkpoint.Weights.Names;
        if (checkpoint.Weights.Group("teacher") is { } teacher)
        {
            names = names.Concat(teacher.Names);
        }

        string[] all = [.. names];
        if (!all.Any(name => name.Contains("patch_embed", StringComparison.Ordinal)))
        {
            return null;
        }

        foreach ((string part, string what) in s_parts)
        {
            if (all.Any(name => Has(name, part)))
            {
                return what;
            }
        }

        bool IsAny(string ending) => all.Any(name => Has(name, ending));
        return IsAny("pos_embed") && IsAny("blocks.0.attn.qkv.weight") && IsAny("patch_embed.proj.weight") && !IsAny("cls_token") && !IsAny("encoder.norm.weight")
            ? "a vision transformer without a class token (cls_token is missing)"
            : null;
    }

    /// <summary>Whether a name is a part, begins with it if it ends in a full stop, or has it after a full stop.</summary>
    private static bool Has(string name, string part)
    {
        int at = name.IndexOf(part, StringComparison.Ordinal);
        return at >= 0 && (at == 0 || name[at - 1] == '.') && (part[^1] == '.' || at + part.Length == name.Length);
    }
}
