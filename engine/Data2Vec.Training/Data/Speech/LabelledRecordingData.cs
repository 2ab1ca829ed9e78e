using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>Recordings with classes. The target of an item is the number of its class.</summary>
public sealed class LabelledRecordingData : TrainingData<float, int>
{
    private readonly RecordingSet _recordings;
    private readonly ClassNames _names;

    private LabelledRecordingData(string path, SpeechOptions options, IReadOnlyList<string>? classes, string? labelColumn)
    {
        var skipped = new SkippedItems(options.Strict);
        RecordingList list = Directory.Exists(path)
            ? new RecordingList(path, [.. ClassFolders.Find(path, FolderFiles.IsRecording, "recording", skipped)
                .Select(file => new RecordingSource(file.Path, FolderFiles.Key(path, file.Path), file.Path, Label: file.Class))])
            : TranscriptTable.ReadLabels(path, options, labelColumn, skipped);
        _names = ClassNames.Create(classes, list.Recordings.Select(recording => recording.Label!));
        _recordings = new RecordingSet(list, options, skipped, options.MaxSamples);
        _recordings.RemoveWhere((recording, _) =>
        {
            bool isUnknown = _names.Number(recording.Label!) < 0;
            if (isUnknown)
            {
                skipped.AddBad(recording.Name, $"the class {recording.Label.AsSpan().Quote()} is not one of the {Classes.Count} classes");
            }

            return isUnknown;
        });
        Skipped = skipped.Finish(path, _recordings.Count);
    }

    /// <summary>The names of the classes in the order of their numbers.</summary>
    public IReadOnlyList<string> Classes => _names.Names;

    /// <inheritdoc/>
    public override int Count => _recordings.Count;

    /// <summary>Opens recordings with classes.</summary>
    /// <param name="path">A folder with a folder for each class, or a table (<c>.csv</c>, <c>.tsv</c>) with columns of paths and of labels.</param>
    /// <param name="options">How recordings are read. Those longer than <see cref="SpeechOptions.MaxSamples"/> are left out.</param>
    /// <param name="classes">The names of the classes in the order of their numbers; null for the names that are found, sorted.</param>
    /// <param name="labelColumn">The name of the column with labels; null for <c>label</c> and other usual names.</param>
    /// <exception cref="InvalidDataException">There are no usable recordings, too many are bad, or one is and the reading is strict.</exception>
    /// <exception cref="IOException">The file or folder cannot be read.</exception>
    public static LabelledRecordingData Open(string path, SpeechOptions options, IReadOnlyList<string>? classes = null, string? labelColumn = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        return new LabelledRecordingData(path, options, classes, labelColumn);
    }

    /// <inheritdoc/>
    public override string Name(int item) => _recordings.Source(item).Name;

    /// <inheritdoc/>
    public override int Length(int item) => _recordings.Samples(item);

    /// <summary>The number of an item's class.</summary>
    public int Target(int item) => _names.Number(_recordings.Source(item).Label!);

    private protected override void AppendFingerprint(int item, FingerprintCrc crc)
    {
        crc.Append(_recordings.Source(item).Key);
        crc.Append(_recordings.Samples(item));
        crc.Append(Target(item));
    }

    /// <inheritdoc/>
    protected override TrainingItem<float, int> LoadItem(int item, EpochRandom random) => new(item, _recordings.Load(item), Target(item));
}
