namespace Data2Vec.Training.Data;

/// <summary>Some items of other data, for example those that are held out to measure with.</summary>
public sealed class DataPart<TInput, TTarget> : TrainingData<TInput, TTarget>
{
    private readonly TrainingData<TInput, TTarget> _data;
    private readonly IReadOnlyList<int> _items;

    /// <summary>Takes items.</summary>
    /// <param name="data">The data.</param>
    /// <param name="items">The numbers of the items in it.</param>
    public DataPart(TrainingData<TInput, TTarget> data, IReadOnlyList<int> items)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(items);
        (_data, _items, Skipped) = (data, items, data.Skipped);
    }

    /// <inheritdoc/>
    public override int Count => _items.Count;

    /// <inheritdoc/>
    public override string Name(int item) => _data.Name(_items[item]);

    /// <inheritdoc/>
    public override int Length(int item) => _data.Length(_items[item]);

    private protected override void AppendFingerprint(int item, FingerprintCrc crc) => _data.AddTo(crc, _items[item]);

    /// <inheritdoc/>
    protected override TrainingItem<TInput, TTarget> LoadItem(int item, EpochRandom random) => _data.LoadUnnamed(_items[item], random);
}
