using System.Globalization;
using Data2Vec.Audio;

namespace Data2Vec.Recognition.Subtitles;

/// <summary>Writes subtitle files.</summary>
public static class SubtitleFile
{
    /// <summary>Writes a SubRip file (<c>.srt</c>).</summary>
    /// <param name="output">Receives the text.</param>
    /// <param name="transcript">The transcript.</param>
    /// <param name="words">Whether each word has a subtitle of its own.</param>
    public static void WriteSubRip(TextWriter output, Transcript transcript, bool words = false)
    {
        ArgumentNullException.ThrowIfNull(output);
        int number = 0;
        foreach (SubtitleCue cue in SubtitleCue.Of(transcript, words))
        {
            output.Write($"{++number}\n{Time(cue.Start, ',')} --> {Time(cue.End, ',')}\n{string.Join('\n', cue.Lines)}\n\n");
        }
    }

    /// <summary>Writes a WebVTT file (<c>.vtt</c>).</summary>
    /// <inheritdoc cref="WriteSubRip" path="/param"/>
    public static void WriteWebVtt(TextWriter output, Transcript transcript, bool words = false)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Write("WEBVTT\n\n");
        foreach (SubtitleCue cue in SubtitleCue.Of(transcript, words))
        {
            string text = string.Join('\n', cue.Lines).Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
            output.Write($"{Time(cue.Start, '.')} --> {Time(cue.End, '.')}\n{text}\n\n");
        }
    }

    private static string Time(TimeSpan time, char point) => string.Create(
        CultureInfo.InvariantCulture, $"{(int)time.TotalHours:00}:{time.Minutes:00}:{time.Seconds:00}{point}{time.Milliseconds:000}");
}
