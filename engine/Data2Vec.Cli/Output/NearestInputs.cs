using System.Numerics.Tensors;

namespace Data2Vec.Cli;

/// <summary>Keeps the inputs whose vectors are the most similar to a vector, by their cosine.</summary>
internal sealed class NearestInputs(float[] vector, int count)
{
    // The least similar comes out first; among equals, the last one.
    private readonly PriorityQueue<(EmbeddingRecord Record, float Cosine), (float Cosine, long Place)> _nearest = new();
    private long _added;

    public void Add(EmbeddingRecord record)
    {
        float cosine = TensorPrimitives.CosineSimilarity<float>(vector, record.Values);
        _nearest.Enqueue((record, cosine), (cosine, -_added++));
        if (_nearest.Count > count)
        {
            _nearest.Dequeue();
        }
    }

    /// <summary>The inputs, most similar first, with their ranks from 1. It empties the list.</summary>
    public IEnumerable<(int Rank, EmbeddingRecord Record, float Cosine)> Ranked()
    {
        var ascending = new List<(EmbeddingRecord Record, float Cosine)>();
        while (_nearest.TryDequeue(out (EmbeddingRecord Record, float Cosine) next, out _))
        {
            ascending.Add(next);
        }

        ascending.Reverse();
        return ascending.Select((item, i) => (i + 1, item.Record, item.Cosine));
    }
}
