using System.Globalization;
using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>
/// fairseq's manifests: a <c>.tsv</c> file with the folder in the first line and <c>path, samples</c> in the others, and beside it <c>.ltr</c> and
/// <c>.wrd</c> files with a line for each recording.
/// </summary>
internal static class FairseqManifest
{
    /// <summary>Whether a file is a manifest: its first line has one column, and the second has a path and a number.</summary>
    public static bool IsManifest(string path)
    {
        string[] lines = [.. DataFile.Lines(path).Take(2)];
        if (lines.Length == 0 || lines[0].Contains('\t', StringComparison.Ordinal))
        {
            return false;
        }

        // First, because a folder may have the name of a column, such as "audio".
        if (lines.Length > 1 && lines[1].Split('\t') is [_, var samples, ..] && IsSamples(samples))
        {
            return true;
        }

        // A .tsv file without tabs in its first line is nothing else, so that a damaged second line can be named.
        return Path.GetExtension(path).Equals(".tsv", StringComparison.OrdinalIgnoreCase)
            && !lines[0].Split(',', ';').Any(column => TranscriptTable.IsPathColumn(column.Trim(' ', '"')));
    }

    public static RecordingList Read(string path, SpeechOptions options, bool withTranscripts, SkippedItems skipped)
    {
        List<string> lines = [.. DataFile.Lines(path)];
        string root = options.Root ?? Root(path, lines[0].Trim());
        lines.RemoveAt(0);
        while (lines.Count > 0 && lines[^1].Trim().Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        (IReadOnlyList<string>? letters, IReadOnlyList<string>? words) = withTranscripts ? ReadTranscripts(path, lines.Count) : (null, null);
        var recordings = new List<RecordingSource>();
        for (int i = 0; i < lines.Count; i++)
        {
            string[] fields = lines[i].Split('\t');
            string name = DataFile.LineName(path, i + 2);
            if (fields.Length < 2 || fields[0].Length == 0 || !IsSamples(fields[1]))
            {
                skipped.AddBad(name, $"the line is not a path, a tab and a number of samples: {lines[i].AsSpan().Quote()}");
                continue;
            }

            string file = DataFile.Resolve(root, fields[0]);
            recordings.Add(new RecordingSource(
                file, fields[0].Replace('\\', '/'), $"{file} ({name})", words?[i] ?? (letters is null ? null : TranscriptLabels.TextOf(letters[i])), letters?[i],
                long.Parse(fields[1], NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture)));
        }

        return new RecordingList(path, recordings);
    }

    private static bool IsSamples(string? text) => long.TryParse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out _);

    private static string Root(string manifest, string listed)
    {
        string besides = DataFile.Resolve(DataFile.FolderOf(manifest), listed);
        return Directory.Exists(besides) ? besides
            : Directory.Exists(listed) ? listed
            : throw new InvalidDataException(
                $"{DataFile.LineName(manifest, 1)}: the folder {listed.AsSpan().Quote()} does not exist; correct the line, or name the folder of the recordings");
    }

    private static (IReadOnlyList<string>? Letters, IReadOnlyList<string>? Words) ReadTranscripts(string manifest, int count)
    {
        IReadOnlyList<string>? letters = ReadLines(manifest, ".ltr", count), words = ReadLines(manifest, ".wrd", count);
        return letters is null && words is null
            ? throw new InvalidDataException(
                $"{manifest}: there are no transcripts: {Path.GetFileName(Path.ChangeExtension(manifest, ".ltr"))} and {Path.GetFileName(Path.ChangeExtension(manifest, ".wrd"))} do not exist")
            : (letters, words);
    }

    private static List<string>? ReadLines(string manifest, string extension, int count)
    {
        string path = Path.ChangeExtension(manifest, extension);
        if (!File.Exists(path))
        {
            return null;
        }

        List<string> lines = [.. DataFile.Lines(path)];
        while (lines.Count > count && lines[^1].Trim().Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return lines.Count == count
            ? lines
            : throw new InvalidDataException(
                $"{path}: the file has {lines.Count} lines, and {manifest} lists {count} recordings; each recording needs its line in both files, in the same order");
    }
}
