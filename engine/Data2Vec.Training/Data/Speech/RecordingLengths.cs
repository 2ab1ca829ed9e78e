using System.Globalization;
using Data2Vec.Audio;

namespace Data2Vec.Training.Data;

/// <summary>
/// Measures recordings and keeps their lengths in a file: a line <c>path, bytes, time of the last change, samples, sample rate</c> each, between tabs. A line
/// counts as long as the size and the time of the recording are the same.
/// </summary>
internal static class RecordingLengths
{
    /// <summary>The length of each recording, or why it has none.</summary>
    public static (RecordingLength Length, string? Problem)[] Measure(IReadOnlyList<RecordingSource> recordings, AudioReadOptions options, string? file)
    {
        Dictionary<string, string> known = file is null ? [] : Read(file);
        var result = new (RecordingLength Length, string? Problem)[recordings.Count];
        string?[] lines = new string?[recordings.Count];
        bool isChanged = false;
        Parallel.For(0, recordings.Count, i =>
        {
            try
            {
                var info = new FileInfo(recordings[i].Path);
                if (!info.Exists)
                {
                    result[i].Problem = Directory.Exists(info.FullName) ? "this is a folder, not a recording" : "the file does not exist";
                    return;
                }

                // The full path: several lists may share a file.
                string key = string.Create(CultureInfo.InvariantCulture, $"{info.FullName}\t{info.Length}\t{info.LastWriteTimeUtc.Ticks}");
                if (known.TryGetValue(key, out string? value) && Parse(value) is { } length)
                {
                    result[i].Length = length;
                }
                else
                {
                    result[i].Length = RecordingHeader.Read(recordings[i].Path, options);
                    Volatile.Write(ref isChanged, true);
                }

                lines[i] = string.Create(CultureInfo.InvariantCulture, $"{key}\t{result[i].Length.Samples}\t{result[i].Length.SampleRate}");
            }
            catch (Exception error) when (ItemErrors.IsOfItem(error))
            {
                result[i].Problem = ItemErrors.Reason(error);
            }
        });
        if (file is not null && isChanged)
        {
            Write(file, known, lines);
        }

        return result;
    }

    /// <summary>Reads the lines by what they are known by. A file that is damaged or missing is as good as an empty one: its content can be had again.</summary>
    private static Dictionary<string, string> Read(string file)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (string line in DataFile.Lines(file))
            {
                int rate = line.LastIndexOf('\t'), samples = rate <= 0 ? -1 : line.LastIndexOf('\t', rate - 1);
                if (samples > 0)
                {
                    known[line[..samples]] = line[(samples + 1)..];
                }
            }
        }
        catch (Exception error) when (ItemErrors.IsOfItem(error))
        {
        }

        return known;
    }

    private static RecordingLength? Parse(string value) =>
        value.Split('\t') is [var samples, var rate]
        && long.TryParse(samples, NumberStyles.None, CultureInfo.InvariantCulture, out long count)
        && int.TryParse(rate, NumberStyles.None, CultureInfo.InvariantCulture, out int hertz) && hertz > 0
            ? new RecordingLength(count, hertz)
            : null;

    private static void Write(string file, Dictionary<string, string> known, IEnumerable<string?> lines)
    {
        SortedSet<string> all = new(known.Select(line => $"{line.Key}\t{line.Value}").Concat(lines.OfType<string>()), StringComparer.Ordinal);
        string temporary = $"{file}.{Environment.ProcessId}.tmp";
        File.WriteAllLines(temporary, all);
        File.Move(temporary, file, overwrite: true);
    }
}
