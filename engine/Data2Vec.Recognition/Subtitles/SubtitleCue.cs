using System.Globalization;
using Data2Vec.Audio;

namespace Data2Vec.Recognition.Subtitles;

/// <summary>What a subtitle shows, and when.</summary>
/// <param name="Start">When it appears.</param>
/// <param name="End">When it disappears; not after the next one appears.</param>
/// <param name="Lines">One or two lines.</param>
public sealed record SubtitleCue(TimeSpan Start, TimeSpan End, IReadOnlyList<string> Lines)
{
    private const int LineLength = 42, MostLines = 2;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(7), s_shortest = TimeSpan.FromSeconds(1), s_pause = TimeSpan.FromSeconds(0.7);

    /// <summary>The words that are shown, in order. Of a word that is longer than a line, each subtitle has a part.</summary>
    public IReadOnlyList<TranscriptWord> Words { get; private init; } = [];

    /// <summary>A subtitle for each word, or as <see cref="Divide"/> makes them.</summary>
    /// <param name="transcript">The transcript.</param>
    /// <param name="words">Whether each word has a subtitle of its own.</param>
    public static IReadOnlyList<SubtitleCue> Of(Transcript transcript, bool words)
    {
        ArgumentNullException.ThrowIfNull(transcript);
        return words
            ? Place([.. transcript.Words.Select(word => (IReadOnlyList<TranscriptWord>)[word])], TimeSpan.Zero, transcript.Duration)
            : Divide(transcript);
    }

    /// <summary>Divides a transcript: a subtitle ends at a pause, when its lines are full, or after a few seconds.</summary>
    /// <param name="transcript">The transcript.</param>
    public static IReadOnlyList<SubtitleCue> Divide(Transcript transcript)
    {
        ArgumentNullException.ThrowIfNull(transcript);
        var groups = new List<IReadOnlyList<TranscriptWord>>();
        foreach (TranscriptSegment segment in transcript.Segments)
        {
            var group = new List<TranscriptWord>();
            foreach (TranscriptWord word in segment.Words.SelectMany(Pieces))
            {
                if (group.Count > 0 && (word.Start - group[^1].End >= s_pause || word.End - group[0].Start > s_longest || Wrap([.. group, word]).Count > MostLines))
                {
                    groups.Add(group);
                    group = [];
                }

                group.Add(word);
            }

            if (group.Count > 0)
            {
                groups.Add(group);
            }
        }

        return Place(groups, s_shortest, transcript.Duration);
    }

    /// <summary>Gives groups of words their times: a short one stays a little if there is time before the next, or before the recording ends.</summary>
    private static List<SubtitleCue> Place(List<IReadOnlyList<TranscriptWord>> groups, TimeSpan shortest, TimeSpan duration)
    {
        var cues = new List<SubtitleCue>(groups.Count);
        TimeSpan from = TimeSpan.Zero;
        for (int i = 0; i < groups.Count; i++)
        {
            TimeSpan start = Max(groups[i][0].Start, from), end = Max(groups[i][^1].End, start);
            end = Min(Max(end, start + shortest), start + s_longest);
            end = Max(start, Min(end, i + 1 < groups.Count ? groups[i + 1][0].Start : duration));
            cues.Add(new SubtitleCue(start, end, Wrap(groups[i])) { Words = groups[i] });
            from = end;
        }

        return cues;
    }

    /// <summary>The lines of words: as few as possible, of lengths as equal as possible.</summary>
    private static List<string> Wrap(IReadOnlyList<TranscriptWord> words)
    {
        List<string> lines = Wrap(words, LineLength);
        if (lines.Count != MostLines)
        {
            return lines;
        }

        int width = LineLength;
        while (width > 1 && Wrap(words, width - 1) is { Count: MostLines } narrower && narrower.All(line => Length(line) < width))
        {
            (lines, width) = (narrower, width - 1);
        }

        return lines;
    }

    private static List<string> Wrap(IReadOnlyList<TranscriptWord> words, int width)
    {
        var lines = new List<string>();
        foreach (TranscriptWord word in words)
        {
            if (lines.Count > 0 && Length(lines[^1]) + 1 + Length(word.Text) <= width)
            {
                lines[^1] += " " + word.Text;
            }
            else
            {
                lines.Add(word.Text);
            }
        }

        return lines;
    }

    /// <summary>Cuts a word that is longer than a line, such as a sentence of a language without spaces.</summary>
    private static IEnumerable<TranscriptWord> Pieces(TranscriptWord word)
    {
        int length = Length(word.Text);
        if (length <= LineLength)
        {
            return [word];
        }

        int count = (length + LineLength - 1) / LineLength;
        var letters = new StringInfo(word.Text);
        TimeSpan Time(int piece) => word.Start + (word.End - word.Start) * ((double)piece / count);
        int Place(int piece) => (int)((long)length * piece / count);
        return Enumerable.Range(0, count).Select(i => new TranscriptWord(letters.SubstringByTextElements(Place(i), Place(i + 1) - Place(i)), Time(i), Time(i + 1), word.Confidence));
    }

    private static int Length(string text) => new StringInfo(text).LengthInTextElements;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
