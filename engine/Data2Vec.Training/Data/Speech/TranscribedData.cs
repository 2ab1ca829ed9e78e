namespace Data2Vec.Training.Data;

/// <summary>Recordings with transcripts, for fine-tuning with CTC. The target of an item are the numbers of its labels.</summary>
public sealed class TranscribedData : TrainingData<float, int[]>
{
    private readonly RecordingSet _recordings;
    private readonly List<int[]> _targets = []; // in the order of the recordings
    private readonly SortedDictionary<string, int> _unknown = new(StringComparer.Ordinal);

    private TranscribedData(RecordingList list, TranscriptLabels? labels, SpeechOptions options, SkippedItems skipped)
    {
        _recordings = new RecordingSet(list, options, skipped, options.MaxSamples);
        Labels = labels ?? TranscriptLabels.FromTranscripts(list.Recordings.Select(recording => recording.Transcript ?? ""));
        _recordings.RemoveWhere((source, samples) =>
        {
            int[] target = source.Letters is { } letters ? Labels.EncodeLetters(letters, CountUnknown) : Labels.Encode(source.Transcript ?? "", CountUnknown);
            if (target.All(number => Labels.Names[number] is "|" or " "))
            {
                skipped.AddBad(source.Name, string.IsNullOrWhiteSpace(source.Transcript) ? "the transcript is empty" : "no character of the transcript has a label");
                return true;
            }

            int needed = FramesFor(target);
            if (options.Frames?.Invoke(samples) is { } frames && frames < needed)
            {
                skipped.AddBad(source.Name, $"the recording has {frames} frames, and its transcript needs {needed}; the recording is cut off, or the transcript is that of another");
                return true;
            }

            _targets.Add(target);
            return false;
        });
        Skipped = skipped.Finish(list.Name, _recordings.Count);
    }

    /// <summary>The labels.</summary>
    public TranscriptLabels Labels { get; }

    /// <summary>The characters of the transcripts that have no label, and how often each occurs.</summary>
    public IReadOnlyDictionary<string, int> UnknownCharacters => _unknown;

    /// <summary>What the user should know of recordings that are used all the same, for example a wrong length in a list.</summary>
    public IReadOnlyList<SkippedItem> Notes => _recordings.Notes;

    /// <inheritdoc/>
    public override int Count => _recordings.Count;

    /// <summary>
    /// Opens recordings with transcripts: a fairseq manifest (<c>.tsv</c>) with a <c>.ltr</c> or <c>.wrd</c> file beside it; a table (<c>.csv</c>,
    /// <c>.tsv</c>) with a column of paths and one of transcripts; a folder with one such table; or a folder as LibriSpeech has it, with
    /// <c>SPEAKER-CHAPTER.trans.txt</c> beside the recordings.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="labels">The labels; null for those of <c>dict.ltr.txt</c> beside a manifest, or else for the letters of the transcripts.</param>
    /// <param name="options">How recordings are read; null for the defaults.</param>
    /// <exception cref="InvalidDataException">
    /// There are no usable recordings, too many are bad, one is and the reading is strict, or the lines of two files do not belong together.
    /// </exception>
    /// <exception cref="IOException">The file or folder cannot be read.</exception>
    public static TranscribedData Open(string path, TranscriptLabels? labels = null, SpeechOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new SpeechOptions();
        var skipped = new SkippedItems(options.Strict);
        RecordingList list = SpeechLists.Read(path, options, withTranscripts: true, skipped);
        string dictionary = Path.Combine(DataFile.FolderOf(path), "dict.ltr.txt");
        bool isManifest = list.Recordings.Any(recording => recording.ListedSamples is not null);
        labels ??= isManifest && File.Exists(dictionary) ? TranscriptLabels.FromDictionary(dictionary) : null;
        return new TranscribedData(list, labels, options, skipped);
    }

    /// <inheritdoc/>
    public override string Name(int item) => _recordings.Source(item).Name;

    /// <inheritdoc/>
    public override int Length(int item) => _recordings.Samples(item);

    /// <summary>The numbers of an item's labels.</summary>
    public IReadOnlyList<int> Target(int item) => _targets[item];

    /// <summary>What is said in a recording, as the data has it.</summary>
    public string Transcript(int item) => _recordings.Source(item).Transcript!;

    /// <summary>The fewest frames in which CTC can say labels: one each, and a blank between equal neighbours.</summary>
    internal static int FramesFor(ReadOnlySpan<int> labels)
    {
        int frames = labels.Length;
        for (int i = 1; i < labels.Length; i++)
        {
            frames += labels[i] == labels[i - 1] ? 1 : 0;
        }

        return frames;
    }

    private protected override void AppendFingerprint(int item, FingerprintCrc crc)
    {
        crc.Append(_recordings.Source(item).Key);
        crc.AppendTarget(_targets[item]);
    }

    /// <inheritdoc/>
    protected override TrainingItem<float, int[]> LoadItem(int item, EpochRandom random) =>
        new(item, _recordings.Load(item), _targets[item]);

    private void CountUnknown(string character) => _unknown[character] = _unknown.GetValueOrDefault(character) + 1;
}
