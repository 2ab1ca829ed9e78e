using Data2Vec.Architectures;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// Vision models: data2vec and data2vec 2.0 of fairseq, data2vec of Hugging Face; pretrained or with a
/// classification head. Those in the layout of BEiT are in <see cref="BeitLayouts"/>.
/// </summary>
internal static class VisionLayouts
{
    /// <summary>fairseq's name of the model, which is also its column in the tables.</summary>
    public const string Fairseq = "data2vec_vision";

    private const string HuggingFace = "data2vec-vision", Beit = "beit";

    /// <summary>Tensors with position information, for all layers or for each, of which a model without absolute positions has one.</summary>
    public static IReadOnlyList<string> Tables { get; } = ["relative_position_bias.weight", "encoder.0.relative_position_bias.weight"];

    private static readonly LayoutTable s_options = new("""
        model file                | data2vec_vision  | data2vec_multi                      | data2vec-vision
        hidden_size               | embed_dim = 768  | embed_dim = 768                     | hidden_size = 768
        layers                    | depth = 12       | depth = 8                           | num_hidden_layers = 12
        prenet_layers             |                  | modality/prenet_depth = 4           |
        heads                     | num_heads = 12   | num_heads = 12                      | num_attention_heads = 12
        feed_forward_size         |                  |                                     | intermediate_size = 3072
        feed_forward_ratio        | mlp_ratio = 4    | mlp_ratio = 4                       |
        epsilon                   | = 1e-5           | norm_eps = 1e-6                     | layer_norm_eps = 1e-12
        image_size                | image_size = 224 | modality/input_size = 224           | image_size = 224
        patch_size                | patch_size = 16  | modality/patch_size = 16            | patch_size = 16
        mean_pooling              |                  |                                     | use_mean_pooling = true
        must be 3                 | in_channels = 3  | modality/in_chans = 3               | num_channels = 3
        must be 1                 |                  | modality/num_extra_tokens = 0       |
        must be gelu              |                  |                                     | hidden_act = gelu
        must be false             |                  | layer_norm_first = false            | use_absolute_position_embeddings = false
        must be false             |                  | modality/use_alibi_encoder = false  |
        must be false             |                  | modality/learned_alibi = false      |
        must be false             |                  | head/linear_classifier = false      |
        must be true              |                  | norm_affine = true                  |
        must be true              |                  | modality/fixed_positions = true     |
        must be true              |                  | head/use_fc_norm = true             |
        must be MEAN_POOLING or 1 |                  | head/prediction_mode = MEAN_POOLING |
        """);

    private static readonly LayoutTable s_names = new("""
        model file                  | data2vec_vision      | data2vec_multi             | beit                 | data2vec-vision
        patch_embedding.            | patch_embed.conv.    | local_encoder.proj.        | patch_embed.proj.    | embeddings.patch_embeddings.projection.
          weight : a 3 * *          | weight               | weight                     | weight               | weight
          bias                      | bias                 | bias                       | bias                 | bias
        class_token : 1 1 a         | cls_emb              | extra_tokens               | cls_token            | embeddings.cls_token
        position_embedding.         |                      | fixed_positional_encoder.  |                      |
          weight : 1 a b            |                      | positions                  | pos_embed            | embeddings.position_embeddings
        encoder.{i}.                | encoder.blocks.{i}.  | /{block}.                  | blocks.{i}.          | encoder.layer.{i}.
          attention.query           |                      | attn.qkv[0/3]              |                      | attention.attention.query
          attention.key             |                      | attn.qkv[1/3]              |                      | attention.attention.key
          attention.value           |                      | attn.qkv[2/3]              |                      | attention.attention.value
          attention.query.weight    | attn.qkv.weight[0/3] |                            | attn.qkv.weight[0/3] |
          attention.key.weight      | attn.qkv.weight[1/3] |                            | attn.qkv.weight[1/3] |
          attention.value.weight    | attn.qkv.weight[2/3] |                            | attn.qkv.weight[2/3] |
          attention.query.bias      | attn.q_bias          |                            | attn.q_bias          |
          attention.value.bias      | attn.v_bias          |                            | attn.v_bias          |
          attention.output          | attn.proj            | attn.proj                  | attn.proj            | attention.output.dense
          attention_norm            | norm1                | norm1                      | norm1                | layernorm_before
          attention_scale           | gamma_1              |                            | gamma_1              | lambda_1
          feed_forward.intermediate | mlp.0                | mlp.fc1                    | mlp.fc1              | intermediate.dense
          feed_forward.output       | mlp.2                | mlp.fc2                    | mlp.fc2              | output.dense
          feed_forward_norm         | norm2                | norm2                      | norm2                | layernorm_after
          feed_forward_scale        | gamma_2              |                            | gamma_2              | lambda_2
        encoder.norm                | encoder.norm         | context_encoder.norm       | norm                 | layernorm
        pooler.norm                 |                      |                            | fc_norm              | pooler.layernorm
        classifier.norm             | fc_norm              | /fc_norm                   | fc_norm              | pooler.layernorm
        classifier.output           | head                 | /head                      | head                 | classifier
        mask_embedding : 1 1 a      | mask_emb             |                            | mask_token           | embeddings.mask_token
        predictor                   | final_proj           |                            | lm_head              |
        - mask embedding            | mask_emb             | encoder_mask               | mask_token           | embeddings.mask_token
        - regression head           | final_proj.          | decoder., /shared_decoder. | lm_head.             |
        - reconstruction            |                      | recon_proj., /recon_proj.  |                      |
        - pooler                    |                      |                            |                      | pooler.
        - teacher                   | _ema                 | /_ema                      |                      |

        model file                      | data2vec_vision              | beit
        .                               | encoder.rel_pos_bias.        | rel_pos_bias.
          relative_position_bias.weight | relative_position_bias_table | relative_position_bias_table
          - numbers of the positions    | relative_position_index      | relative_position_index
        encoder.{i}.                    | encoder.blocks.{i}.attn.     | blocks.{i}.attn.
          relative_position_bias.weight | relative_position_bias_table | relative_position_bias_table
          - numbers of the positions    | relative_position_index      | relative_position_index

        model file                      | data2vec-vision
        .                               | encoder.relative_position_bias.
          relative_position_bias.weight | relative_position_bias_table
          - numbers of the positions    | relative_position_index
        encoder.{i}.                    | encoder.layer.{i}.attention.attention.relative_position_bias.
          relative_position_bias.weight | relative_position_bias_table
          - numbers of the positions    | relative_position_index
        """);

    /// <summary>The names of tensors in fairseq.</summary>
    public static TensorNames FairseqNames => new(s_names, Fairseq);

    /// <summary>The names of tensors in BEiT, and in SimMIM without a prefix.</summary>
    public static TensorNames BeitNames => new(s_names, Beit);

    /// <summary>The names of tensors in transformers.</summary>
    public static TensorNames HuggingFaceNames => new(s_names, HuggingFace);

    /// <summary>The options of fairseq's model.</summary>
    public static IEnumerable<(string Row, string[] Names)> FairseqOptions => s_options.Column(Fairseq);

    /// <summary>The options of transformers' model.</summary>
    public static IEnumerable<(string Row, string[] Names)> HuggingFaceOptions => s_options.Column(HuggingFace);

    /// <summary>All of them.</summary>
    public static IEnumerable<Layout> All =>
    [
        new(SourceCheckpoint.Fairseq, Fairseq, "data2vec vision model", ReadFairseq),
        new(SourceCheckpoint.Fairseq, Data2Vec2.Model, "data2vec 2.0 vision model", ReadData2Vec2) { Modality = "IMAGE" },
        new(SourceCheckpoint.HuggingFace, HuggingFace, "data2vec vision model", ReadHuggingFace) { HeadEnding = "ForImageClassification" },
    ];

    private static SourceModel ReadFairseq(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForImages();
        var options = new LayoutOptions(s_options, Fairseq, checkpoint.Options!);
        IReadOnlyList<string>? labels = Labels(checkpoint, given);
        VisionConfig config = Config(options, size => FairseqPreprocessing(size, checkpoint), labels) with
        {
            HasFinalNorm = labels is null,
            PoolSkipsFirstPatch = labels is not null,

            // fairseq's model has the option mlp_ratio and does not use it.
            FeedForwardSize = checkpoint.Weights.RequireSize("encoder.blocks.0.mlp.0.weight", 2, 0, Limits.Size),
        };
        return Model(layout, checkpoint, config, new TensorNames(s_names, Fairseq), $"fairseq {checkpoint.OuterModel}") with
        {
            TeacherKey = "_ema",
            TeacherName = SourceModel.WithoutPrefix("encoder."),
        };
    }

    private static SourceModel ReadData2Vec2(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForImages();
        LayoutOptions options = Data2Vec2.Options(s_options, checkpoint, "image");
        VisionConfig config = Config(options, size => ImagePreparation.SevenEighths(size), Labels(checkpoint, given)) with
        {
            Architecture = ModelArchitecture.Data2Vec2Vision,
            ClassifierEpsilon = checkpoint.Head is null ? null : 1e-6f, // of MaeImageClassificationModel, whatever norm_eps says
            FeedForwardSize = checkpoint.Weights.RequireSize("blocks.0.mlp.fc1.weight", 2, 0, Limits.Size),
        };
        InvalidData.ThrowIf(
            Data2Vec2.Group(checkpoint, "image").Integer("embed_dim", config.HiddenSize, 1, Limits.Size) != config.HiddenSize,
            "the option embed_dim of the images is not the model's");

        TensorNames names = Data2Vec2.Names(s_names, checkpoint, TransformerSizes.Read(options).PrenetLayers);
        return Model(layout, checkpoint, config, names, $"fairseq {checkpoint.OuterModel}") with
        {
            TeacherKey = "_ema",
            TeacherName = Data2Vec2.TeacherName(checkpoint, "image"),
        };
    }

    private static SourceModel ReadHuggingFace(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForImages();
        (HuggingFaceFolder folder, CheckpointOptions json) = checkpoint.InFolder;
        var options = new LayoutOptions(s_options, HuggingFace, json);
        int? classes = checkpoint.Weights.Size("classifier.weight", 2, 0, Limits.Size);
        bool mean = options.Flag("mean_pooling");
        options.ThrowIf(classes is not null && !mean, "mean_pooling", "is false; a classification head on the class token is not supported");
        IReadOnlyList<string>? labels = LabelFile.For(classes, given.LabelsPath, count => json.Labels("id2label", count));
        VisionConfig config = Config(options, size => ImagePreparation.HuggingFace(size, folder, "BeitImageProcessor", Interpolation.Bicubic, checkpoint.Warnings), labels) with
        {
            HasFinalNorm = !mean,
            HeadFunction = HuggingFaceHead.Function(json, classes),
        };
        CheckPresence(checkpoint.Weights, json);
        return Model(layout, checkpoint, config, new TensorNames(s_names, HuggingFace), "Hugging Face Data2VecVision");
    }

    private static SourceModel Model(Layout layout, SourceCheckpoint checkpoint, VisionConfig config, TensorNames names, string source)
    {
        string head = config.Labels is { } labels ? $"with a classification head of {labels.Count} labels" : "pretrained";
        return SourceModel.Create(layout, checkpoint, config, names, $"{layout.Title}, {head} ({source})") with
        {
            NeedsOneOf = config.HasPositionVectors ? [] : Tables,
        };
    }

    private static VisionConfig Config(LayoutOptions options, Func<int, ImagePreprocessing> preprocessing, IReadOnlyList<string>? labels)
    {
        TransformerSizes sizes = TransformerSizes.Read(options);
        int image = options.Side("image_size", 1, ImagePreprocessing.MaxSize);
        return new VisionConfig
        {
            Preprocessing = preprocessing(image),
            ImageSize = image,
            PatchSize = options.DividingSide("patch_size", "image_size", image),
            HiddenSize = sizes.Hidden,
            Layers = sizes.Layers,
            Heads = sizes.Heads,
            FeedForwardSize = sizes.FeedForward,
            Epsilon = sizes.Epsilon,
            HasFinalNorm = false,
            Labels = labels,
        };
    }

    private static IReadOnlyList<string>? Labels(SourceCheckpoint checkpoint, ConversionOptions given) =>
        LabelFile.For(checkpoint.Head is null ? null : checkpoint.Weights.RequireSize("head.weight", 2, 0, Limits.Size), given.LabelsPath);

    // transformers creates the modules that the options ask for, whatever the weights hold.
    public static void CheckPresence(Weights weights, CheckpointOptions config)
    {
        const string Table = "relative_position_bias.relative_position_bias_table";
        Check("use_shared_relative_position_bias", config.Flag("use_shared_relative_position_bias") ?? false, $"encoder.{Table}");
        Check("use_relative_position_bias", config.Flag("use_relative_position_bias") ?? false, $"encoder.layer.0.attention.attention.{Table}");
        Check("use_absolute_position_embeddings", config.Flag("use_absolute_position_embeddings") ?? false, "embeddings.position_embeddings");
        Check("layer_scale_init_value", config.Number("layer_scale_init_value", 0.1) > 0, "encoder.layer.0.lambda_1");

        void Check(string option, bool isAsked, string tensor) => config.ThrowIf(
            weights.Contains(tensor) != isAsked,
            option,
            $"{(isAsked ? "asks for" : "asks for no")} {tensor}, and the weights have {(isAsked ? "none" : "one")}");
    }

    // fairseq's image tasks resize the shorter side to the size over 0.875, then crop.
    private static ImagePreprocessing FairseqPreprocessing(int size, SourceCheckpoint checkpoint)
    {
        ImagePreprocessing preprocessing = ImagePreparation.ResizeThenCrop(size, size / 0.875, true);
        (ChannelValues? mean, ChannelValues? deviation) = (Channels("normalization_mean"), Channels("normalization_std"));
        try
        {
            return mean is null && deviation is null
                ? preprocessing
                : ImagePreprocessing.ResizeThenCentreCrop(
                    preprocessing.ResizeSize, size, mean ?? preprocessing.Mean, deviation ?? preprocessing.StandardDeviation);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"the options normalization_mean and normalization_std: {error.Message}", error);
        }

        ChannelValues? Channels(string name) =>
            checkpoint.TaskWith(name)?.Numbers(name, 3) is { } values ? new ChannelValues(values[0], values[1], values[2]) : null;
    }
}
