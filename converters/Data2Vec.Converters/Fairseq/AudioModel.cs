using Data2Vec.Audio;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Kernels;

namespace Data2Vec.Converters.Fairseq;

/// <summary>A data2vec speech model in a fairseq checkpoint, pretrained or with a CTC head.</summary>
internal sealed class AudioModel
{
    private const string Pretrained = "data2vec_audio";
    private const string FineTuned = "wav2vec_ctc";
    private const int MaxSize = 1 << 16;
    private const int MaxLayers = 1_000;
    private const int MaxComplaints = 10;

    private readonly PickleDictionary _weights;

    private AudioModel(PickleDictionary weights, AudioConfig config, string prefix, string description) =>
        (_weights, Config, EncoderPrefix, Description) = (weights, config, prefix, description);

    /// <summary>The structure.</summary>
    public AudioConfig Config { get; }

    /// <summary>What the checkpoint puts before the names of the encoder's tensors.</summary>
    public string EncoderPrefix { get; }

    /// <summary>What the checkpoint was recognised as.</summary>
    public string Description { get; }

    /// <summary>Recognises the model of a checkpoint and reads its structure.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="labels">The labels of the CTC head, or null to use those in the checkpoint.</param>
    /// <exception cref="InvalidDataException">It is another model, or one of a structure that is not supported.</exception>
    public static AudioModel Read(FairseqCheckpoint checkpoint, IReadOnlyList<string>? labels)
    {
        switch (checkpoint.ModelName)
        {
            case Pretrained when labels is not null:
                throw new InvalidDataException("a pretrained model has no CTC head, so that a dictionary is of no use to it");
            case Pretrained:
                return new AudioModel(
                    checkpoint.Weights,
                    ReadConfig(checkpoint.Model, checkpoint.Task.Boolean("normalize"), null),
                    "",
                    "data2vec speech model, pretrained (fairseq data2vec_audio)");
            case FineTuned:
                (FairseqOptions model, FairseqOptions task, string name) = checkpoint.FineTuned();
                if (name != Pretrained)
                    throw new InvalidDataException($"a CTC model around {ModelNames.Describe(name)}");
                labels ??= FairseqDictionary.FromCheckpoint(checkpoint.Root)
                    ?? throw new InvalidDataException(
                        "the labels of the CTC head are missing from the checkpoint; give its dictionary (dict.ltr.txt)");
                CheckLabels(checkpoint.Weights, labels);
                bool? normalize = checkpoint.Task.Boolean("normalize") ?? task.Boolean("normalize");
                return new AudioModel(
                    checkpoint.Weights,
                    ReadConfig(model, normalize, labels),
                    AudioTensors.FineTunedPrefix,
                    $"data2vec speech model with a CTC head of {labels.Count} labels (fairseq wav2vec_ctc)");
            default:
                throw new InvalidDataException(ModelNames.Describe(checkpoint.ModelName));
        }
    }

    /// <summary>Finds the tensors of a model file in the checkpoint.</summary>
    /// <param name="mappings">The tensors wanted.</param>
    /// <param name="teacher">Whether to take the transformer's from the EMA teacher.</param>
    /// <returns>The tensors by their names in the model file.</returns>
    /// <exception cref="InvalidDataException">Tensors are missing, unknown or of another shape; the message lists them.</exception>
    public Dictionary<string, PyTorchTensor> Resolve(IReadOnlyList<TensorMapping> mappings, bool teacher)
    {
        PickleDictionary? teacherWeights = null;
        if (teacher && !_weights.TryGet<PickleDictionary>(EncoderPrefix + FairseqCheckpoint.TeacherKey, out teacherWeights))
            throw new InvalidDataException(
                "the checkpoint has no teacher (_ema), which only pretrained checkpoints have; convert it without");

        var complaints = new List<string>();
        var tensors = new Dictionary<string, PyTorchTensor>(StringComparer.Ordinal);
        string ofTransformer = EncoderPrefix + "encoder.";
        foreach (TensorMapping mapping in mappings)
        {
            PickleDictionary weights = _weights;
            string key = mapping.Source;
            string label = key;
            if (teacherWeights is not null && key.StartsWith(ofTransformer, StringComparison.Ordinal))
            {
                weights = teacherWeights;
                key = key[ofTransformer.Length..];
                label = $"{FairseqCheckpoint.TeacherKey}.{key}";
            }

            if (!weights.TryGetValue(key, out object? value))
            {
                complaints.Add($"{label} is missing");
                continue;
            }

            PyTorchTensor tensor = PyTorchTensor.Require(value, label);
            if (Complaint(tensor, mapping) is { } complaint)
                complaints.Add($"{label} {complaint}");
            tensors.Add(mapping.Name, tensor);
        }

        var known = mappings.Select(mapping => mapping.Source).ToHashSet(StringComparer.Ordinal);
        foreach (object? key in _weights.Keys)
        {
            if (key is not string name)
                complaints.Add("a name is not a string");
            else if (!known.Contains(name) && !AudioTensors.IsLeftOut(name, EncoderPrefix))
                complaints.Add($"{PickleText.Quote(name)} is unknown");
        }

        if (complaints.Count > 0)
        {
            string more = complaints.Count > MaxComplaints ? $"; and {complaints.Count - MaxComplaints} more" : "";
            throw new InvalidDataException(
                $"its tensors are not those of its configuration: {string.Join("; ", complaints.Take(MaxComplaints))}{more}");
        }

        return tensors;
    }

    private static string? Complaint(PyTorchTensor tensor, TensorMapping mapping)
    {
        if (!tensor.Shape.SequenceEqual(mapping.Shape.Select(size => (long)size)))
            return $"has the shape [{string.Join(", ", tensor.Shape)}] instead of [{string.Join(", ", mapping.Shape)}]";
        if (tensor.Type is not (CheckpointType.F64 or CheckpointType.F32 or CheckpointType.F16 or CheckpointType.BF16))
            return $"holds {tensor.Type} instead of floating-point numbers";

        // A few bytes could otherwise stand for a model of any size.
        return tensor.Shape.Zip(tensor.Strides).Any(dimension => dimension is { First: > 1, Second: 0 })
            ? "repeats its numbers, which no saved model does"
            : null;
    }

    private static void CheckLabels(PickleDictionary weights, IReadOnlyList<string> labels)
    {
        const string Name = AudioTensors.CtcHead + ".bias";
        if (weights.TryGetValue(Name, out object? value)
            && PyTorchTensor.Require(value, Name) is { Shape: [long outputs] } && outputs != labels.Count)
            throw new InvalidDataException(
                $"the dictionary has {labels.Count} labels, the four special ones included, and the CTC head {outputs} outputs");
    }

    private static AudioConfig ReadConfig(FairseqOptions options, bool? normalize, IReadOnlyList<string>? labels)
    {
        RequireText(options, "extractor_mode", "default", "layer_norm");
        RequireText(options, "activation_fn", "gelu", "gelu");
        RequireText(options, "layer_type", "transformer", "transformer");
        RequireText(options, "attn_type", "", "");
        RequireFalse(options, "conv_bias");
        RequireFalse(options, "layer_norm_first");

        int hidden = options.Integer("encoder_embed_dim", 768, 1, MaxSize);
        int heads = options.Integer("encoder_attention_heads", 12, 1, MaxSize);
        int groups = options.Integer("conv_pos_groups", 16, 1, MaxSize);
        int depth = options.Integer("pos_conv_depth", 1, 1, MaxLayers);
        int kernel = Math.Max(3, options.Integer("conv_pos", 128, 1, MaxSize) / depth);
        RequireDivisor(hidden, "encoder_attention_heads", heads);
        RequireDivisor(hidden, "conv_pos_groups", groups);
        if (depth < 2)
            throw new InvalidDataException(
                "the option pos_conv_depth is 1; a single positional convolution with weight normalization is not supported");
        if (kernel % 2 == 0)
            throw new InvalidDataException(
                $"the options conv_pos and pos_conv_depth give a kernel of {kernel}; even kernels are not supported");

        string layers = options.Text("conv_feature_layers")
            ?? throw new InvalidDataException("the option conv_feature_layers is missing");
        int channels = 1;
        var extractor = new List<Conv1dShape>();
        foreach ((int outputs, int width, int stride) in ConvolutionList.Parse(layers))
        {
            extractor.Add(new Conv1dShape(channels, outputs, width, stride));
            channels = outputs;
        }

        return new AudioConfig
        {
            FeatureExtractor = extractor,
            PositionalConvolution =
                Enumerable.Repeat(new Conv1dShape(hidden, hidden, kernel, 1, kernel / 2, groups), depth).ToArray(),
            HiddenSize = hidden,
            Layers = options.Integer("encoder_layers", 12, 1, MaxLayers),
            Heads = heads,
            FeedForwardSize = options.Integer("encoder_ffn_embed_dim", 3072, 1, MaxSize),
            Normalize = normalize ?? throw new InvalidDataException("the option normalize of the task is missing"),
            Labels = labels,
        };
    }

    private static void RequireText(FairseqOptions options, string name, string whenMissing, string wanted)
    {
        string value = options.Text(name) ?? whenMissing;
        if (value != wanted)
            throw new InvalidDataException(
                $"the option {name} is '{PickleText.Quote(value)}'; only '{wanted}' is supported");
    }

    private static void RequireFalse(FairseqOptions options, string name)
    {
        if (options.Boolean(name) == true)
            throw new InvalidDataException($"the option {name} is true; only false is supported");
    }

    private static void RequireDivisor(int hidden, string name, int value)
    {
        if (hidden % value != 0)
            throw new InvalidDataException($"the option {name} is {value}, which does not divide encoder_embed_dim, {hidden}");
    }
}
