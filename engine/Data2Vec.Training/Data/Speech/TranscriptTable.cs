namespace Data2Vec.Training.Data;

/// <summary>A CSV or TSV file with a column of paths and one of transcripts, as of Common Voice, DeepSpeech and Hugging Face's folders of recordings.</summary>
internal static class TranscriptTable
{
    private static readonly string[] s_paths = ["path", "file", "audio", "filename", "file_name", "wav_filename", "audio_path", "audio_file", "wav", "recording"];

    private static readonly string[] s_transcripts = ["transcript", "text", "sentence", "transcription", "normalized_text"];

    // Where the recordings are that a table names without a folder: Common Voice, LJ Speech, others.
    private static readonly string[] s_folders = ["clips", "wavs", "audio"];

    /// <summary>Whether a word is the name of a column with paths.</summary>
    public static bool IsPathColumn(string name) => s_paths.Contains(name, StringComparer.OrdinalIgnoreCase);

    public static RecordingList Read(string path, SpeechOptions options, bool withTranscripts, SkippedItems skipped)
    {
        var table = Table.Read(path, new TableOptions());
        int file = table.Find(s_paths), transcript = table.Find(s_transcripts);
        if (file < 0)
        {
            throw table.Missing($"no column with the paths of recordings; name it {s_paths[0]}");
        }

        if (withTranscripts && transcript < 0)
        {
            throw table.Missing($"no column with transcripts; name it {s_transcripts[0]}");
        }

        string root = options.Root ?? DataFile.FolderOf(path);
        var recordings = new List<RecordingSource>();
        foreach (TableRow row in table.Rows)
        {
            string listed = row.Fields.ElementAtOrDefault(file)?.Trim() ?? "";
            if (listed.Length == 0 || (withTranscripts && row.Fields.Length <= transcript))
            {
                skipped.AddBad(table.Name(row), listed.Length == 0 ? "the path is missing" : "the transcript is missing");
                continue;
            }

            string recording = Find(root, listed);
            recordings.Add(new RecordingSource(
                recording, listed.Replace('\\', '/'), $"{recording} ({table.Name(row)})", withTranscripts ? row.Fields[transcript] : null));
        }

        return new RecordingList(path, recordings);
    }

    private static string Find(string root, string listed)
    {
        string path = DataFile.Resolve(root, listed);
        return File.Exists(path) ? path : s_folders.Select(folder => DataFile.Resolve(Path.Combine(root, folder), listed)).FirstOrDefault(File.Exists, path);
    }
}
