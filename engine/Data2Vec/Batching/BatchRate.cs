namespace Data2Vec.Batching;

/// <summary>The speed of a model: that of its last batches, of which a large one counts for more than a small one.</summary>
internal sealed class BatchRate
{
    private const double Kept = 0.8; // of the weight of earlier batches

    private double _seconds, _rows;

    /// <summary>Takes a batch that has run.</summary>
    public void Add(int rows, TimeSpan time) => (_seconds, _rows) = (Kept * _seconds + time.TotalSeconds, Kept * _rows + rows);

    /// <summary>The time that rows will take; zero before the first batch.</summary>
    public TimeSpan Estimate(long rows) => _rows > 0 ? TimeSpan.FromSeconds(Math.Min(rows * _seconds / _rows, TimeSpan.MaxValue.TotalSeconds / 2)) : TimeSpan.Zero;
}
