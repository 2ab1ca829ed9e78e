namespace Data2Vec.Converters.Layouts;

/// <summary>The options and names of vision transformers with position vectors.</summary>
internal static class VitNames
{
    /// <summary>The columns: the names of timm, which the projects of MAE, DINO, MoCo v3 and MaskFeat use too, and those of torchvision and transformers.</summary>
    public const string Timm = "timm", Torchvision = "torchvision", HuggingFace = "huggingface";

    /// <summary>The options of <c>config.json</c> in Hugging Face folders. Other layouts have none: the weights tell their structure.</summary>
    public static LayoutTable Options { get; } = new("""
        model file        | huggingface
        hidden_size       | hidden_size = 768
        layers            | num_hidden_layers = 12
        heads             | num_attention_heads = 12
        feed_forward_size | intermediate_size = 3072
        epsilon           | layer_norm_eps = 1e-12
        image_size        | image_size = 224
        patch_size        | patch_size = 16
        qkv_bias          | qkv_bias = true
        must be 3         | num_channels = 3
        must be gelu      | hidden_act = gelu
        must be tanh      | pooler_act = tanh
        """);

    private static readonly LayoutTable s_names = new("""
        model file                  | timm                     | torchvision                       | huggingface
        patch_embedding.            | patch_embed.proj.        | conv_proj.                        | embeddings.patch_embeddings.projection.
          weight : a 3 * *          | weight                   | weight                            | weight
          bias                      | bias                     | bias                              | bias
        class_token : 1 1 a         | cls_token                | class_token                       | embeddings.cls_token
        position_embedding.         |                          |                                   |
          weight : 1 a b            | pos_embed                | encoder.pos_embedding             | embeddings.position_embeddings
        encoder.{i}.                | blocks.{i}.              | encoder.layers.encoder_layer_{i}. | encoder.layer.{i}.
          attention.query           | attn.qkv[0/3]            | self_attention.in_proj[0/3]       | attention.attention.query
          attention.key             | attn.qkv[1/3]            | self_attention.in_proj[1/3]       | attention.attention.key
          attention.value           | attn.qkv[2/3]            | self_attention.in_proj[2/3]       | attention.attention.value
          attention.output          | attn.proj                | self_attention.out_proj           | attention.output.dense
          attention_norm            | norm1                    | ln_1                              | layernorm_before
          feed_forward.intermediate | mlp.fc1                  | mlp.0                             | intermediate.dense
          feed_forward.intermediate |                          | mlp.linear_1                      |
          feed_forward.output       | mlp.fc2                  | mlp.3                             | output.dense
          feed_forward.output       |                          | mlp.linear_2                      |
          feed_forward_norm         | norm2                    | ln_2                              | layernorm_after
        encoder.norm                | norm                     | encoder.ln                        | layernorm
        encoder.norm                | pred_head.transforms.0.0 |                                   |
        pooler.norm                 | fc_norm                  |                                   |
        pooler.norm                 | norm                     |                                   |
        pooler.dense                |                          |                                   | pooler.dense
        classifier.output           | head                     | heads.head                        | classifier
        classifier.output           | head.projection          |                                   |
        - mask token                | mask_token, masked_embed |                                   | embeddings.mask_token
        - MAE's decoder             | decoder_pos_embed        |                                   |
        - MAE's decoder             | decoder_embed.           |                                   |
        - MAE's decoder             | decoder_blocks.          |                                   |
        - MAE's decoder             | decoder_norm.            |                                   |
        - MAE's decoder             | decoder_pred.            |                                   |
        - MaskFeat's prediction     | pred_head., hogs.        |                                   |
        """);

    /// <summary>A column.</summary>
    public static TensorNames Of(string column) => new(s_names, column);
}
