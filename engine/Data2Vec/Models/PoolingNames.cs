namespace Data2Vec;

/// <summary>The names of a pooling.</summary>
/// <param name="Pooling">The pooling, combined with no other.</param>
/// <param name="InModelFile">The name in model files.</param>
/// <param name="Option">The name for options of programs.</param>
/// <param name="Flag">The flag of sentence-transformers without <c>pooling_mode_</c>; null if it has no such pooling.</param>
/// <param name="Mode">The mode of newer versions of sentence-transformers; null if it has no such pooling.</param>
public sealed record PoolingNames(Pooling Pooling, string InModelFile, string Option, string? Flag, string? Mode)
{
    /// <summary>All of them, in the order in which vectors are joined.</summary>
    public static IReadOnlyList<PoolingNames> All { get; } =
    [
        new(Pooling.Class, "class", "cls", "cls_token", "cls"),
        new(Pooling.Max, "max", "max", "max_tokens", "max"),
        new(Pooling.Mean, "mean", "mean", "mean_tokens", "mean"),
        new(Pooling.MeanSqrtLength, "mean_sqrt_length", "mean-sqrt-len", "mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
        new(Pooling.WeightedMean, "weighted_mean", "weighted-mean", "weightedmean_tokens", "weightedmean"),
        new(Pooling.Last, "last", "last", "lasttoken", "lasttoken"),
        new(Pooling.Pooler, "pooler", "pooler", null, null),
    ];

    /// <summary>The name of a pooling for options of programs; those of combined poolings are joined by <c>+</c>.</summary>
    public static string OptionOf(Pooling pooling) => string.Join('+', pooling.Parts().Select(part => part.Option));
}
