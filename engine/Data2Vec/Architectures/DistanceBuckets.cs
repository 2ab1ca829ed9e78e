using System.Text.Json.Nodes;

namespace Data2Vec;

/// <summary>
/// Relative positions in attention (Raffel et al. 2020), as WavLM (Chen et al. 2022) and MPNet (Song et al. 2020) have them: each head has a bias for each bucket of distances. Near keys have
/// a bucket for each distance, and farther ones buckets of growing width.
/// </summary>
/// <param name="Count">Half of them are for keys before the query and for itself, half for keys after it.</param>
/// <param name="Farthest">Keys at this distance and farther share a bucket on each side.</param>
/// <param name="IsGated">Whether each layer multiplies the bias by a gate for each row and head, which it computes from the input of attention.</param>
public sealed record DistanceBuckets(int Count, int Farthest, bool IsGated)
{
    /// <summary>The fewest buckets.</summary>
    public const int LeastCount = 4;

    /// <summary>The field of a configuration.</summary>
    internal const string Field = "distance_buckets";

    private const string CountName = "count", FarthestName = "farthest", IsGatedName = "gated";

    /// <summary>The most numbers of all heads: a gigabyte.</summary>
    private const long MostNumbers = 1 << 28;

    private int Half => Count / 2;

    /// <summary>The distances that have a bucket of their own, on each side; it is less than <see cref="Farthest"/>.</summary>
    public int Exact => Half / 2;

    internal static DistanceBuckets Read(JsonFields json, int heads)
    {
        var buckets = new DistanceBuckets(
            json.Integer(CountName, LeastCount, JsonFields.LargestSize), json.Size(FarthestName), json.Flag(IsGatedName));
        return buckets.Farthest <= buckets.Exact
            ? throw json.Bad(FarthestName, $"more than {buckets.Exact}, a quarter of the buckets")
            : heads * (2L * buckets.Farthest + 1) > MostNumbers
            ? throw new InvalidDataException($"biases of {heads} heads up to a distance of {buckets.Farthest} would take more than a gigabyte")
            : buckets;
    }

    /// <summary>Reads the field of a configuration; null if it is missing.</summary>
    internal static DistanceBuckets? Find(JsonFields json, int heads) => json.Has(Field) ? Read(json.Object(Field), heads) : null;

    internal JsonObject ToJson() => new() { [CountName] = Count, [FarthestName] = Farthest, [IsGatedName] = IsGated };

    /// <summary>The bucket of a key, by its place minus that of the query.</summary>
    internal int Bucket(int distance)
    {
        int side = distance > 0 ? Half : 0, away = Math.Abs(distance);
        if (away < Exact)
        {
            return side + away;
        }

        // In f32 after each step, as PyTorch computes it: the borders of buckets depend on it.
        float quotient = (float)away / Exact;
        float logarithm = (float)Math.Log(quotient);
        float share = logarithm / (float)Math.Log((double)Farthest / Exact);
        float place = share * (Half - Exact);
        return side + Math.Min(Exact + (int)place, Half - 1);
    }
}
