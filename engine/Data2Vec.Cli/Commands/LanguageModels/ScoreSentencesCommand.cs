using System.Text.Json;
using Data2Vec.IO;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Cli;

/// <summary><c>data2vec lm score</c>: scores sentences with an n-gram model.</summary>
internal static class ScoreSentencesCommand
{
    public static Command Create()
    {
        var sentences = new Argument<string>("SENTENCES") { Description = "A text file with a sentence per line; - is the standard input" };
        var path = new Option<string>("--lm")
        {
            Description = "The language model: an ARPA file, also gzipped, a binary file of KenLM, or a folder of Hugging Face with language_model",
            Required = true,
            HelpName = "FILE|FOLDER",
        };
        var fragments = new Option<bool>("--fragments") { Description = "Score the lines as parts of sentences, without the begin and end of a sentence" };
        var json = new Option<bool>("--json") { Description = "Print a JSON object per line: log10, words, unknown" };
        var command = new Command("score", "Print log10 of each sentence's probability and the number of unknown words") { sentences, path, fragments, json };
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string name = parsed.GetRequiredValue(sentences);
            bool isWhole = !parsed.GetValue(fragments), isJson = parsed.GetValue(json);
            using NGramModel model = NGramModel.Open(LanguageModelCommand.FileOf(parsed.GetRequiredValue(path)));
            TextWriter output = parsed.InvocationConfiguration.Output;
            (long words, long unknown) = (0, 0);
            foreach (string sentence in Lines(name, cancellation))
            {
                NGramScore score = model.ScoreSentence(sentence, isWhole, isWhole);
                (words, unknown) = (words + score.Words, unknown + score.UnknownWords);
                output.WriteLine(isJson ? Json(score) : string.Create(CultureInfo.InvariantCulture, $"{score.LogProbability:0.000000}\t{score.UnknownWords}"));
            }

            if (2 * unknown > words)
            {
                parsed.InvocationConfiguration.Error.WriteLine(
                    $"data2vec: warning: the model does not know {unknown} of {words} words; the letters of its words may have another case");
            }
        });
        return command;
    }

    private static string Json(NGramScore score)
    {
        // JSON has no infinity, the log10 of an impossible sentence.
        double? log10 = double.IsFinite(score.LogProbability) ? Math.Round(score.LogProbability, 6) : null;
        return JsonSerializer.Serialize(new { log10, words = score.Words, unknown = score.UnknownWords }, TerminalText.Json);
    }

    private static IEnumerable<string> Lines(string path, CancellationToken cancellation)
    {
        using Stream opened = path == "-" ? Console.OpenStandardInput() : Files.OpenRead(path);
        Stream stream = opened.CanSeek ? opened : new PipeStream(opened, cancellation);
        foreach (string line in TextFile.ReadLines(stream, path))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return line;
        }
    }
}
