namespace Data2Vec.Kernels;

/// <summary>
/// An inference whose operations have backward partners. A forward operation here also keeps what its partner needs. A partner receives the gradient of a
/// result and computes the gradients of the operands. Gradients of weights are added to the memory that <see cref="WeightStore.BeginTraining"/> was given.
/// </summary>
/// <remarks>
/// All tensors are f32. Every sum has one order, so that no gradient depends on the number of threads. Where a method takes
/// <c>accumulate</c>, it adds to the gradient of the operand; otherwise it overwrites it. An empty tensor for the gradient of an operand skips it.
/// </remarks>
public abstract class TrainingInference : Inference
{
    /// <summary>Whether any weight of a layer has a gradient.</summary>
    public abstract bool Learns(LinearWeights weights);

    /// <inheritdoc cref="Learns(LinearWeights)"/>
    public abstract bool Learns(Conv1dWeights weights);

    /// <inheritdoc cref="Learns(LinearWeights)"/>
    public abstract bool Learns(NormWeights weights);

    /// <inheritdoc cref="Learns(LinearWeights)"/>
    public abstract bool Learns(EmbeddingWeights weights);

    /// <summary><c>output = activation(x)</c>.</summary>
    public abstract void Activate(Tensor x, Activation activation, Tensor output);

    /// <summary>The gradient of <c>activation(x)</c>: <c>dx = dy * activation'(x)</c>.</summary>
    /// <param name="x">What the activation was applied to.</param>
    /// <param name="activation">The activation.</param>
    /// <param name="dy">The gradient of the result.</param>
    /// <param name="dx">Receives the gradient; may be <paramref name="dy"/>.</param>
    public abstract void ActivationBackward(Tensor x, Activation activation, Tensor dy, Tensor dx);

    /// <summary>The partner of <see cref="Inference.Linear(Tensor, LinearWeights, Tensor, Activation, Tensor)"/>, but for the residual, whose gradient is <paramref name="dy"/>.</summary>
    /// <param name="x">The inputs.</param>
    /// <param name="weights">The layer.</param>
    /// <param name="sums"><c>x Wᵀ + b</c>, if there is an activation; otherwise <see cref="Tensor.None"/>.</param>
    /// <param name="activation">The activation.</param>
    /// <param name="dy">The gradient of the result.</param>
    /// <param name="dx">Receives the gradient of the inputs, or <see cref="Tensor.None"/>.</param>
    /// <param name="accumulate">Whether to add to <paramref name="dx"/>.</param>
    public abstract void LinearBackward(Tensor x, LinearWeights weights, Tensor sums, Activation activation, Tensor dy, Tensor dx, bool accumulate);

    /// <summary>The partner of a convolution without norm and activation.</summary>
    /// <param name="x">The inputs.</param>
    /// <param name="inputs">The sequences of <paramref name="x"/>.</param>
    /// <param name="weights">The convolution.</param>
    /// <param name="dy">The gradient of the result.</param>
    /// <param name="outputs">The sequences of <paramref name="dy"/>.</param>
    /// <param name="dx">Receives the gradient of the inputs, or <see cref="Tensor.None"/>.</param>
    /// <param name="accumulate">Whether to add to <paramref name="dx"/>.</param>
    public abstract void Conv1dBackward(
        Tensor x, Sequences inputs, Conv1dWeights weights, Tensor dy, Sequences outputs, Tensor dx, bool accumulate);

    /// <summary><see cref="Inference.LayerNorm"/>, which keeps the normalized rows before gain and bias, and the factor that normalized each.</summary>
    /// <param name="x"><c>[rows, size]</c>.</param>
    /// <param name="norm">The normalization.</param>
    /// <param name="output">Result <c>[rows, size]</c>; overlaps no other tensor.</param>
    /// <param name="residual"><c>[rows, size]</c>, or <see cref="Tensor.None"/>.</param>
    /// <param name="activation">Applied last.</param>
    /// <param name="normalized">Receives <c>(x + residual - mean) / deviation</c>, <c>[rows, size]</c>; may be <paramref name="x"/>.</param>
    /// <param name="factors">Receives <c>1 / deviation</c>, <c>[rows, 1]</c>.</param>
    public abstract void LayerNorm(
        Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation, Tensor normalized, Tensor factors);

    /// <summary>The partner of <see cref="LayerNorm(Tensor, NormWeights, Tensor, Tensor, Activation, Tensor, Tensor)"/>. The residual has the same gradient as <c>x</c>.</summary>
    /// <param name="normalized">The rows that were kept.</param>
    /// <param name="factors">The factors that were kept.</param>
    /// <param name="norm">The normalization.</param>
    /// <param name="activation">The activation.</param>
    /// <param name="dy">The gradient of the result.</param>
    /// <param name="dx">Receives the gradient of <c>x</c>, or <see cref="Tensor.None"/>; may be <paramref name="dy"/>.</param>
    /// <param name="accumulate">Whether to add to <paramref name="dx"/>.</param>
    public abstract void LayerNormBackward(
        Tensor normalized, Tensor factors, NormWeights norm, Activation activation, Tensor dy, Tensor dx, bool accumulate);

    /// <summary>
    /// <see cref="Inference.Attention"/> with dropout of the probabilities, which keeps the logarithm of the sum of the exponentials of each query's scores.
    /// </summary>
    /// <param name="query"><c>[rows, heads * size]</c>.</param>
    /// <param name="key"><c>[rows, heads * size]</c>.</param>
    /// <param name="value"><c>[rows, heads * size]</c>.</param>
    /// <param name="sequences">The sequences of rows.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="scale">Multiplies the scores.</param>
    /// <param name="bias">Added to the scores.</param>
    /// <param name="dropout">Which probabilities become 0. The rows of a sequence are then neighbouring rows of one item.</param>
    /// <param name="output">Result <c>[rows, heads * size]</c>.</param>
    /// <param name="logSums">Receives <c>max + ln(sum)</c>, <c>[rows, heads]</c>.</param>
    public abstract void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Dropout dropout, Tensor output, Tensor logSums);

    /// <summary>The partner of <see cref="Attention(Tensor, Tensor, Tensor, Sequences, int, float, AttentionBias, Dropout, Tensor, Tensor)"/> (Dao 2023).</summary>
    /// <param name="query">The queries.</param>
    /// <param name="key">The keys.</param>
    /// <param name="value">The values.</param>
    /// <param name="sequences">The sequences of rows.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="scale">Multiplied the scores.</param>
    /// <param name="bias">Was added to the scores.</param>
    /// <param name="dropout">Which probabilities became 0.</param>
    /// <param name="output">The result.</param>
    /// <param name="logSums">What the forward operation kept.</param>
    /// <param name="dOutput">The gradient of the result.</param>
    /// <param name="dQuery">Receives the gradient of the queries; it is overwritten, as the next two are.</param>
    /// <param name="dKey">Receives the gradient of the keys.</param>
    /// <param name="dValue">Receives the gradient of the values.</param>
    /// <param name="dBias">The gradients of the bias are added to its tensors; empty ones are skipped.</param>
    public abstract void AttentionBackward(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Dropout dropout, Tensor output, Tensor logSums,
        Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue, AttentionBias dBias);

    /// <summary>The partner of <see cref="Inference.Embed"/>: adds each row to the gradient of its vector, in the order of the rows.</summary>
    public abstract void EmbedBackward(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor dOutput);

    /// <summary>The partner of <see cref="Inference.MeanOfSequences"/>.</summary>
    public abstract void MeanOfSequencesBackward(Sequences sequences, int skip, Tensor dMeans, Tensor dx, bool accumulate);

    /// <summary>Sets features to 0 at random and divides the others by the share that is kept; the partner does the same to the gradient.</summary>
    public abstract void Drop(Tensor x, Dropout dropout);

    /// <summary><c>x *= factor</c>.</summary>
    public abstract void Scale(Tensor x, float factor);

    /// <summary>Sets all elements to 0.</summary>
    public abstract void Clear(Tensor x);
}
