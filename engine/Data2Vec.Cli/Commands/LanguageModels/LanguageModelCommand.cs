using Data2Vec.Recognition.Decoding;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Cli;

/// <summary><c>data2vec lm</c>: scores sentences with n-gram models, and converts the models.</summary>
internal static class LanguageModelCommand
{
    public static Command Create() => new("lm", "Score sentences with an n-gram language model, and convert such models")
    {
        ScoreSentencesCommand.Create(),
        ConvertLanguageModelCommand.Create(),
        Inspect(),
    };

    /// <summary>The file of a language model: the path itself, or the model in a folder of Hugging Face.</summary>
    public static string FileOf(string path) => Directory.Exists(path) ? DecodingFolder.Read(path).ModelPath : Files.RequireFile(path);

    private static Command Inspect()
    {
        var path = new Argument<string>("FILE") { Description = "An ARPA file, also gzipped, a binary file of KenLM, or a folder of Hugging Face with language_model" };
        var list = new Option<bool>("--words") { Description = "List the words instead, one per line" };
        var command = new Command("inspect", "Show what a language model has") { path, list };
        command.SetAction(parsed =>
        {
            string file = FileOf(parsed.GetRequiredValue(path));
            using NGramModel model = NGramModel.Open(file);
            TextWriter output = parsed.InvocationConfiguration.Output;
            IReadOnlyList<string>? words = model.ReadWords();
            if (parsed.GetValue(list))
            {
                foreach (string word in words ?? throw new InvalidDataException($"{file}: it has no list of its words; KenLM's build_binary was told to leave it out"))
                {
                    output.WriteLine(TerminalText.OneLine(word));
                }

                return;
            }

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"file: {file}, {new FileInfo(file).Length:N0} bytes"));
            output.WriteLine($"format: {model.Format}");
            for (int order = 1; order <= model.Order; order++)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{order}-grams: {model.Counts[order - 1]:N0}"));
            }

            output.WriteLine($"list of words: {(words is null ? "no" : "yes")}");
        });
        return command;
    }
}
