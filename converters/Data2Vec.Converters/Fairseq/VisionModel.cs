using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Fairseq;

/// <summary>Data2vec vision models in fairseq checkpoints, pretrained or with an image classification head.</summary>
internal static class VisionModel
{
    public const string Pretrained = "data2vec_vision";
    public const string FineTuned = "data2vec_image_classification";
    private const string FineTunedPrefix = "model.";
    private const int MaxSize = 1 << 16;
    private const int MaxLayers = 1_000;

    // Only pre-training uses these: what masked patches are replaced by, and the regression head. The numbers of the relative
    // positions follow from the grid.
    private static readonly string[] s_leftOut = ["mask_emb", "final_proj.", "encoder.rel_pos_bias.relative_position_index"];

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
                throw new InvalidDataException($"a classification model around {ModelNames.Describe(name)}");
            tasks = [checkpoint.Task, task];
        }

        string prefix = fineTuned ? FineTunedPrefix : "";
        int? classes = fineTuned
            ? checkpoint.Size("head.weight", 2, 0, MaxSize) ?? throw new InvalidDataException("head.weight is missing")
            : null;
        VisionConfig config = ReadConfig(model, tasks, LabelFile.For(classes, options.LabelsPath));
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return new SourceModel
        {
            Architecture = VisionConfig.Architecture,
            Name = Pretrained,
            Description = $"data2vec vision model, {head} (fairseq {checkpoint.ModelName})",
            Config = config.ToJson(),
            Weights = checkpoint.Weights,
            Tensors = Tensors(config, prefix, name => checkpoint.Weights.ContainsKey(name)),
            LeftOut =
            [
                .. s_leftOut.Select(name => prefix + name),
                .. Enumerable.Range(0, config.Layers).Select(i => $"{prefix}encoder.blocks.{i}.attn.relative_position_index"),
            ],
            TeacherKey = prefix + "_ema",
            TeacherPrefix = prefix + "encoder.",
        };
    }

    private static TensorTable Tensors(VisionConfig config, string prefix, Func<string, bool> exists)
    {
        int hidden = config.HiddenSize, patch = config.PatchSize;
        var tensors = new TensorTable
        {
            new("patch_embedding.weight", $"{prefix}patch_embed.conv.weight", [hidden, config.PatchLength])
            {
                SourceShape = [hidden, 3, patch, patch],
            },
            new("patch_embedding.bias", $"{prefix}patch_embed.conv.bias", [hidden]),
            new("class_token", $"{prefix}cls_emb", [hidden]) { SourceShape = [1, 1, hidden] },
        };
        AddBias("relative_position_bias", $"{prefix}encoder.rel_pos_bias.relative_position_bias_table");
        for (int i = 0; i < config.Layers; i++)
            AddBlock($"encoder.{i}", $"{prefix}encoder.blocks.{i}");
        if (config.FinalNorm)
            tensors.AddNorm("encoder.norm", $"{prefix}encoder.norm", hidden);
        if (config.Labels is not null)
        {
            tensors.AddNorm("classifier.norm", "fc_norm", hidden);
            tensors.AddLinear("classifier.output", "head", hidden, config.Labels.Count);
        }

        return tensors;

        void AddBlock(string name, string source)
        {
            AddQueryKeyValue($"{name}.attention", $"{source}.attn");
            tensors.AddLinear($"{name}.attention.output", $"{source}.attn.proj", hidden, hidden);
            tensors.AddNorm($"{name}.attention_norm", $"{source}.norm1", hidden);
            AddScale($"{name}.attention_scale", $"{source}.gamma_1");
            AddBias($"{name}.relative_position_bias", $"{source}.attn.relative_position_bias_table");
            tensors.AddLinear($"{name}.feed_forward.intermediate", $"{source}.mlp.0", hidden, config.FeedForwardSize);
            tensors.AddLinear($"{name}.feed_forward.output", $"{source}.mlp.2", config.FeedForwardSize, hidden);
            tensors.AddNorm($"{name}.feed_forward_norm", $"{source}.norm2", hidden);
            AddScale($"{name}.feed_forward_scale", $"{source}.gamma_2");
        }

        // One matrix for all three, the keys without bias.
        void AddQueryKeyValue(string name, string source)
        {
            (string Part, string? Bias)[] parts = [("query", "q_bias"), ("key", null), ("value", "v_bias")];
            for (int i = 0; i < parts.Length; i++)
            {
                tensors.Add(new($"{name}.{parts[i].Part}.weight", $"{source}.qkv.weight", [hidden, hidden])
                {
                    SourceShape = [3 * hidden, hidden],
                    Start = (long)i * hidden * hidden,
                });
                if (parts[i].Bias is { } bias)
                    tensors.Add(new($"{name}.{parts[i].Part}.bias", $"{source}.{bias}", [hidden]));
            }
        }

        void AddScale(string name, string source)
        {
            if (exists(source))
                tensors.Add(new(name, source, [hidden]));
        }

        void AddBias(string name, string source)
        {
            if (exists(source))
                tensors.Add(new($"{name}.weight", source, [config.RelativePositions, config.Heads]) { Use = TensorUse.Values });
        }
    }

    private static VisionConfig ReadConfig(FairseqOptions model, FairseqOptions[] tasks, IReadOnlyList<string>? labels)
    {
        int hidden = model.Integer("embed_dim", 768, 1, MaxSize);
        int image = model.Integer("image_size", 224, 1, ImagePreprocessing.MaxSize);
        int patch = model.Integer("patch_size", 16, 1, image);
        if (image % patch != 0)
            throw new InvalidDataException($"the option patch_size is {patch}, which does not divide image_size, {image}");
        if (model.Integer("in_channels", 3, 1, MaxSize) != 3)
            throw new InvalidDataException("the option in_channels is not 3; only colour images are supported");
        double feedForward = Math.Floor(hidden * model.Number("mlp_ratio", 4));
        if (feedForward is < 1 or > MaxSize)
            throw new InvalidDataException($"the option mlp_ratio gives a feed-forward size of {feedForward}; it must be from 1 to {MaxSize}");
        return new VisionConfig
        {
            Preprocessing = ReadPreprocessing(image, tasks),
            ImageSize = image,
            PatchSize = patch,
            HiddenSize = hidden,
            Layers = model.Integer("depth", 12, 1, MaxLayers),
            Heads = model.Divisor("num_heads", 12, hidden, "embed_dim"),
            FeedForwardSize = (int)feedForward,
            FinalNorm = labels is null,
            PoolSkipsFirstPatch = labels is not null,
            Labels = labels,
        };
    }

    // fairseq's image tasks bring the shorter side to the size over 0.875 before they crop.
    private static ImagePreprocessing ReadPreprocessing(int size, FairseqOptions[] tasks)
    {
        const double CroppedShare = 0.875;
        int resized = (int)(size / CroppedShare);
        if (resized > ImagePreprocessing.MaxSize)
            throw new InvalidDataException($"the option image_size is {size}, which is too large");
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
