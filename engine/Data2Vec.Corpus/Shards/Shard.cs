namespace Data2Vec.Corpus;

/// <summary>Consecutive rows of a corpus whose results are one file.</summary>
/// <param name="Number">The place of the shard in the job, from 0.</param>
/// <param name="FirstRow">The number of its first row in the corpus.</param>
/// <param name="Rows">The number of its rows.</param>
public readonly record struct Shard(int Number, long FirstRow, int Rows);
