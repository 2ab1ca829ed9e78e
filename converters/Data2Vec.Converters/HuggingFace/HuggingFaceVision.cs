using Data2Vec.Architectures;
using Data2Vec.Converters.Layouts;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.HuggingFace;

/// <summary><c>Data2VecVisionModel</c> and <c>Data2VecVisionForImageClassification</c>.</summary>
internal static class HuggingFaceVision
{
    public const string Prefix = "data2vec_vision.";
    private const string Head = "classifier";
    private const string Layer = "encoder.layer.{i}";

    /// <summary>Reads a model.</summary>
    public static SourceModel Read(HuggingFaceFolder folder, ConversionOptions options)
    {
        string prefix = HuggingFaceModel.PrefixOf(folder.Weights, Prefix);
        int? classes = folder.Weights.Size($"{Head}.weight", 2, 0, Limits.Size);
        bool mean = folder.Config.Flag("use_mean_pooling", true);
        if (classes is not null && !mean)
        {
            throw folder.Config.Bad("use_mean_pooling", "is false; a classification head on the class token is not supported");
        }

        VisionConfig config = ReadConfig(folder, mean, LabelFile.For(classes, options.LabelsPath, folder.Config.Labels));
        CheckPresence(folder, prefix);
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return new SourceModel
        {
            Architecture = ModelArchitecture.Data2VecVision,
            Format = HuggingFaceModel.Format,
            Name = "data2vec-vision",
            Description = $"data2vec vision model, {head} (Hugging Face Data2VecVision)",
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            NeedsOneOf = ModelTensors.PositionBiases,
            Weights = folder.Weights,
            Names = Names(prefix),
            LeftOut = LeftOut(prefix, config, classes is not null),
        };
    }

    // transformers leaves out what its options do not ask for, whatever the weights hold.
    private static void CheckPresence(HuggingFaceFolder folder, string prefix)
    {
        const string Table = "relative_position_bias.relative_position_bias_table";
        Check("use_shared_relative_position_bias", folder.Config.Flag("use_shared_relative_position_bias", false), $"encoder.{Table}");
        Check("use_relative_position_bias", folder.Config.Flag("use_relative_position_bias", false), $"encoder.layer.0.attention.attention.{Table}");
        Check("layer_scale_init_value", folder.Config.Number("layer_scale_init_value", 0.1f) > 0, "encoder.layer.0.lambda_1");

        void Check(string option, bool asked, string tensor)
        {
            if (folder.Weights.Contains(prefix + tensor) != asked)
            {
                throw folder.Config.Bad(option, $"{(asked ? "asks for" : "asks for no")} {tensor}, and the weights have {(asked ? "none" : "one")}");
            }
        }
    }

    private static TensorNames Names(string prefix)
    {
        var names = new TensorNames(prefix)
        {
            { "patch_embedding", "embeddings.patch_embeddings.projection" },
            { "class_token", "embeddings.cls_token" },
            { "relative_position_bias.weight", "encoder.relative_position_bias.relative_position_bias_table" },
            { "encoder.{i}.attention.query", $"{Layer}.attention.attention.query" },
            { "encoder.{i}.attention.key", $"{Layer}.attention.attention.key" },
            { "encoder.{i}.attention.value", $"{Layer}.attention.attention.value" },
            { "encoder.{i}.attention.output", $"{Layer}.attention.output.dense" },
            { "encoder.{i}.attention_norm", $"{Layer}.layernorm_before" },
            { "encoder.{i}.attention_scale", $"{Layer}.lambda_1" },
            { "encoder.{i}.relative_position_bias.weight", $"{Layer}.attention.attention.relative_position_bias.relative_position_bias_table" },
            { "encoder.{i}.feed_forward.intermediate", $"{Layer}.intermediate.dense" },
            { "encoder.{i}.feed_forward.output", $"{Layer}.output.dense" },
            { "encoder.{i}.feed_forward_norm", $"{Layer}.layernorm_after" },
            { "encoder.{i}.feed_forward_scale", $"{Layer}.lambda_2" },
            { "encoder.norm", "layernorm" },
            { "classifier.norm", "pooler.layernorm" },
        };
        names.AddHead("classifier.output", Head);
        return names;
    }

    // The numbers of the relative positions follow from the grid; without a head the pooler's normalization is of no use.
    private static List<string> LeftOut(string prefix, VisionConfig config, bool hasHead)
    {
        const string Index = "relative_position_bias.relative_position_index";
        var names = new List<string> { $"{prefix}embeddings.mask_token", $"{prefix}encoder.{Index}" };
        names.AddRange(Enumerable.Range(0, config.Layers).Select(i => $"{prefix}encoder.layer.{i}.attention.attention.{Index}"));
        if (!hasHead)
        {
            names.Add($"{prefix}pooler.");
        }

        return names;
    }

    private static VisionConfig ReadConfig(HuggingFaceFolder folder, bool mean, IReadOnlyList<string>? labels)
    {
        HuggingFaceOptions config = folder.Config;
        config.Require("hidden_act", "gelu");
        config.Require("use_absolute_position_embeddings", false, false);
        int image = config.Integer("image_size", 224, 1, ImagePreprocessing.MaxSize);
        int patch = config.Integer("patch_size", 16, 1, image);
        if (image % patch != 0)
        {
            throw config.Bad("patch_size", $"is {patch}, which does not divide image_size, {image}");
        }

        if (config.Integer("num_channels", 3, 1, Limits.Size) != 3)
        {
            throw config.Bad("num_channels", "is not 3; only colour images are supported");
        }

        int hidden = config.Integer("hidden_size", 768, 1, Limits.Size);
        return new VisionConfig
        {
            Preprocessing = ReadPreprocessing(folder, image),
            ImageSize = image,
            PatchSize = patch,
            HiddenSize = hidden,
            Layers = config.Integer("num_hidden_layers", 12, 1, Limits.Layers),
            Heads = config.Divisor("num_attention_heads", 12, hidden),
            FeedForwardSize = config.Integer("intermediate_size", 3072, 1, Limits.Size),
            Epsilon = config.Number("layer_norm_eps", 1e-12f),
            HasFinalNorm = !mean,
            Labels = labels,
        };
    }

    private static ImagePreprocessing ReadPreprocessing(HuggingFaceFolder folder, int size)
    {
        const string Name = "preprocessor_config.json";
        if (folder.Options(Name) is not { } options)
        {
            return ImagePreprocessing.Squash(size, ImagePreprocessing.Half, ImagePreprocessing.Half);
        }

        ImagePreprocessing preprocessing = ImagePreprocessing.FromHuggingFace(options.Json);
        return preprocessing.CropSize == size
            ? preprocessing
            : throw new InvalidDataException($"{Name}: it makes images of {preprocessing.CropSize} x {preprocessing.CropSize} pixels, and the model takes {size} x {size}");
    }
}
