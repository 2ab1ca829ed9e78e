namespace Data2Vec.Training.Data;

/// <summary>Data that a program has in memory.</summary>
public sealed class MemoryData<TInput, TTarget> : TrainingData<TInput, TTarget>
{
    private readonly IReadOnlyList<(ReadOnlyMemory<TInput> Input, TTarget Target)> _items;

    /// <summary>Wraps items without copying them.</summary>
    /// <param name="items">Inputs as the model reads them, and their targets.</param>
    public MemoryData(IReadOnlyList<(ReadOnlyMemory<TInput> Input, TTarget Target)> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        _items = items;
    }

    /// <inheritdoc/>
    public override int Count => _items.Count;

    /// <inheritdoc/>
    public override string Name(int item) => $"item {item}";

    /// <inheritdoc/>
    public override int Length(int item) => _items[item].Input.Length;

    private protected override void AppendFingerprint(int item, FingerprintCrc crc) => crc.AppendTarget(_items[item].Target);

    /// <inheritdoc/>
    protected override TrainingItem<TInput, TTarget> LoadItem(int item, EpochRandom random) => new(item, _items[item].Input, _items[item].Target);
}
