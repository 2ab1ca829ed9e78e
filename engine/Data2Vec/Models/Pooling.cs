namespace Data2Vec;

/// <summary>
/// How the rows of a hidden state become one vector. Several ways can be combined: their vectors are joined in the order class, maximum, mean, mean by the
/// square root, weighted mean, last, as sentence-transformers joins them.
/// </summary>
[Flags]
public enum Pooling
{
    /// <summary>All rows are kept: <c>[rows, features]</c>.</summary>
    None = 0,

    /// <summary>The mean of the rows. For images it skips the class token.</summary>
    Mean = 1,

    /// <summary>The first row, for models with a row that represents the whole input (<c>&lt;s&gt;</c>, the class token).</summary>
    Class = 2,

    /// <summary>The greatest number of each feature in the rows that the mean takes.</summary>
    Max = 4,

    /// <summary>The sum of the rows that the mean takes, divided by the square root of their number.</summary>
    MeanSqrtLength = 8,

    /// <summary>The mean of the rows that <see cref="Mean"/> takes, where row <c>i</c> of an input, counted from 1, has the weight <c>i</c>.</summary>
    WeightedMean = 16,

    /// <summary>The last row: the closing token of a text.</summary>
    Last = 32,

    /// <summary>
    /// The vector that the model itself makes of the encoder's output, for a classification head or for its users: for example a normalization of the
    /// mean, or a linear layer and tanh after the class token. Of a layer it is the rows that this vector is made of, without more. It is combined with no other.
    /// </summary>
    Pooler = 64,
}

/// <summary>Parts of poolings.</summary>
internal static class Poolings
{
    /// <summary>The poolings that are combined in one, in the order in which their vectors are joined.</summary>
    public static IEnumerable<PoolingNames> Parts(this Pooling pooling) => PoolingNames.All.Where(part => (pooling & part.Pooling) != 0);

    /// <summary>Whether nothing but known poolings are combined.</summary>
    public static bool IsKnown(this Pooling pooling) => (pooling == Pooling.Pooler || !pooling.HasFlag(Pooling.Pooler)) && pooling.Parts().Aggregate(Pooling.None, (all, part) => all | part.Pooling) == pooling;
}
