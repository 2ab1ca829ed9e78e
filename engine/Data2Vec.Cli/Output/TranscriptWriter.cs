using System.Text.Json;
using System.Text.Json.Serialization;
using Data2Vec.Audio;
using Data2Vec.Recognition.Subtitles;

namespace Data2Vec.Cli;

/// <summary>Writes transcripts in one format of <c>data2vec transcribe</c>.</summary>
internal abstract class TranscriptWriter
{
    public static readonly string[] Formats = ["text", "json", "srt", "vtt", "tsv"];

    /// <summary>Creates the writer of a format.</summary>
    /// <param name="format">The format.</param>
    /// <param name="words">Whether each word has its own line or subtitle.</param>
    /// <param name="isTogether">Whether several recordings are written to one place, so that their names belong to the result.</param>
    public static TranscriptWriter Create(string format, bool words, bool isTogether) => format switch
    {
        "json" => new JsonWriter(),
        "srt" => new SubRipWriter(words),
        "vtt" => new WebVttWriter(words),
        "tsv" => new TableWriter(words, isTogether),
        _ when words => new WordLineWriter(isTogether),
        _ => new TextWriterOfLines(isTogether),
    };

    /// <summary>Writes what comes before the first transcript.</summary>
    public virtual void Begin(TextWriter output)
    {
    }

    /// <summary>Writes a transcript.</summary>
    public abstract void Write(TextWriter output, TranscriptRecord record);

    /// <summary>A time in seconds.</summary>
    protected static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);

    private sealed class TextWriterOfLines(bool isTogether) : TranscriptWriter
    {
        public override void Write(TextWriter output, TranscriptRecord record) =>
            output.WriteLine(isTogether ? $"{TerminalText.OneLine(record.Input)}\t{record.Transcript.Text}" : record.Transcript.Text);
    }

    /// <summary>Start, end, word and confidence.</summary>
    private class WordLineWriter(bool isTogether) : TranscriptWriter
    {
        public override void Write(TextWriter output, TranscriptRecord record)
        {
            foreach (TranscriptWord word in record.Transcript.Words)
            {
                Row(output, record, word.Start, word.End, word.Text, word.Confidence.ToString("0.000", CultureInfo.InvariantCulture));
            }
        }

        protected void Row(TextWriter output, TranscriptRecord record, TimeSpan start, TimeSpan end, params string[] rest) => output.WriteLine(string.Join(
            '\t', [.. isTogether ? (string[])[TerminalText.OneLine(record.Input)] : [], Seconds(start), Seconds(end), .. rest.Select(TerminalText.OneLine)]));
    }

    /// <summary>The same with the names of the columns, or a row for what a subtitle would show.</summary>
    private sealed class TableWriter(bool words, bool isTogether) : WordLineWriter(isTogether)
    {
        private readonly bool _isTogether = isTogether;

        public override void Begin(TextWriter output) => output.WriteLine($"{(_isTogether ? "input\t" : "")}start\tend\ttext{(words ? "\tconfidence" : "")}");

        public override void Write(TextWriter output, TranscriptRecord record)
        {
            if (words)
            {
                base.Write(output, record);
                return;
            }

            foreach (SubtitleCue cue in SubtitleCue.Divide(record.Transcript))
            {
                Row(output, record, cue.Start, cue.End, string.Join(' ', cue.Lines));
            }
        }
    }

    private sealed class SubRipWriter(bool words) : TranscriptWriter
    {
        public override void Write(TextWriter output, TranscriptRecord record) => SubtitleFile.WriteSubRip(output, record.Transcript, words);
    }

    /// <summary>The format has one recording to a file.</summary>
    private sealed class WebVttWriter(bool words) : TranscriptWriter
    {
        public override void Write(TextWriter output, TranscriptRecord record) => SubtitleFile.WriteWebVtt(output, record.Transcript, words);
    }

    /// <summary>One object on a line for each recording.</summary>
    private sealed class JsonWriter : TranscriptWriter
    {
        public override void Write(TextWriter output, TranscriptRecord record)
        {
            Transcript transcript = record.Transcript;
            output.WriteLine(JsonSerializer.Serialize(
                new TranscriptJson(record.Input, TranscriptJson.Seconds(transcript.Duration), transcript.Text, [.. transcript.Segments.Select(segment =>
                    new SegmentJson(TranscriptJson.Seconds(segment.Start), TranscriptJson.Seconds(segment.End), segment.Text, WordJson.Of(segment.Words)))]),
                TranscriptJsonContext.Plain.TranscriptJson));
        }
    }
}

/// <summary>The JSON of a transcript. Times are in seconds.</summary>
internal sealed record TranscriptJson(string Input, double Duration, string Text, IReadOnlyList<SegmentJson> Segments)
{
    public static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 4);
}

/// <summary>The JSON of a part that was transcribed alone.</summary>
internal sealed record SegmentJson(double Start, double End, string Text, IReadOnlyList<WordJson> Words);

/// <summary>The JSON of a word.</summary>
internal sealed record WordJson(string Text, double Start, double End, double Confidence)
{
    public static IReadOnlyList<WordJson> Of(IEnumerable<TranscriptWord> words) =>
        [.. words.Select(word => new WordJson(word.Text, TranscriptJson.Seconds(word.Start), TranscriptJson.Seconds(word.End), Math.Round(word.Confidence, 4)))];
}

/// <summary>The JSON of news from <c>--live</c>.</summary>
internal sealed record UpdateJson(bool Final, double Start, double End, string Text, IReadOnlyList<WordJson> Words);

[JsonSerializable(typeof(TranscriptJson))]
[JsonSerializable(typeof(UpdateJson))]
internal sealed partial class TranscriptJsonContext : JsonSerializerContext
{
    public static TranscriptJsonContext Plain { get; } = new(new JsonSerializerOptions(TerminalText.Json) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower });
}
