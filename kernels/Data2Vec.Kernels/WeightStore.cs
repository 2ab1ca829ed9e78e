namespace Data2Vec.Kernels;

/// <summary>
/// The weights of one model on a backend, each in the layout and number format the backend runs best, and the working
/// memory of the inferences that run on them. Filled once, while loading; then any number of threads may call
/// <see cref="Begin"/>.
/// </summary>
public abstract class WeightStore : IDisposable
{
    /// <summary>Rows of an inference of several inputs that keep the device busy: more make it no faster, only larger.</summary>
    public abstract int RowsAtOnce { get; }

    /// <summary>Inferences of many inputs that keep the device busy: it works for one while the inputs of another are made ready. Each takes working memory of its own.</summary>
    public virtual int InferencesAtOnce => 1;

    /// <summary>
    /// Rows of a convolution that makes many of few inputs, such as those over samples: work that can be cut anywhere is cut so.
    /// </summary>
    public abstract int ConvolutionRowsAtOnce { get; }

    /// <summary>A linear layer.</summary>
    /// <param name="parts">
    /// Weights <c>[outputs, inputs]</c> and biases <c>[outputs]</c>; several parts with the same inputs make one layer with the
    /// outputs of all, one after another.
    /// </param>
    /// <param name="scale">Multiplies each output after the bias (layer scale, Touvron et al. 2021), <c>[outputs]</c>.</param>
    public abstract LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale = null);

    /// <summary>A one-dimensional convolution with weights <c>[outputs, inputs / groups, kernel]</c>.</summary>
    public abstract Conv1dWeights Conv1d(WeightData weight, WeightData? bias, Conv1dShape shape);

    /// <summary>A two-dimensional convolution with weights <c>[outputs, inputs, kernel, kernel]</c>.</summary>
    public abstract Conv2dWeights Conv2d(WeightData weight, WeightData? bias, Conv2dShape shape);

    /// <summary>A layer normalization (Ba et al. 2016); without gain and bias it only normalizes.</summary>
    public abstract NormWeights Norm(WeightData? weight, WeightData? bias, int size, float epsilon);

    /// <summary>A table of vectors <c>[rows, columns]</c>.</summary>
    public abstract EmbeddingWeights Embedding(WeightData table);

    /// <summary>Activations that are the same in every inference, such as a bias of attention; all inferences of this store can read them.</summary>
    /// <param name="values"><c>[rows, columns]</c>, row by row.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">Features of a row.</param>
    public abstract Tensor Constant(ReadOnlySpan<float> values, int rows, int columns);

    /// <summary>Waits until all is ready for inferences; called when the weights are there.</summary>
    /// <exception cref="NotSupportedException">The device cannot run them.</exception>
    public virtual void Complete()
    {
    }

    /// <summary>Begins an inference. Its working memory is rented from the store and goes back when it is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The store was disposed.</exception>
    public abstract Inference Begin();

    /// <summary>Frees the weights and all working memory. No inference may be running.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the store holds.</summary>
    protected abstract void Dispose(bool disposing);
}
