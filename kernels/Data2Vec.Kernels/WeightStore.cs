namespace Data2Vec.Kernels;

/// <summary>
/// The weights of one model on a backend, in the layouts and number formats that the backend runs fastest, and the working memory of the
/// inferences that use them. A store is filled by one thread while the model loads. Then any number of threads may call <see cref="Begin"/>.
/// </summary>
/// <remarks>Weights of other shapes than an operation needs throw <see cref="InvalidDataException"/>.</remarks>
public abstract class WeightStore : IDisposable
{
    /// <summary>Rows in a batch that keep the device busy; larger batches take more memory and are no faster.</summary>
    public abstract int PreferredBatchRows { get; }

    /// <summary>Inferences to run at the same time, so that one prepares its inputs while the device works for another. Each has its own working memory.</summary>
    public virtual int ConcurrentInferences => 1;

    /// <summary>Preferred rows per long convolution; longer inputs are split.</summary>
    public abstract int PreferredConvolutionRows { get; }

    /// <summary>Adds a linear layer.</summary>
    /// <param name="parts">
    /// Weights <c>[outputs, inputs]</c> and biases <c>[outputs]</c>. Several parts with the same inputs make one layer with the outputs of all
    /// parts, one after another.
    /// </param>
    /// <param name="scale">Multiplies each output after the activation (layer scale, Touvron et al. 2021), <c>[outputs]</c>; or null.</param>
    public abstract LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale = null);

    /// <summary>Adds a one-dimensional convolution with weights <c>[outputs, inputs / groups, kernel]</c>.</summary>
    public abstract Conv1dWeights Conv1d(WeightData weight, WeightData? bias, Conv1dShape shape);

    /// <summary>Adds a two-dimensional convolution with weights <c>[outputs, inputs, kernel, kernel]</c>.</summary>
    public abstract Conv2dWeights Conv2d(WeightData weight, WeightData? bias, Conv2dShape shape);

    /// <summary>Adds a layer normalization (Ba et al. 2016), with or without gain and bias <c>[size]</c>.</summary>
    public abstract NormWeights Norm(WeightData? weight, WeightData? bias, int size, float epsilon);

    /// <summary>Adds a table of vectors <c>[rows, columns]</c>.</summary>
    public abstract EmbeddingWeights Embedding(WeightData table);

    /// <summary>Adds activations that are the same in every inference, such as a bias of attention. Every inference of this store can read them.</summary>
    /// <param name="values"><c>[rows, columns]</c>, row-major.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The features of a row.</param>
    public abstract Tensor Constant(ReadOnlySpan<float> values, int rows, int columns);

    /// <summary>
    /// Adds a <see cref="Constant"/> that is a table of attention biases (<see cref="AttentionBias.Table"/>), so that a backend can prepare its kernels.
    /// </summary>
    /// <param name="values"><c>[rows, columns]</c>, row by row.</param>
    /// <param name="rows">A row for each head and query.</param>
    /// <param name="columns">A column for each key.</param>
    public virtual Tensor AttentionTable(ReadOnlySpan<float> values, int rows, int columns) => Constant(values, rows, columns);

    /// <summary>Waits until the store is ready for inferences; called after the last weight.</summary>
    /// <exception cref="NotSupportedException">The device cannot run them.</exception>
    public virtual void Complete()
    {
    }

    /// <summary>Begins an inference. Its working memory is rented from the store and returned when it is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The store was disposed.</exception>
    public abstract Inference Begin();

    /// <summary>
    /// Begins an inference that can be played backward. The number formats of all weights are f32. After the values of weights have changed,
    /// <see cref="Refresh"/> must be called.
    /// </summary>
    /// <param name="gradient">
    /// The address of a weight's gradient, which has the layout of the weight, or 0 if the weight does not learn. Gradients are added to what is there.
    /// </param>
    /// <exception cref="NotSupportedException">The backend does not train.</exception>
    public virtual TrainingInference BeginTraining(Func<WeightData, nint> gradient) => throw new NotSupportedException("Training runs on the processor.");

    /// <summary>Reads weights again whose values have changed in memory. No inference may be running.</summary>
    /// <exception cref="NotSupportedException">The backend does not train.</exception>
    public virtual void Refresh() => throw new NotSupportedException("Training runs on the processor.");

    /// <summary>Frees the weights and all working memory. No inference may be running.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the weights and all working memory.</summary>
    protected abstract void Dispose(bool disposing);
}
