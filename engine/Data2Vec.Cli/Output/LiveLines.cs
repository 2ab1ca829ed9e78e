using System.Text.Json;
using Data2Vec.Audio;

namespace Data2Vec.Cli;

/// <summary>Writes what <c>data2vec transcribe --live</c> hears. Final text is a line; JSON has the tentative text, too. A terminal shows it until it is final.</summary>
internal static class LiveLines
{
    private const string EraseLine = "\r\u001b[K";
    private const int Width = 78;

    /// <summary>Runs the work and writes its updates.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="format">text, json or tsv.</param>
    /// <param name="words">Whether each word has its own line.</param>
    /// <param name="work">Takes whether tentative text is of use, and what receives updates.</param>
    public static void Write(ParseResult parsed, string format, bool words, Action<bool, Action<TranscriptUpdate>> work)
    {
        TextWriter output = parsed.InvocationConfiguration.Output, error = parsed.InvocationConfiguration.Error;
        bool isShown = format != "json" && ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;
        TranscriptWriter writer = TranscriptWriter.Create(format, words, isTogether: false);
        int written = 0;
        try
        {
            work(isShown || format == "json", update =>
            {
                if (isShown)
                {
                    string text = TerminalText.OneLine(update.Text);
                    error.Write(EraseLine + (update.IsFinal ? "" : text.Length <= Width ? text : text[^Width..]));
                }

                if (format == "json")
                {
                    output.WriteLine(JsonSerializer.Serialize(
                        new UpdateJson(update.IsFinal, TranscriptJson.Seconds(update.Start), TranscriptJson.Seconds(update.End), update.Text, WordJson.Of(update.Words)),
                        TranscriptJsonContext.Plain.UpdateJson));
                }
                else if (update.IsFinal)
                {
                    if (written == 0)
                    {
                        writer.Begin(output);
                    }

                    writer.Write(output, new TranscriptRecord("", new Transcript(update.Text, update.End, [new TranscriptSegment(update.Start, update.End, update.Text, update.Words)])));
                }

                written += update.IsFinal ? 1 : 0;
                output.Flush();
            });
        }
        catch (OperationCanceledException)
        {
            throw new InterruptedException($"stopped; {written} {(written == 1 ? "text was" : "texts were")} written");
        }
    }
}
