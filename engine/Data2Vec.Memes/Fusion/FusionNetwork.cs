using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Memes.Fusion;

/// <summary>
/// The network that scores the vectors of a meme (arXiv 1910.02334, section 3): two hidden layers with ReLU and one linear output. It is immutable.
/// </summary>
public sealed class FusionNetwork
{
    /// <summary>Inputs per pass. Each pass reads the weights once.</summary>
    private const int BatchRows = 64;

    internal FusionNetwork(params ReadOnlySpan<LinearLayer> layers) => Layers = layers.ToArray();

    /// <summary>The number of input features: the image's and the text's.</summary>
    public int InputSize => Layers[0].Inputs;

    /// <summary>The number of features of each hidden layer.</summary>
    public int HiddenSize => Layers[0].Outputs;

    internal LinearLayer[] Layers { get; }

    /// <summary>Reads the network of a model file.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing, has another shape, or has a number that is not finite.</exception>
    internal static FusionNetwork Read(D2vFile file, int inputs, int hidden)
    {
        return new FusionNetwork(Layer(0, inputs, hidden), Layer(1, hidden, hidden), Layer(2, hidden, 1));

        LinearLayer Layer(int index, int from, int to) => new(Values(WeightName(index), to, from), Values(BiasName(index), to));

        float[] Values(string name, params ReadOnlySpan<int> shape)
        {
            TensorInfo tensor = file.Tensor(name);
            if (!shape.SequenceEqual(tensor.Shape.ToArray()))
            {
                throw new InvalidDataException(
                    $"{file.Path}: tensor '{name}' has the shape [{string.Join(", ", tensor.Shape)}], but the configuration says [{string.Join(", ", shape.ToArray())}]");
            }

            float[] values = new float[tensor.Count];
            file.Read(tensor, values);
            if (!TensorPrimitives.IsFiniteAll<float>(values))
            {
                throw new InvalidDataException($"{file.Path}: tensor '{name}' has a number that is not finite");
            }

            return values;
        }
    }

    internal static string LayerName(int layer) => $"classifier.{layer}";

    internal static string WeightName(int layer) => $"{LayerName(layer)}.weight";

    internal static string BiasName(int layer) => $"{LayerName(layer)}.bias";

    /// <summary>Scores memes.</summary>
    /// <param name="features">The image's vector followed by the text's, <c>[InputSize]</c> for each meme.</param>
    /// <returns>A score for each meme: near 1 for positive memes and near 0 for others; not limited to that range.</returns>
    /// <exception cref="ArgumentException">An input has another number of features.</exception>
    public float[] Score(IReadOnlyList<ReadOnlyMemory<float>> features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Any(input => input.Length != InputSize))
        {
            throw new ArgumentException($"The network takes {InputSize} features per meme.", nameof(features));
        }

        var scores = new float[features.Count];
        int done = 0;
        foreach (ReadOnlyMemory<float>[] rows in features.Chunk(BatchRows))
        {
            ReadOnlyMemory<float>[] x = rows;
            foreach (LinearLayer layer in Layers[..^1])
            {
                var y = new float[x.Length * layer.Outputs];
                layer.Forward(x, y);
                TensorPrimitives.Max(y, 0f, y);
                x = [.. Enumerable.Range(0, x.Length).Select(row => new ReadOnlyMemory<float>(y, row * layer.Outputs, layer.Outputs))];
            }

            Layers[^1].Forward(x, scores.AsSpan(done, rows.Length));
            done += rows.Length;
        }

        return scores;
    }
}
