using System.Text;
using Data2Vec.Audio;
using Data2Vec.Recognition.Subtitles;

namespace Data2Vec.Server.Answers;

/// <summary>Writes transcripts in OpenAI's formats.</summary>
internal static class TranscriptAnswer
{
    /// <summary>Writes a transcript.</summary>
    /// <param name="context">The request.</param>
    /// <param name="transcript">The transcript.</param>
    /// <param name="format">json, text, srt, vtt or verbose_json.</param>
    /// <param name="language">The language that the request names; null for none.</param>
    /// <param name="words">For verbose_json: whether the words are listed.</param>
    /// <param name="segments">For verbose_json: whether the segments are listed.</param>
    public static async Task WriteAsync(HttpContext context, Transcript transcript, string format, string? language, bool words, bool segments)
    {
        if (format is "json" or "verbose_json")
        {
            await using var answer = new JsonAnswer(context);
            WriteJson(answer.Json, transcript, format == "verbose_json", language, words, segments);
            return;
        }

        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        switch (format)
        {
            case "srt":
                SubtitleFile.WriteSubRip(text, transcript);
                break;
            case "vtt":
                SubtitleFile.WriteWebVtt(text, transcript);
                break;
            default:
                await text.WriteLineAsync(transcript.Text).ConfigureAwait(false);
                break;
        }

        context.Response.ContentType = "text/plain; charset=utf-8"; // also for subtitles: OpenAI's clients take other types for JSON
        await context.Response.WriteAsync(text.ToString(), Encoding.UTF8, context.RequestAborted).ConfigureAwait(false);
    }

    private static void WriteJson(Utf8JsonWriter json, Transcript transcript, bool isVerbose, string? language, bool words, bool segments)
    {
        json.WriteStartObject();
        if (isVerbose)
        {
            json.WriteString("task", "transcribe");
            json.WriteString("language", language ?? "");
            json.WriteNumber("duration", Seconds(transcript.Duration));
        }

        json.WriteString("text", transcript.Text);
        if (isVerbose && words)
        {
            json.WriteStartArray("words");
            foreach (TranscriptWord word in transcript.Words)
            {
                json.WriteStartObject();
                json.WriteString("word", word.Text);
                json.WriteNumber("start", Seconds(word.Start));
                json.WriteNumber("end", Seconds(word.End));
                json.WriteNumber("confidence", Math.Round(word.Confidence, 4));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (isVerbose && segments)
        {
            json.WriteStartArray("segments");
            WriteSegments(json, SubtitleCue.Divide(transcript));
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>The segments are those of subtitles. Fields that only Whisper's decoder has are there, as clients require them, with neutral values.</summary>
    private static void WriteSegments(Utf8JsonWriter json, IReadOnlyList<SubtitleCue> cues)
    {
        for (int i = 0; i < cues.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("id", i);
            json.WriteNumber("seek", 0);
            json.WriteNumber("start", Seconds(cues[i].Start));
            json.WriteNumber("end", Seconds(cues[i].End));
            json.WriteString("text", string.Join(' ', cues[i].Words.Select(word => word.Text)));
            json.WriteStartArray("tokens");
            json.WriteEndArray();
            json.WriteNumber("temperature", 0);
            json.WriteNumber("avg_logprob", Math.Round(cues[i].Words.Average(word => Math.Log(Math.Max(word.Confidence, double.Epsilon))), 4));
            json.WriteNumber("compression_ratio", 1);
            json.WriteNumber("no_speech_prob", 0);
            json.WriteEndObject();
        }
    }

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 4);
}
