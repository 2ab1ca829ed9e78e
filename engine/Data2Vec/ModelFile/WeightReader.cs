using Data2Vec.Kernels;

namespace Data2Vec.ModelFile;

/// <summary>Hands a model file's tensors to a backend, by name; blocks of a model pass on a longer prefix.</summary>
internal sealed class WeightReader(D2vFile file, WeightStore store, string prefix = "")
{
    /// <summary>The same file, with names that begin with <paramref name="name"/>.</summary>
    public WeightReader In(string name) => new(file, store, $"{prefix}{name}.");

    /// <summary>The same file, with names that begin with a number.</summary>
    public WeightReader In(int index) => In(index.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <inheritdoc cref="WeightStore.PreferredConvolutionRows"/>
    public int PreferredConvolutionRows => store.PreferredConvolutionRows;

    /// <summary>Whether the file has a tensor of this name.</summary>
    public bool Has(string name) => file.Tensors.ContainsKey(prefix + name);

    /// <summary>The shape of a tensor.</summary>
    public IReadOnlyList<int> Shape(string name) => file.Tensor(prefix + name).Shape;

    /// <param name="name">Of the layer.</param>
    /// <param name="inputs">Features of an input row.</param>
    /// <param name="outputs">Features of an output row.</param>
    /// <param name="scale">The tensor that multiplies each output, where the file has one.</param>
    public LinearWeights Linear(string name, int inputs, int outputs, string? scale = null) => store.Linear(
        [(Tensor($"{name}.weight", outputs, inputs), Tensor($"{name}.bias", outputs))],
        scale is null ? null : Optional(scale, outputs));

    /// <summary>Several layers with the same input as one.</summary>
    public LinearWeights Linear(ReadOnlySpan<string> names, int inputs, int outputs)
    {
        var parts = new (WeightData, WeightData?)[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            parts[i] = (Tensor($"{names[i]}.weight", outputs, inputs), Optional($"{names[i]}.bias", outputs));
        }

        return store.Linear(parts);
    }

    public Conv1dWeights Conv1d(string name, Conv1dShape shape) => store.Conv1d(
        Grouped($"{name}.weight", shape.Groups, shape.OutputChannels, shape.InputChannels / shape.Groups, shape.Kernel),
        Optional($"{name}.bias", shape.OutputChannels),
        shape);

    public Conv2dWeights Conv2d(string name, Conv2dShape shape) => store.Conv2d(
        Tensor($"{name}.weight", shape.OutputChannels, shape.InputChannels, shape.Kernel, shape.Kernel),
        Tensor($"{name}.bias", shape.OutputChannels),
        shape);

    public NormWeights Norm(string name, int size, float epsilon) =>
        store.Norm(Tensor($"{name}.weight", size), Tensor($"{name}.bias", size), size, epsilon);

    /// <summary>A normalization without gain and bias.</summary>
    public NormWeights PlainNorm(int size, float epsilon) => store.Norm(null, null, size, epsilon);

    /// <summary>A table of vectors; it must be stored by rows.</summary>
    public EmbeddingWeights Embedding(string name, int rows, int columns) =>
        store.Embedding(ByRows($"{name}.weight", rows, columns));

    /// <summary>All numbers of a tensor that is stored by rows.</summary>
    public float[] Values(string name, params ReadOnlySpan<int> shape) => ByRows(name, shape).ToArray();

    /// <summary>Numbers that every inference reads, <c>[rows, columns]</c>.</summary>
    public Tensor Constant(ReadOnlySpan<float> values, int rows, int columns) => store.Constant(values, rows, columns);

    private WeightData ByRows(string name, params ReadOnlySpan<int> shape)
    {
        WeightData data = Tensor(name, shape);
        return data.Layout == WeightLayout.Rows
            ? data
            : throw new InvalidDataException($"{file.Path}: tensor '{prefix}{name}' is not stored by rows");
    }

    private WeightData? Optional(string name, params ReadOnlySpan<int> shape) =>
        Has(name) ? Tensor(name, shape) : null;

    private WeightData Tensor(string name, params ReadOnlySpan<int> shape) => Grouped(name, 1, shape);

    private WeightData Grouped(string name, int groups, params ReadOnlySpan<int> shape)
    {
        TensorInfo tensor = file.Tensor(prefix + name);
        if (!shape.SequenceEqual(tensor.Shape.ToArray()))
        {
            throw new InvalidDataException(
                $"{file.Path}: tensor '{tensor.Name}' has the shape [{string.Join(", ", tensor.Shape)}], but the configuration says [{string.Join(", ", shape.ToArray())}]");
        }

        if (tensor.Layout == WeightLayout.Panels && tensor.Groups != groups)
        {
            throw new InvalidDataException(
                $"{file.Path}: tensor '{tensor.Name}' is laid out for {tensor.Groups} groups, but the configuration says {groups}");
        }

        return new WeightData(file.Pointer(tensor), tensor.Type, tensor.Layout, tensor.Shape) { Groups = groups };
    }
}
