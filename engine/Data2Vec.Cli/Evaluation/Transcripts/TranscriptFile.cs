using System.Text.Json;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>A transcript of a list.</summary>
/// <param name="Id">The id of the utterance; the number of the line in a list without ids.</param>
/// <param name="Text">The transcript, which may be empty.</param>
/// <param name="RareWords">Its rare words; null if the list has none.</param>
internal sealed record TranscriptEntry(string Id, string Text, IReadOnlyList<string>? RareWords = null);

/// <summary>Transcripts from a file or folder.</summary>
/// <param name="Path">The file or folder as it was given.</param>
/// <param name="HasIds">Whether the list has ids, or its lines are only in order.</param>
/// <param name="Entries">The transcripts in their order.</param>
internal sealed record TranscriptList(string Path, bool HasIds, IReadOnlyList<TranscriptEntry> Entries);

/// <summary>Reads transcripts: LibriSpeech's folders and files, manifests of fairseq, tables, trn files of sclite, and plain lines.</summary>
internal static class TranscriptFile
{
    private static readonly string[] s_ids = ["id", "utt", "utt_id", "utterance", "utterance_id", "key"];

    private static readonly string[] s_rare = ["rare", "rare_words"];

    /// <summary>Reads transcripts.</summary>
    /// <exception cref="InvalidDataException">A line is not of the file's form, an id occurs twice, or there is nothing in it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TranscriptList Read(string path)
    {
        Files.RequireFileOrFolder(path);
        TranscriptList list = Directory.Exists(path) ? ReadFolder(path) : ReadFile(path);
        if (list.Entries.Count == 0)
        {
            throw new InvalidDataException($"{path}: there are no transcripts in it");
        }

        var known = new HashSet<string>(StringComparer.Ordinal);
        return list.Entries.FirstOrDefault(entry => !known.Add(entry.Id)) is { } twice
            ? throw new InvalidDataException($"{path}: the utterance {twice.Id} is there twice")
            : list;
    }

    private static TranscriptList ReadFolder(string folder)
    {
        IReadOnlyList<string> files = FolderFiles.Find(folder, LibriSpeechFolder.IsTranscript, new SkippedItems(strict: true));
        return files.Count > 0
            ? new TranscriptList(folder, true, [.. files.SelectMany(ReadLeadingIds)])
            : throw new InvalidDataException($"{folder}: there are no .trans.txt files in this folder, as LibriSpeech has them; name the file with the transcripts");
    }

    private static TranscriptList ReadFile(string path)
    {
        // Kaldi calls this file "text".
        if (LibriSpeechFolder.IsTranscript(path) || Path.GetFileName(path) == "text")
        {
            return new TranscriptList(path, true, ReadLeadingIds(path));
        }

        if (FairseqManifest.IsManifest(path))
        {
            return ReadManifest(path);
        }

        string[] lines = [.. DataFile.Lines(path)];
        if (OptionFactory.HasExtension(path, ".csv") || OptionFactory.HasExtension(path, ".tsv") || lines.FirstOrDefault(line => line.Length > 0)?.Contains('\t', StringComparison.Ordinal) == true)
        {
            return new TranscriptList(path, true, ReadTable(path));
        }

        if (OptionFactory.HasExtension(path, ".trn") || (lines.Any(line => TrnId(line) >= 0) && lines.All(line => IsBlankOrComment(line) || TrnId(line) >= 0)))
        {
            return new TranscriptList(path, true, ReadTrn(path, lines));
        }

        // Empty lines are empty transcripts.
        bool isLetters = OptionFactory.HasExtension(path, ".ltr");
        return new TranscriptList(
            path, false, [.. lines.Select((line, i) => new TranscriptEntry((i + 1).ToString(CultureInfo.InvariantCulture), isLetters ? TranscriptLabels.TextOf(line) : line.Trim()))]);
    }

    private static TranscriptList ReadManifest(string path)
    {
        // The recordings need not exist.
        RecordingList list = FairseqManifest.Read(path, new SpeechOptions { Root = DataFile.FolderOf(path) }, withTranscripts: true, new SkippedItems(strict: true));
        return new TranscriptList(path, true, [.. list.Recordings.Zip(Ids(list.Recordings), (recording, id) => new TranscriptEntry(id, recording.Transcript ?? ""))]);
    }

    /// <summary>The ids of recordings: the names of their files without extension, or else their paths.</summary>
    public static string[] Ids(IReadOnlyList<RecordingSource> recordings)
    {
        string[] names = [.. recordings.Select(recording => Path.GetFileNameWithoutExtension(recording.Key))];
        return names.Distinct(StringComparer.Ordinal).Count() == names.Length ? names : [.. recordings.Select(recording => recording.Key)];
    }

    private static IReadOnlyList<TranscriptEntry> ReadLeadingIds(string path) =>
    [
        .. DataFile.Lines(path).Select(line => line.Trim()).Where(line => line.Length > 0).Select(line =>
        {
            int end = line.IndexOfAny([' ', '\t']);
            return end < 0 ? new TranscriptEntry(line, "") : new TranscriptEntry(line[..end], line[end..].Trim());
        }),
    ];

    private static TranscriptEntry[] ReadTable(string path)
    {
        var table = Table.Read(path, new TableOptions { HasHeader = false });
        string[] first = [.. table.Rows[0].Fields.Select(name => name.Trim())];
        int id = 0, text = Array.FindIndex(first, TranscriptTable.IsTranscriptColumn);
        bool hasHeader = text >= 0;
        int rare = hasHeader ? Array.FindIndex(first, name => s_rare.Contains(name, StringComparer.OrdinalIgnoreCase)) : 2;
        if (hasHeader)
        {
            id = Array.FindIndex(first, name => TranscriptTable.IsPathColumn(name) || s_ids.Contains(name, StringComparer.OrdinalIgnoreCase));
            if (id < 0)
            {
                throw new InvalidDataException($"{path}: no column has the ids of the utterances; name it {s_ids[0]}");
            }
        }

        return [.. (hasHeader ? table.Rows.Skip(1) : table.Rows).Select(row => row.Fields.Length <= id || row.Fields[id].Trim().Length == 0
            ? throw new InvalidDataException($"{table.Name(row)}: the id of the utterance is missing")
            : new TranscriptEntry(
                row.Fields[id].Trim(),
                row.Fields.ElementAtOrDefault(hasHeader ? text : 1)?.Trim() ?? "",
                RareWords(table.Name(row), row.Fields.ElementAtOrDefault(rare))))];
    }

    /// <summary>The rare words of a column, as JSON.</summary>
    private static string[]? RareWords(string line, string? field)
    {
        if (field?.Trim() is not ['[', ..] list)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(list);
            return [.. document.RootElement.EnumerateArray().Select(word => word.GetString() ?? throw new InvalidDataException($"{line}: a rare word is null"))];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{line}: the column of the rare words has no list of words in JSON", error);
        }
    }

    private static TranscriptEntry[] ReadTrn(string path, string[] lines) =>
    [
        .. lines.Select((line, i) => (Line: line.Trim(), Number: i + 1)).Where(line => !IsBlankOrComment(line.Line)).Select(line => TrnId(line.Line) is >= 0 and var at
            ? new TranscriptEntry(line.Line[(at + 1)..^1].Trim(), WithoutAlternatives(line.Line[..at].Trim(), DataFile.LineName(path, line.Number)))
            : throw new InvalidDataException($"{DataFile.LineName(path, line.Number)}: the line does not end with the id of the utterance in parentheses")),
    ];

    private static string WithoutAlternatives(string text, string line) => text.Split(' ').Contains("{")
        ? throw new InvalidDataException($"{line}: alternatives in braces, as sclite has them, are not supported; keep one of them")
        : text;

    /// <summary>Where the id in parentheses begins at the end of a line; -1 if there is none.</summary>
    private static int TrnId(string line)
    {
        string trimmed = line.TrimEnd();
        return trimmed.EndsWith(')') && trimmed.LastIndexOf('(') is >= 0 and var at && trimmed.Length - at > 2 ? at : -1;
    }

    private static bool IsBlankOrComment(string line) => string.IsNullOrWhiteSpace(line) || line.TrimStart().StartsWith(";;", StringComparison.Ordinal);
}
