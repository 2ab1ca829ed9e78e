using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Data;

/// <summary>Recordings without transcripts, for pretraining. A recording that is longer than <see cref="SpeechOptions.MaxSamples"/> is cut at a random place.</summary>
public sealed class RecordingData : TrainingData<float, NoTarget>
{
    private readonly RecordingSet _recordings;

    private RecordingData(RecordingList list, SpeechOptions options, SkippedItems skipped)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxSamples, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MinSamples, options.MaxSamples, nameof(options));
        _recordings = new RecordingSet(list, options, skipped, int.MaxValue);
        Skipped = skipped.Finish(list.Name, _recordings.Count);
    }

    /// <summary>What the user should know of recordings that are used all the same, for example a wrong length in a list.</summary>
    public IReadOnlyList<SkippedItem> Notes => _recordings.Notes;

    /// <inheritdoc/>
    public override int Count => _recordings.Count;

    /// <summary>
    /// Opens recordings: a fairseq manifest (<c>.tsv</c>), a table with a column of paths (<c>.csv</c>, <c>.tsv</c>), or a folder, which is searched with the
    /// folders in it.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">How recordings are read; null for the defaults.</param>
    /// <exception cref="InvalidDataException">There are no usable recordings, too many are bad, or one is and the reading is strict.</exception>
    /// <exception cref="IOException">The file or folder cannot be read.</exception>
    public static RecordingData Open(string path, SpeechOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new SpeechOptions();
        var skipped = new SkippedItems(options.Strict);
        return new RecordingData(SpeechLists.Read(path, options, withTranscripts: false, skipped), options, skipped);
    }

    /// <inheritdoc/>
    public override string Name(int item) => _recordings.Source(item).Name;

    /// <inheritdoc/>
    public override int Length(int item) => Math.Min(_recordings.Samples(item), _recordings.Options.MaxSamples);

    private protected override void AppendFingerprint(int item, FingerprintCrc crc)
    {
        crc.Append(_recordings.Source(item).Key);
        crc.Append(_recordings.Samples(item));
    }

    /// <inheritdoc/>
    protected override TrainingItem<float, NoTarget> LoadItem(int item, EpochRandom random)
    {
        float[] samples = _recordings.Load(item);
        int length = Length(item);
        int start = random.Sequence(RandomSite.Crop, item).NextInt32(samples.Length - length + 1);
        return new TrainingItem<float, NoTarget>(item, samples.AsMemory(start, length), default);
    }
}
