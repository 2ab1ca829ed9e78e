using System.Globalization;

namespace Data2Vec.Parameters;

/// <summary>
/// Declares the parameters of a model's blocks and hands their values to a backend. A block declares what it uses when it is constructed, so that
/// the same walk over the blocks reads a file, draws initial values, or lists the parameters, whatever the source is.
/// </summary>
/// <param name="source">Where the values come from.</param>
/// <param name="store">The backend's weights.</param>
/// <param name="prefix">The start of every name in this scope.</param>
internal sealed class ParameterScope(ParameterSource source, WeightStore store, string prefix = "")
{
    /// <summary>The standard deviation of a transformer's initial matrices, in BERT as in data2vec.</summary>
    private const float MatrixDeviation = 0.02f;

    /// <inheritdoc cref="WeightStore.PreferredConvolutionRows"/>
    public int PreferredConvolutionRows => store.PreferredConvolutionRows;

    /// <summary>The scope of a part of the model.</summary>
    public ParameterScope In(string name) => new(source, store, $"{prefix}{name}.");

    /// <summary>The scope of a numbered part, such as a layer.</summary>
    public ParameterScope In(int index) => In(index.ToString(CultureInfo.InvariantCulture));

    /// <summary>A linear layer, <c>NAME.weight [outputs, inputs]</c> and <c>NAME.bias [outputs]</c>.</summary>
    public LinearWeights Linear(string name, int inputs, int outputs, InitialValue? initial = null) =>
        store.Linear([Affine(name, inputs, outputs, initial)]);

    /// <summary>A linear layer before the transformer's layers: a convolution of one tap.</summary>
    public LinearWeights Projection(string name, int inputs, int outputs, InitialValue? initial = null) =>
        store.Linear([Affine(name, inputs, outputs, initial, role: ParameterRole.Convolution)]);

    /// <summary>Linear layers with the same input as one layer, their outputs side by side; each output multiplied by a scale, if any.</summary>
    public LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale = null) => store.Linear(parts, scale);

    /// <summary>Declares the weight and bias of a linear layer, for <see cref="Linear(ReadOnlySpan{ValueTuple{WeightData, WeightData?}}, WeightData?)"/>.</summary>
    public (WeightData Weight, WeightData? Bias) Affine(
        string name, int inputs, int outputs, InitialValue? initial = null, bool biasIsOptional = false, bool hasBias = true,
        ParameterRole role = ParameterRole.Product) =>
        (Require(new Parameter($"{name}.weight", [outputs, inputs], role) { Initial = initial ?? InitialValue.Normal(MatrixDeviation) }),
         !hasBias ? null : Find(new Parameter($"{name}.bias", [outputs], ParameterRole.Bias)
         {
             IsOptional = biasIsOptional,
             Initial = initial is { IsUniform: true } uniform ? uniform : InitialValue.Zero,
         }));

    /// <summary>A one-dimensional convolution.</summary>
    public Conv1dWeights Conv1d(string name, Conv1dShape shape, bool hasBias, InitialValue initial) => store.Conv1d(
        Require(new Parameter($"{name}.weight", [shape.OutputChannels, shape.InputChannels / shape.Groups, shape.Kernel], ParameterRole.Convolution)
        {
            Groups = shape.Groups,
            Initial = initial,
        }),
        hasBias ? Require(new Parameter($"{name}.bias", [shape.OutputChannels], ParameterRole.Bias) { Initial = initial.IsUniform ? initial : InitialValue.Zero }) : null,
        shape);

    /// <summary>A two-dimensional convolution.</summary>
    public Conv2dWeights Conv2d(string name, Conv2dShape shape) => store.Conv2d(
        Require(new Parameter($"{name}.weight", [shape.OutputChannels, shape.InputChannels, shape.Kernel, shape.Kernel], ParameterRole.Convolution)
        {
            Initial = InitialValue.Kaiming(shape.InputChannels * shape.Kernel * shape.Kernel),
        }),
        Require(new Parameter($"{name}.bias", [shape.OutputChannels], ParameterRole.Bias) { Initial = InitialValue.Zero }),
        shape);

    /// <summary>A layer normalization with gain and bias.</summary>
    public NormWeights Norm(string name, int size, float epsilon) => store.Norm(
        Require(new Parameter($"{name}.weight", [size], ParameterRole.Norm) { Initial = InitialValue.One }),
        Require(new Parameter($"{name}.bias", [size], ParameterRole.Norm) { Initial = InitialValue.Zero }),
        size,
        epsilon);

    /// <summary>A normalization without gain and bias.</summary>
    public NormWeights PlainNorm(int size, float epsilon) => store.Norm(null, null, size, epsilon);

    /// <summary>A table of vectors, <c>NAME.weight [rows, columns]</c>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="rows">The number of vectors.</param>
    /// <param name="columns">Features of a vector.</param>
    /// <param name="paddingRow">A vector that starts at zero.</param>
    public EmbeddingWeights Embedding(string name, int rows, int columns, int paddingRow) => store.Embedding(
        Require(new Parameter($"{name}.weight", [rows, columns], ParameterRole.Table)
        {
            Initial = InitialValue.Normal(MatrixDeviation) with { ZeroRow = paddingRow },
        }));

    /// <summary>One vector as a table, such as that of masked rows.</summary>
    public EmbeddingWeights Vector(Parameter parameter) => store.Embedding(Require(parameter) with { Shape = [1, parameter.Shape[0]] });

    /// <summary>A scale of outputs that a model may do without (layer scale, Touvron et al. 2021).</summary>
    public WeightData? Scale(string name, int size, float initial) =>
        Find(new Parameter(name, [size], ParameterRole.Norm) { IsOptional = true, Initial = new InitialValue(initial) });

    /// <summary>Numbers that the model is built from; null where they are optional and absent.</summary>
    public WeightData? Constant(Parameter parameter) => Find(parameter);

    /// <summary>Whether there are values; a listing has none.</summary>
    public bool HasValues => source.HasValues;

    /// <summary>Activations that are the same in every inference, computed from constants.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">Features of a row.</param>
    /// <param name="compute">Computes them, <c>[rows, columns]</c>. A listing does not call it; training calls it after each update.</param>
    /// <param name="backward">How the constants learn; null if they do not.</param>
    /// <param name="isAttentionTable">Whether it is a table of attention biases.</param>
    public Tensor Activations(int rows, int columns, Func<float[]> compute, DerivedBackward? backward = null, bool isAttentionTable = false)
    {
        if (!source.HasValues)
        {
            return default;
        }

        Tensor tensor = isAttentionTable ? store.AttentionTable(compute(), rows, columns) : store.Constant(compute(), rows, columns);
        source.Derive(tensor, compute, backward);
        return tensor;
    }

    private WeightData? Find(Parameter parameter) => source.Find(parameter with { Name = prefix + parameter.Name });

    private WeightData Require(Parameter parameter) => Find(parameter)!;
}
