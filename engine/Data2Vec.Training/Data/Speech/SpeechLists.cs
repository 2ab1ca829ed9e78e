namespace Data2Vec.Training.Data;

/// <summary>Finds out in which form recordings are listed, and reads the list.</summary>
internal static class SpeechLists
{
    /// <summary>Reads a list or a folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">How recordings are read.</param>
    /// <param name="withTranscripts">Whether transcripts are needed.</param>
    /// <param name="skipped">Receives lines that cannot be used.</param>
    public static RecordingList Read(string path, SpeechOptions options, bool withTranscripts, SkippedItems skipped)
    {
        if (Directory.Exists(path))
        {
            return ReadFolder(path, options, withTranscripts, skipped);
        }

        return FairseqManifest.IsManifest(path)
            ? FairseqManifest.Read(path, options, withTranscripts, skipped)
            : TranscriptTable.Read(path, options, withTranscripts, skipped);
    }

    private static RecordingList ReadFolder(string folder, SpeechOptions options, bool withTranscripts, SkippedItems skipped)
    {
        if (!withTranscripts)
        {
            return new RecordingList(folder, [.. FolderFiles.Find(folder, FolderFiles.IsRecording, skipped)
                .Select(path => new RecordingSource(path, FolderFiles.Key(folder, path), path))]);
        }

        string[] tables = [.. FolderFiles.Files(folder, IsTable)];
        if (tables.Length > 1)
        {
            throw new InvalidDataException(
                $"{folder}: several tables could have the transcripts: {string.Join(", ", tables.Take(10).Select(Path.GetFileName))}; name one of them instead of the folder");
        }

        if (tables.Length == 1)
        {
            return Read(tables[0], options, withTranscripts, skipped);
        }

        string[] transcripts = [.. FolderFiles.Find(folder, LibriSpeechFolder.IsTranscript, skipped)];
        return transcripts.Length > 0
            ? LibriSpeechFolder.Read(folder, transcripts, skipped)
            : throw new InvalidDataException(
                $"{folder}: there are no transcripts in this folder: neither a .csv or .tsv file with columns for paths and transcripts, nor .trans.txt files as in LibriSpeech");
    }

    private static bool IsTable(string path) => Path.GetExtension(path).ToLowerInvariant() is ".csv" or ".tsv";
}
