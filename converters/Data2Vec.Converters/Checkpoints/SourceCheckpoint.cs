using Data2Vec.Converters.HuggingFace;
using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.Onnx;

namespace Data2Vec.Converters.Checkpoints;

/// <summary>A checkpoint in one form for all layouts: normalized weights, and the options that came with them.</summary>
internal sealed record SourceCheckpoint
{
    /// <summary>Formats that name their models.</summary>
    public const string Fairseq = "fairseq", HuggingFace = "huggingface";

    /// <summary>The format of weights in an ONNX file, which are named as in PyTorch.</summary>
    public const string Onnx = "onnx";

    private const int MaxWrappers = 4;

    /// <summary>Keys under which training tools keep the weights, and, after those, their moving average.</summary>
    private static readonly string[] s_wrappers =
        ["model", "module", "state_dict", "model_state_dict", "model_state", "net", "weights", "model_ema", "ema", "state_dict_ema", "ema_state_dict"];

    /// <summary>Those of the moving average.</summary>
    private static readonly string[] s_averages = ["model_ema", "ema", "state_dict_ema", "ema_state_dict"];

    /// <summary>Keys of fairseq's options, of new checkpoints and of old ones.</summary>
    private static readonly string[] s_configurations = ["cfg", "args"];

    private SourceCheckpoint(Weights weights) => Weights = weights;

    public Weights Weights { get; init; }

    /// <summary>The key that held the weights, or null if they were not below a key.</summary>
    public string? Wrapper { get; private init; }

    /// <summary>Where the weights were, for descriptions.</summary>
    public string UnderWrapper => Wrapper is null ? "" : $", under '{Wrapper}'";

    /// <summary>The format, if it is one that names its models; otherwise null.</summary>
    public string? Format { get; private init; }

    /// <summary>The format's name of the encoder: fairseq's <c>_name</c> or <c>arch</c>, Hugging Face's <c>model_type</c>.</summary>
    public string? Model { get; private init; }

    /// <summary>What the encoder takes, if the format tells: <c>AUDIO</c>, <c>IMAGE</c> or <c>TEXT</c>.</summary>
    public string? Modality { get; private init; }

    /// <summary>The model with a head that fairseq put around the encoder, or null.</summary>
    public FairseqHead? Head { get; private init; }

    /// <summary>The name of the whole model in fairseq.</summary>
    public string? OuterModel => Head?.Model ?? Model;

    /// <summary>The encoder's options; of checkpoints without named models, the training script's arguments or the configuration, if any.</summary>
    public CheckpointOptions? Options { get; private init; }

    /// <summary>The options of the model with a head.</summary>
    public CheckpointOptions? HeadOptions { get; private init; }

    /// <summary>The options of fairseq's tasks: of fine-tuning first, then of pre-training.</summary>
    public IReadOnlyList<CheckpointOptions> Tasks { get; private init; } = [];

    /// <summary>The options of fairseq's criterion of fine-tuning, or null.</summary>
    public CheckpointOptions? Criterion { get; private init; }

    /// <summary>The file's dictionary, if the checkpoint is a pickle.</summary>
    public PickleDictionary? Root { get; private init; }

    /// <summary>The folder, if the checkpoint is one.</summary>
    public HuggingFaceFolder? Folder { get; private init; }

    /// <summary>What the graph of an ONNX file tells of the structure.</summary>
    public OnnxStructure Graph { get; private init; } = OnnxStructure.Unknown;

    /// <summary>The architecture whose head was left out, because it does not label the whole input; otherwise null.</summary>
    public string? LeftOutHead { get; private init; }

    /// <summary>What of the checkpoint is not used, in sentences. The copies of a checkpoint share the list.</summary>
    public List<string> Warnings { get; private init; } = [];

    /// <summary>The folder and the options of <c>config.json</c>, of a checkpoint that is such a folder.</summary>
    public (HuggingFaceFolder Folder, CheckpointOptions Config) InFolder => (Folder!, Options!);

    /// <summary>The options of the first task that has an option, or of the first task; null without tasks.</summary>
    public CheckpointOptions? TaskWith(string option) => Tasks.FirstOrDefault(task => task.Has(option)) ?? (Tasks.Count > 0 ? Tasks[0] : null);

    /// <summary>Weights without anything beside them.</summary>
    public static SourceCheckpoint FromWeights(Weights weights) => new(weights);

    /// <summary>What a Hugging Face folder holds.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or labels are given for a head that does not label whole inputs.</exception>
    public static SourceCheckpoint FromFolder(HuggingFaceFolder folder, ConversionOptions options)
    {
        string model = folder.Config.Text("model_type") ?? "";
        Layout? layout = Layout.All.FirstOrDefault(layout => layout.Format == HuggingFace && layout.Model == model);
        var checkpoint = new SourceCheckpoint(folder.Weights)
        {
            Format = model.Length == 0 && folder.Config.Has("architecture") ? Timm.Format : HuggingFace,
            Model = model,
            Options = folder.Config,
            Folder = folder,
        };
        if (layout is null)
        {
            return checkpoint;
        }

        (Weights weights, string? leftOut) = layout.HeadEnding is { } ending
            ? HuggingFaceHead.Keep(folder.Weights, folder.Config, layout.HeadedPrefix, ending, options, checkpoint.Warnings, layout.Outside)
            : (folder.Weights, null);
        weights = folder.OpenDense().Aggregate(weights.Without(layout.HeadedPrefix), (all, dense) => all.With(dense.Folder, dense.Weights));
        return checkpoint with { Weights = weights, LeftOutHead = leftOut };
    }

    /// <summary>The weights of an ONNX file without a <c>config.json</c>.</summary>
    /// <param name="file">The file.</param>
    /// <param name="warnings">What is known of the files beside it.</param>
    public static SourceCheckpoint FromOnnx(OnnxFile file, List<string> warnings) =>
        new(Weights.FromTensors(file.Tensors)) { Format = Onnx, Graph = file.Structure, Warnings = warnings };

    /// <summary>What a file of PyTorch holds.</summary>
    /// <exception cref="InvalidDataException">It is not a dictionary with weights, or its options are damaged.</exception>
    public static SourceCheckpoint FromPickle(object? root)
    {
        PickleDictionary entries = root as PickleDictionary
            ?? throw new InvalidDataException("the file holds no dictionary of tensors; save the model's state_dict()");
        (PickleDictionary weights, string? wrapper) = FindWeights(entries);
        CheckpointOptions? options = s_configurations.Reverse()
            .Select(key => CheckpointOptions.FromPickle(entries.TryGetValue(key, out object? value) ? value : null)).FirstOrDefault(group => group is not null);
        var checkpoint = new SourceCheckpoint(Weights.FromPickle(weights))
        {
            Root = entries,
            Wrapper = wrapper,
            Options = options,
            Tasks = options is null ? [] : [options],
        };
        if (wrapper is not null && s_averages.FirstOrDefault(key => key != wrapper && entries.TryGet(key, out PickleDictionary? average) && HasTensors(average)) is { } other)
        {
            checkpoint.Warnings.Add($"the checkpoint has two models; that of '{wrapper}' is used, and that of '{other}' is not");
        }

        return wrapper is null ? checkpoint : WithFairseq(checkpoint, FairseqModel(entries, "cfg") ?? FairseqModel(entries, "args"));
    }

    private static SourceCheckpoint WithFairseq(
        SourceCheckpoint checkpoint, (CheckpointOptions Model, CheckpointOptions Task, string? Name)? fairseq)
    {
        if (fairseq is not ({ } model, { } task, { } name))
        {
            return checkpoint;
        }

        FairseqHead? head = FairseqHead.Find(name);
        (CheckpointOptions Model, CheckpointOptions Task, string? Name) inner = head is null
            ? (model, task, name)
            : Split(model.Group(head.Option))
                ?? throw new InvalidDataException($"the option {head.Option}, which describes the model that was fine-tuned, is missing from the checkpoint");
        return checkpoint with
        {
            Weights = checkpoint.Weights.Without(head?.Prefix ?? ""),
            Format = Fairseq,
            Model = inner.Name ?? "unknown",
            Modality = head?.Modality ?? inner.Model.Text("supported_modality"),
            Head = head,
            Options = inner.Model,
            HeadOptions = head is null ? null : model,
            Tasks = head is null ? [task] : [task, inner.Task],
            Criterion = Group(checkpoint.Root!, "criterion"),
        };
    }

    private static (CheckpointOptions Model, CheckpointOptions Task, string? Name)? FairseqModel(PickleDictionary root, string key) =>
        Split(CheckpointOptions.FromPickle(root.TryGetValue(key, out object? options) ? options : null));

    private static CheckpointOptions? Group(PickleDictionary root, string part) => s_configurations
        .Select(key => CheckpointOptions.FromPickle(root.TryGetValue(key, out object? options) ? options : null))
        .FirstOrDefault(options => options is not null) is { } all ? all.Group(part) ?? all : null;

    // New checkpoints have a group of options for each part, old ones a single group for all.
    private static (CheckpointOptions Model, CheckpointOptions Task, string? Name)? Split(CheckpointOptions? options)
    {
        if (options is null)
        {
            return null;
        }

        CheckpointOptions model = options.Group("model") ?? options;
        return (model, options.Group("task") ?? options, model.Text("_name") ?? model.Text("arch"));
    }

    private static (PickleDictionary Weights, string? Wrapper) FindWeights(PickleDictionary root)
    {
        var seen = new HashSet<PickleDictionary>(); // A hostile pickle's dictionaries may contain themselves.
        foreach (string wrapper in s_wrappers)
        {
            if (Inner(root, wrapper, 0) is { } inner)
            {
                return (inner, wrapper);
            }
        }

        return root.TryGet(s_wrappers[0], out PickleDictionary? empty) ? (empty, s_wrappers[0]) : (root, null);

        PickleDictionary? Inner(PickleDictionary outer, string wrapper, int depth) =>
            depth < MaxWrappers && outer.TryGet(wrapper, out PickleDictionary? group) && seen.Add(group)
                ? s_wrappers.Select(further => Inner(group, further, depth + 1)).FirstOrDefault(found => found is not null)
                    ?? (HasTensors(group) ? group : null)
                : null;
    }

    private static bool HasTensors(PickleDictionary entries) => entries.Values.Any(value => value is PyTorchTensor);
}
