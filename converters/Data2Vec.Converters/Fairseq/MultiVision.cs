using Data2Vec.Architectures;
using Data2Vec.Converters.Layouts;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Fairseq;

/// <summary>data2vec 2.0 models of images, pretrained or with a classification head.</summary>
internal static class MultiVision
{
    public const string Modality = "IMAGE";

    /// <summary>A model, with or without a classification head.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="model">The options of the model itself.</param>
    /// <param name="prefix">What stands before its names in a fine-tuned one; nothing in a pretrained one.</param>
    /// <param name="options">What was given beside it.</param>
    public static SourceModel Read(FairseqCheckpoint checkpoint, FairseqOptions model, string prefix, ConversionOptions options)
    {
        string encoder = $"{prefix}modality_encoders.{Modality}.";
        FairseqOptions modality = MultiModel.Options(model, "image", extraTokens: 1);
        modality.Require("use_alibi_encoder", false, false);
        modality.Require("fixed_positions", true, true);
        (int hidden, int prenet, int layers, int heads, int feedForward, float epsilon) = MultiModel.Sizes(model, modality);
        if (modality.Integer("embed_dim", hidden, 1, Limits.Size) != hidden)
        {
            throw new InvalidDataException("the option embed_dim of the images is not the model's");
        }

        int? classes = prefix.Length > 0 ? checkpoint.Weights.RequireSize("head.weight", 2, 0, Limits.Size) : null;
        IReadOnlyList<string>? labels = LabelFile.For(classes, options.LabelsPath);
        (int image, int patch) = VisionModel.Grid(modality, "input_size", "in_chans");
        var config = new VisionConfig
        {
            Preprocessing = Preprocessing(image),
            ImageSize = image,
            PatchSize = patch,
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = feedForward,
            Epsilon = epsilon,
            Architecture = ModelArchitecture.Data2Vec2Vision,
            HasFinalNorm = false,
            Labels = labels,
        };
        var names = new TensorNames(encoder)
        {
            { "patch_embedding", "local_encoder.proj" },
            { "class_token", "extra_tokens" },
            { "position_embedding.weight", "fixed_positional_encoder.positions" },
            { "encoder.norm", "context_encoder.norm" },
        };
        MultiModel.AddBlocks(names, prefix, $"{encoder}context_encoder.", prenet, layers);
        names.AddHead("classifier.norm", "fc_norm");
        names.AddHead("classifier.output", "head");
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return new SourceModel
        {
            Format = FairseqCheckpoint.Format,
            Name = MultiModel.Pretrained,
            Description = $"data2vec 2.0 vision model, {head} (fairseq {checkpoint.ModelName})",
            Architecture = ModelArchitecture.Data2Vec2Vision,
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            Names = names,
            Weights = checkpoint.Weights,
            LeftOut = MultiModel.LeftOut(prefix, Modality),
            Teacher = MultiModel.Teacher(checkpoint, prefix),
            TeacherName = MultiModel.TeacherName(prefix, Modality, model, modality),
        };
    }

    // fairseq's evaluation brings the shorter side to 256 for 224 pixels and crops; above 224 it crops nothing off.
    private static ImagePreprocessing Preprocessing(int size)
    {
        const int Usual = 224;
        return ImagePreprocessing.ResizeThenCentreCrop(
            size <= Usual ? (int)(size / (Usual / 256.0)) : size, size, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation);
    }
}
