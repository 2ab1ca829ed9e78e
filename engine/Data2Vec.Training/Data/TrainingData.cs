using Data2Vec.Training.State;

namespace Data2Vec.Training.Data;

/// <summary>
/// Items to train on or to measure with, numbered from 0. The numbers do not change while the files stay the same. Instances are immutable and thread-safe.
/// </summary>
public abstract class TrainingData
{
    private readonly Lazy<DataFingerprint> _fingerprint;

    /// <summary>Creates data.</summary>
    protected TrainingData() => _fingerprint = new Lazy<DataFingerprint>(() =>
    {
        var crc = new FingerprintCrc();
        for (int item = 0; item < Count; item++)
        {
            crc.Append(Length(item));
            AppendFingerprint(item, crc);
        }

        return new DataFingerprint(Count, crc.Value);
    });

    /// <summary>The number of items.</summary>
    public abstract int Count { get; }

    /// <summary>The items that were left out when the data was read, in their order.</summary>
    public IReadOnlyList<SkippedItem> Skipped { get; protected init; } = [];

    /// <summary>Tells this data from other data. Computed at the first call.</summary>
    public DataFingerprint Fingerprint => _fingerprint.Value;

    /// <summary>What messages call an item: its file, or its file and line.</summary>
    public abstract string Name(int item);

    /// <summary>The size of an item's input: samples, tokens, or 1 for an image.</summary>
    public abstract int Length(int item);

    internal void AddTo(FingerprintCrc crc, int item) => AppendFingerprint(item, crc);

    /// <summary>Adds what tells an item from others besides its length. Names are relative to the data's folder, so that a folder can be moved.</summary>
    private protected virtual void AppendFingerprint(int item, FingerprintCrc crc) => crc.Append(Name(item));
}

/// <summary>Items with their inputs and targets.</summary>
/// <typeparam name="TInput">The type of an input's elements: <see cref="float"/> for samples and pixels, <see cref="int"/> for token ids.</typeparam>
/// <typeparam name="TTarget">The type of the targets.</typeparam>
public abstract class TrainingData<TInput, TTarget> : TrainingData
{
    /// <summary>Loads an item. The same arguments give the same item.</summary>
    /// <param name="item">The number of the item.</param>
    /// <param name="random">The random numbers for crops and augmentation.</param>
    /// <exception cref="InvalidDataException">The item is damaged or missing. The message names it.</exception>
    public TrainingItem<TInput, TTarget> Load(int item, EpochRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(item);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(item, Count);
        try
        {
            return LoadItem(item, random);
        }
        catch (Exception error) when (ItemErrors.IsOfItem(error))
        {
            throw new InvalidDataException($"{Name(item)}: {ItemErrors.Reason(error)}", error);
        }
    }

    internal TrainingItem<TInput, TTarget> LoadUnnamed(int item, EpochRandom random) => LoadItem(item, random);

    /// <summary>Loads an item. Messages of errors do not name it.</summary>
    /// <param name="item">The number of the item.</param>
    /// <param name="random">The random numbers for crops and augmentation.</param>
    /// <exception cref="InvalidDataException">The item is damaged or missing. The message does not name it.</exception>
    protected abstract TrainingItem<TInput, TTarget> LoadItem(int item, EpochRandom random);
}
