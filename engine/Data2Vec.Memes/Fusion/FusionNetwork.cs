using Data2Vec.ModelFile;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Memes.Fusion;

/// <summary>
/// The network that judges the vectors of a meme (arXiv 1910.02334, section 3): two hidden layers with ReLU, one output without. It
/// never changes.
/// </summary>
public sealed class FusionNetwork
{
    /// <summary>Rows at once: enough to read the weights seldom, and little memory.</summary>
    private const int PreferredBatchRows = 64;

    internal FusionNetwork(params ReadOnlySpan<LinearLayer> layers) => Layers = layers.ToArray();

    /// <summary>Features of an input: the image's and the text's.</summary>
    public int InputSize => Layers[0].Inputs;

    /// <summary>Features of the hidden layers.</summary>
    public int HiddenSize => Layers[0].Outputs;

    internal LinearLayer[] Layers { get; }

    /// <summary>A network of random weights.</summary>
    internal static FusionNetwork Create(int inputs, int hidden, Random random)
    {
        var network = new FusionNetwork(new LinearLayer(inputs, hidden), new LinearLayer(hidden, hidden), new LinearLayer(hidden, 1));
        foreach (LinearLayer layer in network.Layers)
        {
            layer.Initialize(random);
        }

        return network;
    }

    /// <summary>The network of a model file.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or has another shape.</exception>
    internal static FusionNetwork Read(D2vFile file, int inputs, int hidden)
    {
        return new FusionNetwork(Layer(0, inputs, hidden), Layer(1, hidden, hidden), Layer(2, hidden, 1));

        LinearLayer Layer(int index, int from, int to)
        {
            TensorInfo weight = Tensor($"{TensorName(index)}.weight", to, from), bias = Tensor($"{TensorName(index)}.bias", to);
            var layer = new LinearLayer(from, to);
            file.Read(weight, layer.Weight);
            file.Read(bias, layer.Bias);
            return layer.Weight.Concat(layer.Bias).All(float.IsFinite)
                ? layer
                : throw new InvalidDataException($"{file.Path}: tensor '{weight.Name}' or '{bias.Name}' has a number that is not finite");
        }

        TensorInfo Tensor(string name, params ReadOnlySpan<int> shape)
        {
            TensorInfo tensor = file.Tensor(name);
            return shape.SequenceEqual(tensor.Shape.ToArray())
                ? tensor
                : throw new InvalidDataException(
                    $"{file.Path}: tensor '{name}' has the shape [{string.Join(", ", tensor.Shape)}], but the configuration says [{string.Join(", ", shape.ToArray())}]");
        }
    }

    /// <summary>What a layer's tensors are called in a model file, before <c>.weight</c> and <c>.bias</c>.</summary>
    internal static string TensorName(int layer) => $"classifier.{layer}";

    /// <summary>Judges memes.</summary>
    /// <param name="features">For each meme the vectors of image and text one behind the other, <c>[InputSize]</c>.</param>
    /// <returns>For each meme a score: near 1 for those looked for, near 0 for others, and not confined to that.</returns>
    /// <exception cref="ArgumentException">An input has another number of features.</exception>
    public float[] Score(IReadOnlyList<ReadOnlyMemory<float>> features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Any(input => input.Length != InputSize))
        {
            throw new ArgumentException($"The network takes {InputSize} features of each meme.", nameof(features));
        }

        var scores = new float[features.Count];
        int done = 0;
        foreach (ReadOnlyMemory<float>[] rows in features.Chunk(PreferredBatchRows))
        {
            ReadOnlyMemory<float>[] x = rows;
            foreach (LinearLayer layer in Layers[..^1])
            {
                var y = new float[rows.Length * layer.Outputs];
                layer.Forward(x, y);
                TensorPrimitives.Max(y, 0f, y);
                x = Rows(y, layer.Outputs);
            }

            Layers[^1].Forward(x, scores.AsSpan(done, rows.Length));
            done += rows.Length;
        }

        return scores;
    }

    internal static ReadOnlyMemory<float>[] Rows(float[] matrix, int columns) =>
        [.. Enumerable.Range(0, matrix.Length / columns).Select(row => new ReadOnlyMemory<float>(matrix, row * columns, columns))];

    internal FusionNetwork Copy() => new([.. Layers.Select(layer => layer.Copy())]);
}
