using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Fairseq;

/// <summary>What fairseq's trainer saves: the options under <c>cfg</c> (old: <c>args</c>), the weights under <c>model</c>.</summary>
internal sealed class FairseqCheckpoint
{
    private FairseqCheckpoint(PickleDictionary root, PickleDictionary weights, FairseqOptions model, FairseqOptions task, string name) =>
        (Root, Weights, Model, Task, ModelName) = (root, weights, model, task, name);

    /// <summary>All that was saved.</summary>
    public PickleDictionary Root { get; }

    /// <summary>The weights by name.</summary>
    public PickleDictionary Weights { get; }

    /// <summary>The model's options.</summary>
    public FairseqOptions Model { get; }

    /// <summary>The task's options.</summary>
    public FairseqOptions Task { get; }

    /// <summary>The name that the model is registered by, such as <c>data2vec_audio</c>.</summary>
    public string ModelName { get; }

    /// <summary>Reads what a file holds.</summary>
    /// <exception cref="InvalidDataException">It is not a fairseq checkpoint.</exception>
    public static FairseqCheckpoint Read(object? root)
    {
        if (root is not PickleDictionary checkpoint
            || !checkpoint.TryGet<PickleDictionary>("model", out PickleDictionary? weights)
            || OptionsOf(FairseqOptions.Of(checkpoint)) is not { } options)
            throw new InvalidDataException(
                "not a fairseq checkpoint, which has 'cfg' or 'args' and 'model'; other layouts are not supported yet");
        return new FairseqCheckpoint(checkpoint, weights, options.Model, options.Task, options.Name);
    }

    /// <summary>The options of the model inside a fine-tuned one.</summary>
    /// <param name="option">The option that holds them.</param>
    /// <exception cref="InvalidDataException">There are none.</exception>
    public (FairseqOptions Model, FairseqOptions Task, string Name) FineTuned(string option) =>
        Split(Model.Group(option))
        ?? throw new InvalidDataException(
            $"the option {option}, which describes the model that was fine-tuned, is missing from the checkpoint");

    /// <summary>The size of a dimension of a tensor that no option gives; null where there is no such tensor.</summary>
    /// <exception cref="InvalidDataException">It has not this many dimensions, or is too large.</exception>
    public int? Size(string tensor, int dimensions, int dimension, int most)
    {
        if (!Weights.TryGetValue(tensor, out object? value))
            return null;
        IReadOnlyList<long> shape = PyTorchTensor.Require(value, tensor).Shape;
        return shape.Count == dimensions && shape[dimension] >= 1 && shape[dimension] <= most
            ? (int)shape[dimension]
            : throw new InvalidDataException($"{tensor} has the shape [{string.Join(", ", shape)}], which no model has");
    }

    private static (FairseqOptions Model, FairseqOptions Task, string Name)? OptionsOf(FairseqOptions? checkpoint) =>
        Split(checkpoint?.Group("cfg")) ?? Split(checkpoint?.Group("args"));

    // New checkpoints have a group of options for each part, old ones a single group for all.
    private static (FairseqOptions Model, FairseqOptions Task, string Name)? Split(FairseqOptions? options)
    {
        if (options is null)
            return null;
        FairseqOptions model = options.Group("model") ?? options;
        FairseqOptions task = options.Group("task") ?? options;
        return (model, task, model.Text("_name") ?? model.Text("arch") ?? "unknown");
    }
}
