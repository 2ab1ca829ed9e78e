namespace Data2Vec.Corpus;

/// <summary>
/// Decides which worker runs which shard of a job. The output folder is the truth: a shard is done when its file is there. A shard may run twice, for example
/// when its worker was believed dead; both runs write the same bytes.
/// </summary>
public interface IShardScheduler : IAsyncDisposable
{
    /// <summary>Takes the next shard for this worker. Waits while other workers run the shards that are left.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A shard, or null if every shard that this worker may run is done.</returns>
    ValueTask<Shard?> TakeAsync(CancellationToken cancellationToken);

    /// <summary>Tells that a shard is done: its file is in the output folder.</summary>
    /// <param name="shard">A shard that this worker has taken.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask CompleteAsync(Shard shard, CancellationToken cancellationToken);

    /// <summary>Gives a shard back that is not done, so that a worker takes it again.</summary>
    /// <param name="shard">A shard that this worker has taken.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask ReturnAsync(Shard shard, CancellationToken cancellationToken);
}
