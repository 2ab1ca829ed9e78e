using Data2Vec.Architectures;
using Data2Vec.Converters.Layouts;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Fairseq;

/// <summary>Data2vec vision models in fairseq checkpoints, pretrained or with an image classification head.</summary>
internal static class VisionModel
{
    public const string Pretrained = "data2vec_vision";
    public const string FineTuned = "data2vec_image_classification";
    private const string FineTunedPrefix = "model.";
    private const string TeacherKey = "_ema";

    // Only pre-training uses these: what masked patches are replaced by, the regression head, and the teacher. The numbers of
    // the relative positions follow from the grid.
    private static readonly string[] s_leftOut = ["mask_emb", "final_proj.", "encoder.rel_pos_bias.relative_position_index", TeacherKey];

    /// <summary>Reads the structure of a vision model.</summary>
    /// <param name="checkpoint">A checkpoint of <see cref="Pretrained"/> or <see cref="FineTuned"/>.</param>
    /// <param name="options">What was given beside it.</param>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static SourceModel Read(FairseqCheckpoint checkpoint, ConversionOptions options)
    {
        bool fineTuned = checkpoint.ModelName == FineTuned;
        FairseqOptions model = checkpoint.Model;
        FairseqOptions[] tasks = [checkpoint.Task];
        if (fineTuned)
        {
            (model, FairseqOptions task, string name) = checkpoint.FineTuned("pretrained_model_args");
            if (name != Pretrained)
            {
                throw new InvalidDataException($"a classification model around {ModelNames.Describe(name)}");
            }

            tasks = [checkpoint.Task, task];
        }

        string prefix = fineTuned ? FineTunedPrefix : "";
        int? classes = fineTuned
            ? checkpoint.Weights.RequireSize("head.weight", 2, 0, Limits.Size)
            : null;
        VisionConfig config = ReadConfig(model, tasks, LabelFile.For(classes, options.LabelsPath));
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return new SourceModel
        {
            Architecture = ModelArchitecture.Data2VecVision,
            Format = FairseqCheckpoint.Format,
            Name = Pretrained,
            Description = $"data2vec vision model, {head} (fairseq {checkpoint.ModelName})",
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            NeedsOneOf = ModelTensors.PositionBiases,
            Weights = checkpoint.Weights,
            Names = Names(prefix),
            LeftOut =
            [
                .. s_leftOut.Select(name => prefix + name),
                .. Enumerable.Range(0, config.Layers).Select(i => $"{prefix}encoder.blocks.{i}.attn.relative_position_index"),
            ],
            Teacher = checkpoint.Weights.Group(prefix + TeacherKey),
            TeacherName = SourceModel.WithoutPrefix(prefix + "encoder."),
        };
    }

    private static TensorNames Names(string prefix)
    {
        var names = new TensorNames(prefix)
        {
            { "patch_embedding", "patch_embed.conv" },
            { "class_token", "cls_emb" },
            { "relative_position_bias.weight", "encoder.rel_pos_bias.relative_position_bias_table" },
            { "encoder.{i}.feed_forward.intermediate", "encoder.blocks.{i}.mlp.0" },
            { "encoder.{i}.feed_forward.output", "encoder.blocks.{i}.mlp.2" },
            { "encoder.norm", "encoder.norm" },
        };
        BeitBlockNames.AddTo(names, "encoder.blocks.{i}");
        names.AddHead("classifier.norm", "fc_norm");
        names.AddHead("classifier.output", "head");
        return names;
    }

    private static VisionConfig ReadConfig(FairseqOptions model, FairseqOptions[] tasks, IReadOnlyList<string>? labels)
    {
        int hidden = model.Integer("embed_dim", 768, 1, Limits.Size);
        (int image, int patch) = Grid(model, "image_size", "in_channels");
        return new VisionConfig
        {
            Preprocessing = ReadPreprocessing(image, tasks),
            ImageSize = image,
            PatchSize = patch,
            HiddenSize = hidden,
            Layers = model.Integer("depth", 12, 1, Limits.Layers),
            Heads = model.Divisor("num_heads", 12, hidden, "embed_dim"),
            FeedForwardSize = model.FeedForwardSize(hidden),
            HasFinalNorm = labels is null,
            PoolSkipsFirstPatch = labels is not null,
            Labels = labels,
        };
    }

    /// <summary>The sides of the image and of a patch.</summary>
    /// <param name="options">Those of the model.</param>
    /// <param name="sizeName">The option of the image's side.</param>
    /// <param name="channelsName">The option of the channels.</param>
    public static (int Image, int Patch) Grid(FairseqOptions options, string sizeName, string channelsName)
    {
        int image = options.Integer(sizeName, 224, 1, ImagePreprocessing.MaxSize);
        int patch = options.Integer("patch_size", 16, 1, image);
        if (image % patch != 0)
        {
            throw new InvalidDataException($"the option patch_size is {patch}, which does not divide {sizeName}, {image}");
        }

        return options.Integer(channelsName, 3, 1, Limits.Size) == 3
            ? (image, patch)
            : throw new InvalidDataException($"the option {channelsName} is not 3; only colour images are supported");
    }

    // fairseq's image tasks bring the shorter side to the size over 0.875 before they crop.
    private static ImagePreprocessing ReadPreprocessing(int size, FairseqOptions[] tasks)
    {
        const double CroppedShare = 0.875;
        int resized = (int)(size / CroppedShare);
        if (resized > ImagePreprocessing.MaxSize)
        {
            throw new InvalidDataException($"the option image_size is {size}, which is too large");
        }

        try
        {
            return ImagePreprocessing.ResizeThenCentreCrop(
                resized,
                size,
                Channels("normalization_mean") ?? ImagePreprocessing.ImageNetMean,
                Channels("normalization_std") ?? ImagePreprocessing.ImageNetStandardDeviation);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"the options normalization_mean and normalization_std: {error.Message}", error);
        }

        ChannelValues? Channels(string name) =>
            tasks.Select(task => task.Numbers(name, 3)).FirstOrDefault(values => values is not null) is { } values
                ? new ChannelValues(values[0], values[1], values[2])
                : null;
    }
}
