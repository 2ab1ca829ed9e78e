using Data2Vec.Audio;
using Data2Vec.Training.Data;
using Data2Vec.Training.Recipes;
using Data2Vec.Vision;

namespace Data2Vec.Training.Runs;

/// <summary>How a run reads its data.</summary>
internal static class BatchReading
{
    public static BatchReader<T, TTarget> Reader<T, TTarget>(TrainingData<T, TTarget> data, ModelConfig model, BatchSettings batch, ulong seed, RunOptions run) => new(data, new BatchReaderOptions
    {
        Batches = Limits(batch),
        Seed = seed,
        Rows = length => Rows(model, length),
        Rank = run.Exchange.Rank,
        Ranks = run.Exchange.Count,
        Workers = run.Workers,
        Ahead = Math.Max(2, 2 * batch.Accumulate),
        CropToShortest = batch.CropToShortest,
        Strict = run.Strict,
        Report = run.Skipped,
    });

    /// <summary>The batches of the first epoch. Other epochs have as many.</summary>
    public static BatchPlan Plan(TrainingData data, ModelConfig model, BatchSettings batch, ulong seed) =>
        BatchPlan.Create(seed, 0, [.. Enumerable.Range(0, data.Count).Select(item => Rows(model, data.Length(item)))], Limits(batch));

    /// <summary>The rows of the network that an input becomes.</summary>
    /// <param name="model">The structure of the model.</param>
    /// <param name="length">The samples or tokens of the input.</param>
    public static int Rows(ModelConfig model, int length) => model switch
    {
        AudioConfig speech => speech.Frames(length),
        VisionConfig vision => 1 + vision.Patches,
        _ => length,
    };

    private static BatchOptions Limits(BatchSettings batch) => new() { MaxRows = batch.Rows, MaxItems = batch.Items };
}
