using Data2Vec.Training.Data;

namespace Data2Vec.Training.Tests.Data;

/// <summary>Data of which some items cannot be loaded.</summary>
internal sealed class FaultyData(TrainingData<int, int> data, HashSet<int> faulty, Exception? error = null, bool isSlow = false) : TrainingData<int, int>
{
    private int _loaded;

    public int Loaded => Volatile.Read(ref _loaded);

    public override int Count => data.Count;

    public override string Name(int item) => data.Name(item);

    public override int Length(int item) => data.Length(item);

    private protected override void AppendFingerprint(int item, FingerprintCrc crc)
    {
    }

    protected override TrainingItem<int, int> LoadItem(int item, EpochRandom random)
    {
        Interlocked.Increment(ref _loaded);
        if (isSlow)
        {
            // Batches finish in another order than they begin.
            Thread.Sleep(item % 3);
        }

        return faulty.Contains(item) ? throw error ?? new InvalidDataException("the file is torn") : data.Load(item, random);
    }
}
