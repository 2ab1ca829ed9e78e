using System.Globalization;
using System.Text.Json;
using static Data2Vec.Cli.Tests.CommandLine;

namespace Data2Vec.Cli.Tests;

/// <summary>Pairs of texts, and the command that shows token ids.</summary>
public sealed class PairTests : IDisposable
{
    private const string First = "A gripping film.", Second = "The plot is dull.";
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_pair_is_both_texts_with_two_separators_in_every_command()
    {
        string[] first = Ids("--text", First), second = Ids("--text", Second), pair = Ids("--pair", "--text", $"{First}\t{Second}");
        Assert.Equal([.. first, "2", .. second[1..]], pair);
        string ids = string.Join(' ', pair), file = Write("pairs.txt", $"{First}\t{Second}\n\t{Second}\n");
        Assert.Equal(Vector("embed", "--tokens", ids), Vector("embed", "--pair", "--text", $"{First}\t{Second}"));
        Assert.Equal(Classified("--tokens", ids), Classified("--pair", "--text", $"{First}\t{Second}"));
        (int code, string output, string error) = Run("classify", "--pair", file, "--top", "1");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal([$"{file}:1", $"{file}:2"], output.TrimEnd().Split('\n').Select(line => line.Split('\t')[0]));
    }

    [Fact]
    public void Types_and_truncation_are_shown()
    {
        string words = string.Concat(Enumerable.Repeat("dull ", 600));
        using JsonDocument cut = JsonDocument.Parse(Run("tokenize", "--pair", "--format", "jsonl", "--text", $"{words}\t{Second}").Output);
        Assert.True(cut.RootElement.GetProperty("truncated").GetBoolean());
        int[] ids = [.. cut.RootElement.GetProperty("ids")[0].EnumerateArray().Select(id => id.GetInt32())];
        Assert.Equal(ids.Length, cut.RootElement.GetProperty("types").GetArrayLength());
        Assert.Equal(Ids("--text", Second)[1..], ids[^(Ids("--text", Second).Length - 1)..].Select(id => id.ToString(CultureInfo.InvariantCulture)));
        JsonElement record = JsonDocument.Parse(Run("embed", "--pair", "--text", $"{words}\t{Second}").Output).RootElement[0];
        Assert.True(record.GetProperty("truncated").GetBoolean());
        Assert.Equal(ids.Length - 4, record.GetProperty("tokens").GetInt32());
        Assert.Contains("--long chunk does not apply to pairs", Run("embed", "--pair", "--long", "chunk", "--text", $"{words}\t{Second}").Error, StringComparison.Ordinal);
        (int code, _, string error) = Run("embed", "--pair", "--long", "error", "--text", $"{words}\t{Second}");
        Assert.Equal(1, code);
        Assert.Contains($"the pair has more than {ids.Length} tokens", error, StringComparison.Ordinal);
    }

    [Theory, InlineData(First, "0 tabs"), InlineData($"{First}\t{Second}\t{First}", "2 tabs")]
    public void A_line_that_is_no_pair_is_named_and_the_others_are_done(string line, string problem)
    {
        string file = Write("pairs.txt", $"{First}\t{Second}\n{line}\n{Second}\t{First}\n");
        (int code, string output, string error) = Run("classify", "--pair", file, "--top", "1");
        Assert.Equal(1, code);
        Assert.Equal(2, output.TrimEnd().Split('\n').Length);
        Assert.Contains($"{file}:2: the line has {problem}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenize_takes_texts_alone()
    {
        Assert.Equal(2, Run("tokenize", Write("texts.txt", "one\ntwo\n")).Output.TrimEnd().Split('\n').Length);
        Assert.Equal(1, Run("tokenize", "--tokens", "0 5 2").Code);
        Assert.Equal(2, Run("convert", "x.pt", "-o", "x.d2v", "--head", "a", "--no-head").Code);
    }

    private static string[] Ids(params string[] arguments) => Run(["tokenize", .. arguments]).Output.TrimEnd().Split(' ');

    private static string Vector(params string[] arguments) => JsonDocument.Parse(Run(arguments).Output).RootElement[0].GetProperty("vector").GetRawText();

    private static string[] Classified(params string[] arguments) => [.. Run(["classify", .. arguments]).Output.TrimEnd().Split('\n').Select(line => line[line.IndexOf('\t', StringComparison.Ordinal)..])];

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
