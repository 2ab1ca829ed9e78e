using System.Diagnostics;

namespace Data2Vec.Transformer;

/// <summary>Sees activations while an encoder runs; they are valid during the call only.</summary>
internal abstract class Observer
{
    /// <summary>Sees the hidden states <c>[rows, hidden]</c> after a layer; number 0 is what enters the first layer.</summary>
    public virtual void Layer(int number, Tensor states)
    {
    }

    /// <summary>Whether <see cref="FeedForward"/> is called, which costs a fused operation.</summary>
    public virtual bool SeesFeedForward => false;

    /// <summary>Sees what the feed-forward block of a layer adds to the residual, if the layer normalizes afterwards.</summary>
    /// <param name="layer">The layer's number, from 0.</param>
    /// <param name="added"><c>[rows, hidden]</c>.</param>
    public virtual void FeedForward(int layer, Tensor added)
    {
    }

    /// <summary>Sees the activations at another named point.</summary>
    public virtual void Point(string name, Tensor activations)
    {
    }
}

/// <summary>What the encoders of all modalities have in common.</summary>
internal abstract class Encoder
{
    /// <summary>The encoder's structure.</summary>
    public abstract ModelConfig Config { get; }

    /// <summary>Whether the first row of an input represents the whole input.</summary>
    public virtual bool HasClassRow => false;

    /// <summary>Rows at the start of an input that its mean skips.</summary>
    public virtual int RowsBeforeMean => 0;

    /// <summary>The rows that the encoder's pooler reads, the first (<see cref="Pooling.Class"/>) or all (<see cref="Pooling.Mean"/>); null without a pooler.</summary>
    public virtual Pooling? PoolerRows => null;

    /// <summary>The vector that the encoder itself makes of its output, <c>[inputs, hidden]</c>. Called only if <see cref="PoolerRows"/> is not null.</summary>
    public virtual Tensor Pool(Inference run, Tensor x, Sequences sequences) => throw new UnreachableException();

    /// <summary>Whether the head scores every row (CTC) rather than every input (classification).</summary>
    public virtual bool HeadScoresRows => false;

    /// <summary>What follows the default pooling of the encoder's output; null if nothing does.</summary>
    public DenseLayers? DenseLayers { get; set; }

    /// <summary>The head's scores from the encoder's output, <c>[inputs or rows, labels]</c>. Called only if the model has labels.</summary>
    public virtual Tensor Head(Inference run, Tensor x, Sequences sequences) => throw new UnreachableException();

    /// <summary>A linear layer with results in f32.</summary>
    protected static Tensor Project(Inference run, Tensor x, LinearWeights weights, Activation activation = Activation.None)
    {
        Tensor output = run.Allocate(x.Rows, weights.Outputs, ElementType.F32);
        run.Linear(x, weights, output, activation);
        return output;
    }
}

/// <summary>
/// An encoder in two phases: <see cref="Embed"/> turns inputs into rows, <see cref="Contextualize"/> runs rows through the layers. Masking in training
/// stands between them. No operation of an encoder overwrites memory that is still needed, see <see cref="Inference.Reuse"/>, so that a recording of the
/// operations can be played backward.
/// </summary>
/// <typeparam name="T">Samples, token ids or pixels.</typeparam>
internal abstract class Encoder<T> : Encoder
{
    /// <summary>The number of rows that an input becomes.</summary>
    /// <exception cref="InvalidDataException">The model does not accept the input; the message says why.</exception>
    public abstract int Rows(ReadOnlySpan<T> input);

    /// <summary>Turns inputs into rows, <c>[rows, hidden]</c>.</summary>
    /// <param name="run">The inference.</param>
    /// <param name="inputs">Inputs that <see cref="Rows"/> accepted.</param>
    /// <param name="sequences">The rows of each input.</param>
    /// <param name="observer">Sees named activations.</param>
    /// <param name="cancellation">Checked before each input.</param>
    public abstract Tensor Embed(
        Inference run, IReadOnlyList<ReadOnlyMemory<T>> inputs, Sequences sequences, Observer? observer, CancellationToken cancellation);

    /// <summary>Runs rows through the layers, <c>[rows, hidden]</c>.</summary>
    /// <param name="run">The inference.</param>
    /// <param name="x">The rows that <see cref="Embed"/> returned. Their memory may be reused.</param>
    /// <param name="sequences">The rows of each input.</param>
    /// <param name="layer">
    /// The last layer to run, 0 for none; null for the encoder's output, which is that of the last layer, normalized if the model has a final norm.
    /// </param>
    /// <param name="observer">Sees every layer.</param>
    /// <param name="cancellation">Checked before each layer.</param>
    public abstract Tensor Contextualize(
        Inference run, Tensor x, Sequences sequences, int? layer, Observer? observer, CancellationToken cancellation);
}
