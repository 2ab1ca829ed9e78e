using System.Globalization;
using Data2Vec.Converters.Layouts;

namespace Data2Vec.Converters.Exports;

/// <summary>The order in which fairseq's models register their parameters, which an optimizer numbers them by.</summary>
internal static class FairseqOrder
{
    private static readonly string[] s_order =
    [
        "cls_emb", "mask_emb",
        "feature_extractor.conv_layers.{i}.{i}", "feature_extractor.conv_layers.{i}.{i}.{i}", "post_extract_proj", "encoder.pos_conv.{i}.{i}",
        "patch_embed.conv",
        "version", "embed_tokens", "embed_positions", "layernorm_embedding",
        "encoder.rel_pos_bias.relative_position_bias_table", "encoder.rel_pos_bias.relative_position_index",
        "encoder.blocks.{i}.gamma_1", "encoder.blocks.{i}.gamma_2", "encoder.blocks.{i}.norm1",
        "encoder.blocks.{i}.attn.q_bias", "encoder.blocks.{i}.attn.v_bias", "encoder.blocks.{i}.attn.relative_position_bias_table",
        "encoder.blocks.{i}.attn.relative_position_index", "encoder.blocks.{i}.attn.qkv", "encoder.blocks.{i}.attn.proj",
        "encoder.blocks.{i}.norm2", "encoder.blocks.{i}.mlp.{i}",
        "layers.{i}.self_attn.k_proj", "layers.{i}.self_attn.v_proj", "layers.{i}.self_attn.q_proj", "layers.{i}.self_attn.out_proj",
        "layers.{i}.self_attn_layer_norm", "layers.{i}.fc1", "layers.{i}.fc2", "layers.{i}.final_layer_norm",
        "encoder.layer_norm", "encoder.norm", "layer_norm", "final_proj", "encoder.regression_head.{i}",
        "classification_heads.sentence_classification_head.dense", "classification_heads.sentence_classification_head.out_proj",
        "w2v_encoder.proj", "fc_norm", "head",
    ];

    /// <summary>What is before the names above.</summary>
    private static readonly string[] s_prefixes = ["w2v_encoder.w2v_model.", "model.", "encoder.sentence_encoder."];

    /// <summary>Names in the order of fairseq.</summary>
    public static IEnumerable<T> Sort<T>(IEnumerable<T> items, Func<T, string> name) => items.OrderBy(item => Key(name(item)));

    private static (int Group, int Number, int Member, int Last, int Suffix) Key(string name)
    {
        string inner = s_prefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix ? name[prefix.Length..] : name;
        int suffix = inner.EndsWith(".weight", StringComparison.Ordinal) ? 1 : inner.EndsWith(".bias", StringComparison.Ordinal) ? 2 : 0;
        string[] words = inner.Split('.');
        int[] numbers = [.. words.Where(word => word.All(char.IsAsciiDigit)).Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        string pattern = TensorNames.WithoutNumbers(string.Join('.', suffix == 0 ? words : words[..^1]));
        if (pattern.StartsWith("encoder.layers.", StringComparison.Ordinal))
        {
            pattern = pattern["encoder.".Length..];
        }

        int member = Array.IndexOf(s_order, pattern);
        int at = pattern.IndexOf("{i}", StringComparison.Ordinal);
        int group = member < 0 || at < 0 ? member : Array.FindIndex(s_order, other => other.StartsWith(pattern[..at], StringComparison.Ordinal));
        return (member < 0 ? s_order.Length : group, at < 0 ? 0 : numbers[0], member, numbers.LastOrDefault(), suffix);
    }
}
