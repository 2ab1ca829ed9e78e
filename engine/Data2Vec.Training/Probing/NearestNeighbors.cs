using Data2Vec.Training.Threading;

namespace Data2Vec.Training.Probing;

/// <summary>
/// Classification by the nearest vectors: those with the highest cosine. The class of most neighbours wins; of several, the one whose cosines add up to
/// more, then the first. Nothing is trained, so it shows what the vectors themselves contain.
/// </summary>
public static class NearestNeighbors
{
    /// <summary>Queries that are compared at once.</summary>
    private const int BatchQueries = 512;

    /// <summary>Predicts the classes of vectors from others whose classes are known.</summary>
    /// <param name="known">The vectors with known classes.</param>
    /// <param name="labels">Their classes, not negative.</param>
    /// <param name="queries">The vectors to predict.</param>
    /// <param name="neighbors">The number of neighbours. If there are fewer known vectors, all of them vote.</param>
    /// <param name="threads">The number of threads, all processors by default. It does not change results.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a label is negative.</exception>
    public static int[] Predict(FeatureVectors known, ReadOnlySpan<int> labels, FeatureVectors queries, int neighbors = 5, int? threads = null)
    {
        ArgumentNullException.ThrowIfNull(queries);
        return Predict(known, labels, queries, neighbors, leavesOneOut: false, threads ?? Environment.ProcessorCount);
    }

    /// <summary>Predicts the class of each vector from all others.</summary>
    /// <inheritdoc cref="Predict(FeatureVectors, ReadOnlySpan{int}, FeatureVectors, int, int?)"/>
    /// <param name="vectors">The vectors.</param>
    /// <param name="labels">Their classes, not negative.</param>
    /// <param name="neighbors">The number of neighbours. If there are fewer other vectors, all of them vote.</param>
    /// <param name="threads">The number of threads, all processors by default. It does not change results.</param>
    public static int[] LeaveOneOut(FeatureVectors vectors, ReadOnlySpan<int> labels, int neighbors = 5, int? threads = null)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        return vectors.Count > 1
            ? Predict(vectors, labels, vectors, neighbors, leavesOneOut: true, threads ?? Environment.ProcessorCount)
            : throw new ArgumentException("A single vector has no neighbour.", nameof(vectors));
    }

    /// <summary>Measures on the held-out vectors that a probe with the same options is measured on.</summary>
    internal static ClassificationQuality Measure(FeatureVectors vectors, int[] labels, int classes, ProbeOptions options, int neighbors)
    {
        List<int> predicted = [], right = [];
        foreach ((int[] kept, int[] heldOut) in HeldOutSplit.All(labels, options))
        {
            predicted.AddRange(Predict(vectors.Select(kept), [.. kept.Select(item => labels[item])], vectors.Select(heldOut), neighbors, options.Threads));
            right.AddRange(heldOut.Select(item => labels[item]));
        }

        return new ClassificationQuality([.. predicted], [.. right], classes);
    }

    private static int[] Predict(FeatureVectors known, ReadOnlySpan<int> labels, FeatureVectors queries, int neighbors, bool leavesOneOut, int threads)
    {
        ArgumentNullException.ThrowIfNull(known);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(neighbors);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        if (known.Count != labels.Length || known.Features != queries.Features)
        {
            throw new ArgumentException(
                $"{known.Count} known vectors of {known.Features} features do not fit {labels.Length} labels and queries of {queries.Features} features.");
        }

        int[] classes = labels.ToArray();
        if (classes.Any(label => label < 0))
        {
            throw new ArgumentException("A label is negative.", nameof(labels));
        }

        using var products = new VectorProducts(UnitVectors(known, 0, known.Count), known.Features, withGradients: false, threads);
        int[] predicted = new int[queries.Count];
        for (int start = 0; start < queries.Count; start += BatchQueries)
        {
            int first = start, count = Math.Min(BatchQueries, queries.Count - start);
            Nearest[] nearest = [.. Enumerable.Range(0, count).Select(i => new Nearest(neighbors, leavesOneOut ? first + i : -1))];
            products.Run(UnitVectors(queries, start, count), (firstKnown, cosines) => ParallelTasks.Run(count, threads, i => nearest[i].Add(firstKnown, cosines, i)));
            for (int i = 0; i < count; i++)
            {
                predicted[start + i] = nearest[i].Vote(classes);
            }
        }

        return predicted;
    }

    /// <summary>Vectors of length 1. A vector of zeros stays, so its cosines are 0.</summary>
    private static float[] UnitVectors(FeatureVectors vectors, int first, int count)
    {
        float[] values = new float[count * vectors.Features];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> vector = vectors[first + i];

            // In double: the squares of large or tiny floats leave the range of floats.
            double sum = 0;
            foreach (float value in vector)
            {
                sum += (double)value * value;
            }

            double scale = sum > 0 ? 1 / Math.Sqrt(sum) : 0;
            for (int k = 0; k < vector.Length; k++)
            {
                values[(i * vectors.Features) + k] = (float)(vector[k] * scale);
            }
        }

        return values;
    }

    /// <summary>The nearest vectors of a query so far, nearest first. Of equal cosines the first vector counts as nearer.</summary>
    private sealed class Nearest(int neighbors, int excluded)
    {
        private readonly List<(float Cosine, int Vector)> _found = [];

        public unsafe void Add(int firstKnown, Tensor cosines, int query)
        {
            var row = new ReadOnlySpan<float>(cosines.Row(query), cosines.Columns);
            for (int i = 0; i < row.Length; i++)
            {
                float cosine = row[i];
                if ((_found.Count < neighbors || cosine > _found[^1].Cosine) && firstKnown + i != excluded)
                {
                    int place = _found.FindIndex(other => cosine > other.Cosine);
                    _found.Insert(place < 0 ? _found.Count : place, (cosine, firstKnown + i));
                    if (_found.Count > neighbors)
                    {
                        _found.RemoveAt(neighbors);
                    }
                }
            }
        }

        public int Vote(int[] labels) => _found.GroupBy(neighbor => labels[neighbor.Vector])
            .OrderByDescending(votes => votes.Count()).ThenByDescending(votes => votes.Sum(vote => (double)vote.Cosine)).ThenBy(votes => votes.Key).First().Key;
    }
}
