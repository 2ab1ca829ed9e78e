namespace Data2Vec.Corpus;

/// <summary>A row of a shard.</summary>
internal sealed class ShardRow
{
    public required string Id { get; init; }

    /// <summary>Where the input comes from.</summary>
    public required string Source { get; init; }

    /// <summary>What the data say about the input.</summary>
    public string? Reference { get; init; }

    /// <summary>The SHA-256 of what was read; null if nothing was.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Rows of the model that the input took; null for an error.</summary>
    public int? Rows { get; init; }

    /// <summary>A value for each column of the task; null for an error.</summary>
    public object?[]? Values { get; init; }

    /// <summary>What is wrong with the input; null if nothing is.</summary>
    public InputError? Error { get; init; }
}
