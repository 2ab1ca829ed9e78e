using System.Text.Json;
using static Data2Vec.Cli.Tests.CommandLine;

namespace Data2Vec.Cli.Tests;

public sealed class LanguageModelTests : IDisposable
{
    private const string Arpa = """
        \data\
        ngram 1=4
        ngram 2=2

        \1-grams:
        -1.5 <unk>
        -99 <s> -0.5
        -0.75 </s>
        -0.25 a -0.125

        \2-grams:
        -0.5 <s> a
        -0.875 a </s>

        \end\
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Sentences_are_scored_line_by_line()
    {
        string model = Write("model.arpa", Arpa), sentences = Write("sentences.txt", "a\n\na b\n");
        (int, string, string) expected = (0, Lines("-1.375000\t0", "-1.250000\t0", "-2.875000\t1"), "");
        Assert.Equal(expected, Run("lm", "score", "--lm", model, sentences));
        Assert.Equal((0, Lines("-0.250000\t0", "0.000000\t0", "-1.875000\t1"), ""), Run("lm", "score", "--lm", model, sentences, "--fragments"));
        Directory.CreateDirectory(Path.Combine(_folder, "hub", "language_model"));
        File.Copy(model, Path.Combine(_folder, "hub", "language_model", "model.arpa"));
        Assert.Equal(expected, Run("lm", "score", "--lm", Path.Combine(_folder, "hub"), sentences));
        JsonElement last = JsonDocument.Parse(Run("lm", "score", "--lm", model, sentences, "--json").Output.Trim().Split('\n')[^1]).RootElement;
        Assert.Equal((-2.875, 2, 1), (last.GetProperty("log10").GetDouble(), last.GetProperty("words").GetInt32(), last.GetProperty("unknown").GetInt32()));
        foreach (string format in new[] { "trie", "probing" })
        {
            string binary = Path.Combine(_folder, format);
            (int code, string output, string error) = Run("lm", "convert", model, binary, "--format", format);
            Assert.Equal((0, ""), (code, error));
            Assert.StartsWith($"{binary}: KenLM {format}, 6 n-grams of up to 2 words, ", output, StringComparison.Ordinal);
            Assert.Equal(expected, Run("lm", "score", "--lm", binary, sentences));
        }
    }

    [Fact]
    public void Sentences_of_another_case_cause_a_warning()
    {
        (int code, string output, string error) = Run("lm", "score", "--lm", Write("model.arpa", Arpa), Write("sentences.txt", "A A a\n"));
        Assert.Equal((0, "-4.625000\t2\n"), (code, output.ReplaceLineEndings("\n")));
        Assert.Contains("2 of 3 words", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_is_shown_with_its_words()
    {
        string model = Write("model.arpa", Arpa);
        Assert.Equal((0, Lines("<unk>", "<s>", "</s>", "a"), ""), Run("lm", "inspect", model, "--words"));
        Assert.Contains(Lines("format: ARPA", "1-grams: 4", "2-grams: 2", "list of words: yes"), Run("lm", "inspect", model).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_files_are_named()
    {
        string model = Write("model.arpa", Arpa), bad = Write("bad.arpa", Arpa.Replace("ngram 2=2", "ngram 2=3", StringComparison.Ordinal));
        string binary = Path.Combine(_folder, "model.bin"), latin = Path.Combine(_folder, "latin.txt");
        File.WriteAllBytes(latin, [(byte)'a', (byte)'\n', 0xE9, (byte)'\n']);
        Assert.Equal(1, AssertNamed(bad, Run("lm", "score", "--lm", bad, model)));
        Assert.Equal(1, AssertNamed(bad, Run("lm", "convert", bad, binary)));
        Assert.Equal(1, AssertNamed(latin, Run("lm", "score", "--lm", model, latin)));
        Assert.Equal(2, AssertNamed(model, Run("lm", "convert", model, model)));
        Assert.Equal(1, AssertNamed("missing", Run("lm", "score", "--lm", "missing", model)));
        Assert.Equal([bad, latin, model], Directory.GetFiles(_folder).Order(StringComparer.Ordinal));
    }

    private static int AssertNamed(string name, (int Code, string Output, string Error) result)
    {
        Assert.StartsWith($"data2vec: {name}: ", result.Error, StringComparison.Ordinal);
        return result.Code;
    }

    private static string Lines(params string[] lines) => string.Concat(lines.Select(line => line + Environment.NewLine));

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
