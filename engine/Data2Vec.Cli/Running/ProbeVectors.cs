using Data2Vec.Training.Data;
using Data2Vec.Training.Probing;

namespace Data2Vec.Cli;

/// <summary>The vectors of examples, for one or more layers, and their classes or numbers.</summary>
internal sealed record ProbeVectors(IReadOnlyList<FeatureVectors> Layers, double[] Targets)
{
    private const int MostTogether = 64;

    /// <summary>The class of each example.</summary>
    public int[] Labels => [.. Targets.Select(target => (int)target)];

    /// <summary>Embeds examples, a few at a time.</summary>
    /// <exception cref="InvalidDataException">None can be embedded.</exception>
    public static ProbeVectors Embed(
        ProbeExamples examples, string source, Modality modality, EmbeddingOptions options, bool allLayers, BadInputs bad, Action<double> report, CancellationToken cancellation)
    {
        var embedded = new List<ProbeExample>(examples.Data.Count);
        int done = 0;
        foreach (int[] items in Batches(examples.Data, modality))
        {
            cancellation.ThrowIfCancellationRequested();
            embedded.AddRange(examples.Embed(items, options, allLayers, bad, cancellation));
            done += items.Length;
            report((double)done / examples.Data.Count);
        }

        return embedded.Count == 0
            ? throw new InvalidDataException($"{source}: none of its examples can be embedded")
            : new ProbeVectors(
                [.. Enumerable.Range(0, embedded[0].Vectors.Length).Select(layer => FeatureVectors.Join([.. embedded.Select(example => example.Vectors[layer])], i => embedded[i].Name))],
                [.. embedded.Select(example => example.Target)]);
    }

    /// <summary>Examples that are in memory at the same time: about a minute of sound, 16,384 tokens, or 32 images.</summary>
    public static IEnumerable<int[]> Batches(TrainingData data, Modality modality)
    {
        long most = modality switch
        {
            Modality.Speech => 1 << 20,
            Modality.Text => 1 << 14,
            _ => 32,
        };
        long length = 0;
        int first = 0;
        for (int item = 0; item < data.Count; item++)
        {
            if (item > first && (length + data.Length(item) > most || item - first == MostTogether))
            {
                yield return [.. Enumerable.Range(first, item - first)];
                (first, length) = (item, 0);
            }

            length += data.Length(item);
        }

        yield return [.. Enumerable.Range(first, data.Count - first)];
    }
}
