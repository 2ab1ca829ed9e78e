using Data2Vec.Kernels;

namespace Data2Vec.Transformer;

/// <summary>Called with a name and the activations at that point of an encoder, while they are there.</summary>
/// <param name="name">A point, such as <c>layer.3</c>.</param>
/// <param name="activations">What stands there, <c>[rows, features]</c>.</param>
internal delegate void Observer(string name, Tensor activations);

/// <summary>What the encoders of all kinds of input have in common.</summary>
internal abstract class Encoder
{
    /// <summary>What the model takes, for messages: <c>recordings</c>, <c>texts</c>, <c>images</c>.</summary>
    public abstract string Takes { get; }

    /// <summary>Features of a hidden state.</summary>
    public abstract int HiddenSize { get; }

    /// <summary>Transformer layers.</summary>
    public abstract int Layers { get; }

    /// <summary>Whether the first row of an input stands for the whole of it.</summary>
    public virtual bool HasClassRow => false;

    /// <summary>Rows at the start of an input that its mean leaves out.</summary>
    public virtual int RowsBeforeMean => 0;

    /// <summary>What a classification head tells apart, in the order of its outputs, or null where the model has none.</summary>
    public virtual IReadOnlyList<string>? Classes => null;

    /// <summary>The classification head's scores <c>[inputs, classes]</c>, from the encoder's output.</summary>
    public virtual float[][] Scores(Inference run, Tensor x, Sequences sequences) =>
        throw new InvalidOperationException("The model has no classification head.");

    /// <summary>The CTC head's scores of each row, <c>[rows, labels]</c>, from the encoder's output.</summary>
    public virtual Tensor Logits(Inference run, Tensor x) => throw new InvalidOperationException("The model has no CTC head.");

    /// <summary>A linear layer whose results go out, in f32.</summary>
    protected static Tensor Head(Inference run, Tensor x, LinearWeights weights)
    {
        Tensor output = run.Allocate(x.Rows, weights.Outputs, ElementType.F32);
        run.Linear(x, weights, output);
        return output;
    }
}

/// <summary>An encoder of inputs that are numbers of one type.</summary>
/// <typeparam name="T">Samples, token ids, pixels.</typeparam>
internal abstract class Encoder<T> : Encoder
{
    /// <summary>The rows that an input becomes.</summary>
    /// <exception cref="InvalidDataException">The model cannot take it; the message says why.</exception>
    public abstract int Rows(ReadOnlySpan<T> input);

    /// <summary>From inputs to the hidden states of a layer, <c>[rows, hidden]</c>, one sequence an input.</summary>
    /// <param name="run">Where it runs.</param>
    /// <param name="inputs">What <see cref="Rows"/> accepted.</param>
    /// <param name="sequences">The rows of each input.</param>
    /// <param name="layer">
    /// The last layer to run, 0 for what enters the first one; null for the encoder's output, which is the last layer's, or what a
    /// normalization after it makes of that.
    /// </param>
    /// <param name="observe">Sees the activations on the way.</param>
    /// <param name="cancellation">Looked at before each layer.</param>
    public abstract Tensor Forward(
        Inference run, IReadOnlyList<ReadOnlyMemory<T>> inputs, Sequences sequences, int? layer, Observer? observe,
        CancellationToken cancellation);
}
