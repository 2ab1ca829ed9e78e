namespace Data2Vec.Corpus;

/// <summary>How a job is cut into shards.</summary>
public sealed record CorpusJobOptions
{
    /// <summary>The rows of a shard by default: few for files, which take long, and more for texts.</summary>
    internal const int Files = 1_000, Texts = 10_000;

    /// <summary>The most rows of a shard, which is in memory as a whole.</summary>
    public const int MaxRowsPerShard = 100_000;

    /// <summary>
    /// The rows of a shard: null for 1,000 recordings or images, or 10,000 texts. A shard is in memory until it is written, and the work on it is lost if its
    /// worker ends.
    /// </summary>
    public int? RowsPerShard { get; init; }
}
