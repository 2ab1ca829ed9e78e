using Data2Vec.Training.Data;
using Data2Vec.Training.Recipes;

namespace Data2Vec.Training.Runs;

/// <summary>How a run reads its data.</summary>
internal static class BatchReading
{
    public static BatchReaderOptions Options(BatchSettings batch, ulong seed, RunOptions run, Func<int, int> rows) => new()
    {
        Batches = new BatchOptions { MaxRows = batch.Rows, MaxItems = batch.Items },
        Seed = seed,
        Rows = rows,
        Rank = run.Exchange.Rank,
        Ranks = run.Exchange.Count,
        Workers = run.Workers,
        Ahead = Math.Max(2, 2 * batch.Accumulate),
        CropToShortest = batch.CropToShortest,
        Strict = run.Strict,
        Report = run.Skipped,
    };
}
