namespace Data2Vec.Training.Data;

/// <summary>
/// A CSV or TSV file with a column of paths and one of transcripts, as of Common Voice, DeepSpeech and Hugging Face's folders of recordings; or with one of labels.
/// </summary>
internal static class TranscriptTable
{
    private static readonly string[] s_paths = ["path", "file", "audio", "filename", "file_name", "wav_filename", "audio_path", "audio_file", "wav", "recording"];

    private static readonly string[] s_transcripts = ["transcript", "text", "sentence", "transcription", "normalized_text"];

    private static readonly string[] s_labels = ["label", "labels", "class", "category", "target"];

    // Where the recordings are that a table names without a folder: Common Voice, LJ Speech, others.
    private static readonly string[] s_folders = ["clips", "wavs", "audio"];

    /// <summary>Whether a word is the name of a column with paths.</summary>
    public static bool IsPathColumn(string name) => s_paths.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a word is the name of a column with transcripts.</summary>
    public static bool IsTranscriptColumn(string name) => s_transcripts.Contains(name, StringComparer.OrdinalIgnoreCase);

    public static RecordingList Read(string path, SpeechOptions options, bool withTranscripts, SkippedItems skipped)
    {
        var table = Table.Read(path, new TableOptions());
        int file = PathColumn(table), transcript = table.Find(s_transcripts);
        if (withTranscripts && transcript < 0)
        {
            throw table.Missing($"no column with transcripts; name it {s_transcripts[0]}");
        }

        return Read(table, file, options, skipped, (row, recording) => !withTranscripts ? recording
            : row.Length > transcript ? recording with { Transcript = row[transcript] }
            : throw new InvalidDataException("the transcript is missing"));
    }

    /// <summary>Reads recordings with the names of their classes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How recordings are read.</param>
    /// <param name="column">The name of the column with labels; null to find it by its usual names.</param>
    /// <param name="skipped">Receives lines that cannot be used.</param>
    public static RecordingList ReadLabels(string path, SpeechOptions options, string? column, SkippedItems skipped)
    {
        var table = Table.Read(path, new TableOptions());
        int file = PathColumn(table), label = column is null ? table.Find(s_labels) : table.Require(column);
        if (label < 0)
        {
            throw table.Missing($"no column with labels; name it {s_labels[0]}, or say which it is");
        }

        return Read(table, file, options, skipped, (row, recording) => row.ElementAtOrDefault(label)?.Trim() is { Length: > 0 } name
            ? recording with { Label = name }
            : throw new InvalidDataException("the label is missing"));
    }

    private static int PathColumn(Table table) =>
        table.Find(s_paths) is >= 0 and var column ? column : throw table.Missing($"no column with the paths of recordings; name it {s_paths[0]}");

    private static RecordingList Read(
        Table table, int file, SpeechOptions options, SkippedItems skipped, Func<string[], RecordingSource, RecordingSource> complete)
    {
        string root = options.Root ?? DataFile.FolderOf(table.Path);
        var recordings = new List<RecordingSource>();
        foreach (TableRow row in table.Rows)
        {
            try
            {
                string listed = row.Fields.ElementAtOrDefault(file)?.Trim() is { Length: > 0 } name ? name : throw new InvalidDataException("the path is missing");
                string recording = Find(root, listed);
                recordings.Add(complete(row.Fields, new RecordingSource(recording, listed.Replace('\\', '/'), $"{recording} ({table.Name(row)})")));
            }
            catch (InvalidDataException error)
            {
                skipped.AddBad(table.Name(row), error.Message);
            }
        }

        return new RecordingList(table.Path, recordings);
    }

    private static string Find(string root, string listed)
    {
        string path = DataFile.Resolve(root, listed);
        return File.Exists(path) ? path : s_folders.Select(folder => DataFile.Resolve(Path.Combine(root, folder), listed)).FirstOrDefault(File.Exists, path);
    }
}
