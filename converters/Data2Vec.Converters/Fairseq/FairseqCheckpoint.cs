using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Fairseq;

/// <summary>What fairseq's trainer saves: the options under <c>cfg</c> (old: <c>args</c>), the weights under <c>model</c>.</summary>
internal sealed class FairseqCheckpoint
{
    /// <summary>The layout's name.</summary>
    public const string Format = "fairseq";

    private FairseqCheckpoint(PickleDictionary root, PickledWeights weights, FairseqOptions model, FairseqOptions task, string name) =>
        (Root, Weights, Model, Task, ModelName) = (root, weights, model, task, name);

    /// <summary>All that was saved.</summary>
    public PickleDictionary Root { get; }

    /// <summary>The weights by name.</summary>
    public PickledWeights Weights { get; }

    /// <summary>The model's options.</summary>
    public FairseqOptions Model { get; }

    /// <summary>The task's options.</summary>
    public FairseqOptions Task { get; }

    /// <summary>The name that the model is registered by, such as <c>data2vec_audio</c>.</summary>
    public string ModelName { get; }

    /// <summary>Reads what a file holds; null where it is not a fairseq checkpoint.</summary>
    /// <exception cref="InvalidDataException">It is one, and its options are broken.</exception>
    public static FairseqCheckpoint? TryRead(PickleDictionary root) =>
        root.TryGet("model", out PickleDictionary? weights) && weights is not null && OptionsOf(FairseqOptions.Of(root)) is { } options
            ? new FairseqCheckpoint(root, new PickledWeights(weights), options.Model, options.Task, options.Name)
            : null;

    /// <summary>The options of the model inside a fine-tuned one.</summary>
    /// <param name="option">The option that holds them.</param>
    /// <exception cref="InvalidDataException">There are none.</exception>
    public (FairseqOptions Model, FairseqOptions Task, string Name) FineTuned(string option) =>
        Split(Model.Group(option))
        ?? throw new InvalidDataException(
            $"the option {option}, which describes the model that was fine-tuned, is missing from the checkpoint");

    private static (FairseqOptions Model, FairseqOptions Task, string Name)? OptionsOf(FairseqOptions? checkpoint) =>
        Split(checkpoint?.Group("cfg")) ?? Split(checkpoint?.Group("args"));

    // New checkpoints have a group of options for each part, old ones a single group for all.
    private static (FairseqOptions Model, FairseqOptions Task, string Name)? Split(FairseqOptions? options)
    {
        if (options is null)
        {
            return null;
        }

        FairseqOptions model = options.Group("model") ?? options;
        FairseqOptions task = options.Group("task") ?? options;
        return (model, task, model.Text("_name") ?? model.Text("arch") ?? "unknown");
    }
}
