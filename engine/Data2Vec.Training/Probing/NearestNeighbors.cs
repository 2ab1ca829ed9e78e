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

    /// <summary>
    /// Measures how well vectors find others of their class: for each number k, the share of vectors that have another of their class among the k nearest others
    /// (recall@k of image retrieval). Vectors that are the only one of their class are left out.
    /// </summary>
    /// <param name="vectors">The vectors.</param>
    /// <param name="labels">Their classes, not negative.</param>
    /// <param name="counts">The numbers k.</param>
    /// <param name="threads">The number of threads, all processors by default. It does not change results.</param>
    /// <returns>A share for each number. NaN if no class has two vectors.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit, or a label is negative.</exception>
    public static double[] Recall(FeatureVectors vectors, ReadOnlySpan<int> labels, IReadOnlyList<int> counts, int? threads = null)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.Count == 0 || counts.Min() < 1)
        {
            throw new ArgumentException("There must be numbers of neighbours, of at least 1.", nameof(counts));
        }

        int[] classes = labels.ToArray();
        Dictionary<int, int> sizes = classes.CountBy(label => label).ToDictionary();
        long[] found = new long[counts.Count];
        int asked = 0;
        foreach ((int query, Nearest nearest) in Search(vectors, classes, vectors, counts.Max(), leavesOneOut: true, threads ?? Environment.ProcessorCount))
        {
            if (sizes[classes[query]] == 1)
            {
                continue;
            }

            asked++;
            int place = nearest.Place(classes, classes[query]);
            for (int i = 0; i < found.Length; i++)
            {
                found[i] += place < counts[i] ? 1 : 0;
            }
        }

        return [.. found.Select(count => count / (double)asked)];
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
        int[] classes = labels.ToArray();
        return [.. Search(known, classes, queries, neighbors, leavesOneOut, threads).Select(result => result.Nearest.Vote(classes))];
    }

    /// <summary>The nearest known vectors of each query, in the order of the queries.</summary>
    private static IEnumerable<(int Query, Nearest Nearest)> Search(FeatureVectors known, int[] classes, FeatureVectors queries, int neighbors, bool leavesOneOut, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(neighbors);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        if (known.Count != classes.Length || known.Features != queries.Features)
        {
            throw new ArgumentException(
                $"{known.Count} known vectors of {known.Features} features do not fit {classes.Length} labels and queries of {queries.Features} features.");
        }

        if (classes.Any(label => label < 0))
        {
            throw new ArgumentException("A label is negative.", nameof(classes));
        }

        using var products = new VectorProducts(UnitVectors(known, 0, known.Count), known.Features, withGradients: false, threads);
        for (int start = 0; start < queries.Count; start += BatchQueries)
        {
            int first = start, count = Math.Min(BatchQueries, queries.Count - start);
            Nearest[] nearest = [.. Enumerable.Range(0, count).Select(i => new Nearest(neighbors, leavesOneOut ? first + i : -1))];
            products.Run(UnitVectors(queries, start, count), (firstKnown, cosines) => ParallelTasks.Run(count, threads, i => nearest[i].Add(firstKnown, cosines, i)));
            for (int i = 0; i < count; i++)
            {
                yield return (start + i, nearest[i]);
            }
        }
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

        /// <summary>The place of the nearest one of a class, from 0; a large number if there is none.</summary>
        public int Place(int[] labels, int label) => _found.FindIndex(neighbor => labels[neighbor.Vector] == label) is >= 0 and var place ? place : int.MaxValue;

        public int Vote(int[] labels) => _found.GroupBy(neighbor => labels[neighbor.Vector])
            .OrderByDescending(votes => votes.Count()).ThenByDescending(votes => votes.Sum(vote => (double)vote.Cosine)).ThenBy(votes => votes.Key).First().Key;
    }
}
