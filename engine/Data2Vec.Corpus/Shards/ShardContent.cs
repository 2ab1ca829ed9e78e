namespace Data2Vec.Corpus;

/// <summary>A shard in memory.</summary>
/// <param name="Columns">The columns of the task.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Facts">Facts about the rows.</param>
internal sealed record ShardContent(IReadOnlyList<ResultColumn> Columns, IReadOnlyList<ShardRow> Rows, IReadOnlyDictionary<string, string> Facts);
