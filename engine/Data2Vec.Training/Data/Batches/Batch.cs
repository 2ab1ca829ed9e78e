namespace Data2Vec.Training.Data;

/// <summary>Loaded items that make one micro-batch.</summary>
/// <param name="Position">The place of the batch.</param>
/// <param name="Next">The place of the batch that follows, which may be in the next epoch. A run that is continued starts there.</param>
/// <param name="Items">
/// The items. There are none where all items of the batch are damaged, and at the end of an epoch whose batches do not divide among the ranks.
/// </param>
/// <param name="Planned">The number of items that the plan has in the batch.</param>
public sealed record Batch<TInput, TTarget>(
    BatchPosition Position, BatchPosition Next, IReadOnlyList<TrainingItem<TInput, TTarget>> Items, int Planned)
{
    /// <summary>Whether this is the last batch of its epoch.</summary>
    public bool EndsEpoch => Next.Epoch != Position.Epoch;
}
