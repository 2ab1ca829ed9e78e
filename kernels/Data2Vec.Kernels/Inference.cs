using System.Numerics.Tensors;

namespace Data2Vec.Kernels;

/// <summary>
/// One running inference: its working memory, and the operations of models. It belongs to one thread at a time. Results are tensors in the
/// working memory, which grows like a stack.
/// </summary>
/// <remarks>
/// A row's result depends only on that row's sequence, not on the other sequences of the batch or on the number of threads: on the CPU bit
/// for bit. Operands that do not fit throw <see cref="ArgumentException"/>. On other devices, any operation may throw
/// <see cref="DeviceException"/> or <see cref="InsufficientMemoryException"/>.
/// </remarks>
public abstract class Inference : IDisposable
{
    /// <summary>
    /// The default number format of activations: f32, or the bf16 or f16 that a device's products read. Operations accept tensors of this type and
    /// of f32.
    /// </summary>
    public abstract ElementType ActivationType { get; }

    /// <summary>Allocates a tensor of <see cref="ActivationType"/> with undefined contents.</summary>
    public Tensor Allocate(int rows, int columns) => Allocate(rows, columns, ActivationType);

    /// <summary>Allocates a tensor with undefined contents.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of features in a row.</param>
    /// <param name="type">f32, for inputs and results, or <see cref="ActivationType"/>.</param>
    public abstract Tensor Allocate(int rows, int columns, ElementType type);

    /// <summary>Memory for a result that replaces <paramref name="spent"/>, which at most the operation that writes the result still reads.</summary>
    /// <returns><paramref name="spent"/> itself here; an inference that keeps activations returns a new tensor.</returns>
    public virtual Tensor Reuse(Tensor spent) => spent;

    /// <summary>
    /// Runs a part of a model. A recording can forget the activations of a part and compute them again when it is played backward; in training, layers can be
    /// skipped at random. Otherwise this only calls <paramref name="run"/>.
    /// </summary>
    /// <param name="part">Which part it is.</param>
    /// <param name="x">The part's input, or <see cref="Tensor.None"/> if it has none that gradients flow to.</param>
    /// <param name="run">Computes the part's output, of the shape of <paramref name="x"/> if there is one. It may be called several times.</param>
    public virtual Tensor Segment(ModelPart part, Tensor x, Func<Tensor, Tensor> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run(x);
    }

    /// <summary>The current top of the working memory, for <see cref="Release"/>.</summary>
    public abstract long Mark();

    /// <summary>Releases everything allocated since <paramref name="mark"/> was taken.</summary>
    public abstract void Release(long mark);

    /// <summary>The bounds of consecutive sequences.</summary>
    public abstract Sequences Sequences(ReadOnlySpan<int> lengths);

    /// <summary>The bounds of a convolution's output sequences.</summary>
    public abstract Sequences Sequences(Sequences inputs, Conv1dShape shape);

    /// <summary>Copies row-major numbers into a new f32 tensor.</summary>
    public Tensor Upload(ReadOnlySpan<float> values, int rows, int columns)
    {
        Tensor tensor = Allocate(rows, columns, ElementType.F32);
        Upload(values, tensor);
        return tensor;
    }

    /// <summary>Copies row-major numbers into a tensor.</summary>
    public abstract void Upload(ReadOnlySpan<float> values, Tensor destination);

    /// <summary>Copies a tensor to contiguous row-major f32.</summary>
    public abstract void Download(Tensor tensor, Span<float> values);

    /// <summary>Copies a tensor's rows to arrays, one after another. Each array receives as many whole rows as it holds.</summary>
    public virtual void Download(Tensor tensor, IReadOnlyList<float[]> destinations)
    {
        ArgumentNullException.ThrowIfNull(destinations);
        int row = 0;
        foreach (float[] destination in destinations)
        {
            int rows = destination.Length / tensor.Columns;
            Download(tensor.SliceRows(row, rows), destination);
            row += rows;
        }
    }

    /// <summary>Copies a tensor, rounding to the nearest number of the destination's format.</summary>
    public abstract void Copy(Tensor source, Tensor destination);

    /// <summary>
    /// <c>output = residual + scale * activation(x Wᵀ + b)</c>. Residual and scale are optional.
    /// </summary>
    /// <param name="x">Inputs <c>[rows, inputs]</c>.</param>
    /// <param name="weights">The layer.</param>
    /// <param name="output">Result <c>[rows, outputs]</c>; must not overlap the other tensors.</param>
    /// <param name="activation">Applied before the residual is added.</param>
    /// <param name="residual"><c>[rows, outputs]</c>, or <see cref="Tensor.None"/>.</param>
    public abstract void Linear(
        Tensor x, LinearWeights weights, Tensor output, Activation activation = Activation.None, Tensor residual = default);

    /// <summary>A linear layer into a new tensor of <see cref="ActivationType"/>.</summary>
    public Tensor Linear(Tensor x, LinearWeights weights, Activation activation = Activation.None, Tensor residual = default)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Tensor output = Allocate(x.Rows, weights.Outputs);
        Linear(x, weights, output, activation, residual);
        return output;
    }

    /// <summary>
    /// <c>activation(norm(conv(x)))</c> within each sequence. The optional norm is over the channels of each row.
    /// </summary>
    /// <param name="x"><c>[rows, input channels]</c>.</param>
    /// <param name="inputs">The sequences of <paramref name="x"/>.</param>
    /// <param name="weights">The convolution.</param>
    /// <param name="norm">Normalizes each output row, or null.</param>
    /// <param name="activation">Applied last.</param>
    /// <param name="output">Result <c>[rows, output channels]</c>.</param>
    /// <param name="outputs">The sequences of <paramref name="output"/>.</param>
    public abstract void Conv1d(
        Tensor x, Sequences inputs, Conv1dWeights weights, NormWeights? norm, Activation activation, Tensor output, Sequences outputs);

    /// <summary><c>activation(conv(x))</c> of each image.</summary>
    /// <param name="x">The pixels of images, line by line, <c>[images * height * width, input channels]</c>.</param>
    /// <param name="height">The lines of an image.</param>
    /// <param name="width">The pixels of a line.</param>
    /// <param name="weights">The convolution.</param>
    /// <param name="activation">Applied last.</param>
    /// <param name="output">
    /// Result <c>[images * output height * output width, output channels]</c>, with the sides of <see cref="Conv2dShape.OutputLength"/>.
    /// </param>
    public abstract void Conv2d(Tensor x, int height, int width, Conv2dWeights weights, Activation activation, Tensor output);

    /// <summary>The greatest number of each channel in square windows of each image, without padding.</summary>
    /// <param name="x">The pixels of images, line by line, <c>[images * height * width, channels]</c>.</param>
    /// <param name="height">The lines of an image.</param>
    /// <param name="width">The pixels of a line.</param>
    /// <param name="size">Height and width of a window.</param>
    /// <param name="stride">Pixels from one window to the next, in both directions.</param>
    /// <param name="output">Result <c>[images * ((height - size) / stride + 1) * ((width - size) / stride + 1), channels]</c>.</param>
    public abstract void MaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output);

    /// <summary><c>output = activation(norm(x + residual))</c> for each row. The residual is optional.</summary>
    /// <param name="x"><c>[rows, size]</c>.</param>
    /// <param name="norm">The normalization.</param>
    /// <param name="output">Result; may be <paramref name="x"/> or <paramref name="residual"/>.</param>
    /// <param name="residual"><c>[rows, size]</c>, or <see cref="Tensor.None"/>.</param>
    /// <param name="activation">Applied last.</param>
    public abstract void LayerNorm(
        Tensor x, NormWeights norm, Tensor output, Tensor residual = default, Activation activation = Activation.None);

    /// <summary>
    /// The mean and the variance of each channel over the rows of each sequence, summed so that sequences of any length have them to about one rounding.
    /// Statistics cannot be trained.
    /// </summary>
    /// <param name="x"><c>[rows, channels]</c>.</param>
    /// <param name="sequences">The sequences of rows. One without rows has 0 for both.</param>
    /// <param name="moments">Result <c>[sequences, 2 * channels]</c> in f32: the means, then the variances (the mean square of the distances).</param>
    public abstract void ChannelMoments(Tensor x, Sequences sequences, Tensor moments);

    /// <summary>
    /// <c>output = activation((x - mean) / sqrt(variance + epsilon) * gain + bias)</c>, with a mean and a variance for each channel of a sequence: a norm over
    /// time (Wu and He 2018, a channel a group), or one by statistics that are part of the model. It cannot be trained.
    /// </summary>
    /// <param name="x"><c>[rows, channels]</c>.</param>
    /// <param name="sequences">The sequences of rows.</param>
    /// <param name="moments"><c>[sequences, 2 * channels]</c> in f32: the means, then the variances.</param>
    /// <param name="norm">Gain, bias and epsilon.</param>
    /// <param name="activation">Applied last.</param>
    /// <param name="output">Result; may be <paramref name="x"/>.</param>
    public abstract void ChannelNorm(Tensor x, Sequences sequences, Tensor moments, NormWeights norm, Activation activation, Tensor output);

    /// <summary><c>destination += source</c>. A source of stride 0 is one row that is added to each.</summary>
    public abstract void Add(Tensor source, Tensor destination);

    /// <summary>
    /// <c>output = residual + scale * (x Wᵀ + b)</c>, then <c>normed = norm(output)</c> for each row. Residual and scale are optional.
    /// </summary>
    /// <param name="x">Inputs <c>[rows, inputs]</c>.</param>
    /// <param name="weights">The layer.</param>
    /// <param name="norm">The normalization.</param>
    /// <param name="output">The sums <c>[rows, outputs]</c>; must not overlap <paramref name="x"/> or <paramref name="residual"/>.</param>
    /// <param name="normed">
    /// Result <c>[rows, outputs]</c>; may be <paramref name="output"/>, <paramref name="x"/> or <paramref name="residual"/>, which it then replaces.
    /// </param>
    /// <param name="residual"><c>[rows, outputs]</c>, or <see cref="Tensor.None"/>.</param>
    /// <exception cref="ArgumentException">The shapes do not match, or <paramref name="output"/> overlaps an input.</exception>
    public virtual void LinearNorm(Tensor x, LinearWeights weights, NormWeights norm, Tensor output, Tensor normed, Tensor residual = default)
    {
        OperationShapes.RequireLinearNorm(x, weights, norm, output, normed, residual);
        Linear(x, weights, output, Activation.None, residual);
        LayerNorm(output, norm, normed);
    }

    /// <summary>
    /// <c>softmax(scale * Q Kᵀ + bias) V</c> for each head within each sequence, without all scores in memory at once.
    /// </summary>
    /// <param name="query"><c>[rows, heads * size]</c>.</param>
    /// <param name="key"><c>[rows, heads * size]</c>.</param>
    /// <param name="value"><c>[rows, heads * size]</c>.</param>
    /// <param name="sequences">The sequences of rows, which attend only to themselves.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="scale">Multiplies the scores.</param>
    /// <param name="bias">Added to the scores; the default adds nothing.</param>
    /// <param name="output">Result <c>[rows, heads * size]</c>.</param>
    public abstract void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Tensor output);

    /// <summary>
    /// The gates of a bias by distance (Chi et al. 2022, Chen et al. 2022): <c>a * (b * scale - 1) + 2</c> for each row and head, where <c>a</c> and <c>b</c>
    /// are the logistic functions of two linear functions of the head's features. It has no backward partner.
    /// </summary>
    /// <param name="x">The input of attention, <c>[rows, heads * size]</c>.</param>
    /// <param name="weights">The two linear functions, which all heads share: weights and then the bias, <c>[2, size + 1]</c>, in f32.</param>
    /// <param name="scales">A scale for each head, <c>[1, heads]</c>, in f32.</param>
    /// <param name="output">Result <c>[rows, heads]</c>, in f32.</param>
    public abstract void AttentionGates(Tensor x, Tensor weights, Tensor scales, Tensor output);

    /// <summary><c>output = tanh(x)</c>, for the few rows of a head.</summary>
    public virtual void Tanh(Tensor x, Tensor output)
    {
        OperationShapes.RequireSame(x, output);
        var values = new float[checked(x.Rows * x.Columns)];
        Download(x, values);
        TensorPrimitives.Tanh(values, values);
        Upload(values, output);
    }

    /// <summary>Looks up vectors: row <c>i</c> becomes <c>table[ids[i]] + residual[i]</c>. The residual is optional.</summary>
    /// <param name="ids">A row of the table for each row of the result.</param>
    /// <param name="table">The vectors.</param>
    /// <param name="output">Result <c>[ids, columns]</c>; may be <paramref name="residual"/>.</param>
    /// <param name="residual"><c>[ids, columns]</c>, or <see cref="Tensor.None"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The table does not have an id.</exception>
    public abstract void Embed(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output, Tensor residual = default);

    /// <summary>The mean of the rows of each sequence, <c>[sequences, columns]</c>, in f32.</summary>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="sequences">The sequences of rows.</param>
    /// <param name="skip">Rows to leave out at the start of each sequence; every sequence has more.</param>
    public abstract Tensor MeanOfSequences(Tensor x, Sequences sequences, int skip = 0);

    /// <summary>Returns the working memory to the store.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns the working memory to the store.</summary>
    protected abstract void Dispose(bool disposing);
}
