using Data2Vec.Recognition.LanguageModels;
using Data2Vec.Recognition.LanguageModels.Conversion;

namespace Data2Vec.Cli;

/// <summary><c>data2vec lm convert</c>: converts an ARPA file to a binary file of KenLM.</summary>
internal static class ConvertLanguageModelCommand
{
    private static readonly string[] s_formats = ["trie", "probing"];

    public static Command Create()
    {
        var source = new Argument<string>("ARPA") { Description = "An ARPA file, also gzipped" };
        var result = new Argument<string>("OUTPUT") { Description = "The file to write" };
        var format = new Option<string>("--format")
        {
            Description = "What to write: a trie is small, probing (hash tables) is faster and larger",
            DefaultValueFactory = _ => s_formats[0],
        };
        format.AcceptOnlyFromAmong(s_formats);
        var command = new Command("convert", "Convert an ARPA file to a binary file of KenLM, which opens at once and shares its memory") { source, result, format };
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string input = Files.RequireFile(parsed.GetRequiredValue(source)), output = Files.RequireTarget(parsed.GetRequiredValue(result));
            Files.RequireOther(output, input);
            NGramFormat kind = parsed.GetRequiredValue(format) == "trie" ? NGramFormat.Trie : NGramFormat.Probing;
            string target = Files.ModelTarget(output);
            WorkProgress.Show($"Converting {Path.GetFileName(input)}", parsed.InvocationConfiguration.Error, ownsTerminal: true, report =>
                NGramConverter.Convert(input, target, kind, new ProgressAction<double>(report), cancellation));
            using NGramModel model = NGramModel.Open(target);
            long bytes = new FileInfo(target).Length;
            parsed.InvocationConfiguration.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{output}: {model.Format}, {model.Counts.Sum():N0} n-grams of up to {model.Order} words, {bytes:N0} bytes"));
        });
        return command;
    }
}
