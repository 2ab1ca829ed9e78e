using System.Globalization;
using System.Text.Json;
using Data2Vec.Cli.Tests.Training;

namespace Data2Vec.Cli.Tests.Evaluation;

public sealed class EmbeddingsTests : IDisposable
{
    private readonly ProbeFolder _files = new();

    public void Dispose() => _files.Dispose();

    /// <summary>The probe and the neighbours are those of data2vec probe.</summary>
    [Fact]
    public void Each_layer_is_measured_and_vectors_are_kept()
    {
        string data = _files.Recordings(8), results = _files["results.jsonl"], folder = _files["report"], model = ProbeFolder.Model("speech.d2v");
        string[] command = ["evaluate", "embeddings", "--model", model, "--data", data, "--folds", "4", "--results", results, "--report", folder];
        string output = Succeed(command);
        using var probe = JsonDocument.Parse(Succeed("probe", model, "--data", data, "--folds", "4", "--layer", "all", "--json"));
        string[] rows = output.Split('\n').SkipWhile(line => !line.StartsWith("layer\t", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line.Length > 0).ToArray();
        JsonElement[] layers = [.. probe.RootElement.GetProperty("layers").EnumerateArray()];
        Assert.Equal(layers.Length, rows.Length);
        foreach ((string row, JsonElement layer) in rows.Zip(layers))
        {
            string[] cells = row.Split('\t');
            Assert.Equal(6, cells.Length);
            Assert.Equal(100 * layer.GetProperty("accuracy").GetDouble(), double.Parse(cells[1], CultureInfo.InvariantCulture), 0.006);
            Assert.Equal(100 * layer.GetProperty("neighbor_accuracy").GetDouble(), double.Parse(cells[2], CultureInfo.InvariantCulture), 0.006);
        }

        Assert.Contains("recall@1 %, best layer (", output, StringComparison.Ordinal);
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(folder, "layers.svg")), StringComparison.Ordinal);
        string[] lines = File.ReadAllLines(results);
        Assert.Equal(17, lines.Length);
        File.WriteAllLines(results, lines[..9]);
        Assert.Equal(output, Succeed(command));
        Assert.Equal(lines.Order(StringComparer.Ordinal), File.ReadAllLines(results).Order(StringComparer.Ordinal));

        File.WriteAllLines(results, [lines[0], lines[1].Replace("\"vectors\":[\"", "\"vectors\":[\"AAAA", StringComparison.Ordinal)]);
        (int code, _, string error) = CommandLine.Run(command);
        Assert.Equal(1, code);
        Assert.Contains("is damaged", error, StringComparison.Ordinal);
    }

    /// <summary>Ranks without ties: 1 - 6 sum d^2 / (n (n^2 - 1)), from the cosines of data2vec similarity.</summary>
    [Fact]
    public void Similarities_of_texts_are_compared_with_scores()
    {
        (string First, string Second, double Score)[] pairs =
        [
            ("a wonderful film", "a gripping film", 4.5), ("a wonderful film", "dull and far too long", 1), ("the rain falls", "a dull film", 0.5), ("the rain falls", "the rain fell", 5),
            ("one two three", "four five", 3), ("\"quoted", "quoted", 4),
        ];
        string plain = _files.Write("pairs.tsv", string.Concat(pairs.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.First}\t{pair.Second}\t{pair.Score}\n"))));
        string named = _files.Write("named.tsv", "index\tsentence1\tsentence2\tscore\n" + string.Concat(pairs.Select(pair => string.Create(CultureInfo.InvariantCulture, $"0\t{pair.First}\t{pair.Second}\t{pair.Score}\n"))));
        string model = ProbeFolder.Model("text.d2v");
        double[] cosines =
        [
            .. pairs.Select(pair =>
            {
                float[][] vectors = [.. new[] { pair.First, pair.Second }.Select(text =>
                {
                    using var vector = JsonDocument.Parse(Succeed("embed", "--model", model, "--text", text, "--format", "jsonl"));
                    return vector.RootElement.GetProperty("vector").EnumerateArray().Select(value => value.GetSingle()).ToArray();
                })];
                return vectors[0].Zip(vectors[1]).Sum(v => (double)v.First * v.Second) / Math.Sqrt(vectors[0].Sum(v => (double)v * v) * vectors[1].Sum(v => (double)v * v));
            }),
        ];
        double[] scores = [.. pairs.Select(pair => pair.Score)];
        double squares = Enumerable.Range(0, pairs.Length).Sum(i => Math.Pow(cosines.Count(value => value < cosines[i]) - scores.Count(value => value < scores[i]), 2));
        double spearman = 1 - (6 * squares / (pairs.Length * ((pairs.Length * pairs.Length) - 1)));
        foreach (string file in new[] { plain, named })
        {
            string results = _files[Path.GetFileName(file) + ".jsonl"];
            string[] command = ["evaluate", "embeddings", "--model", model, "--pairs", file, "--json", "--results", results];
            string output = Succeed(command);
            using var json = JsonDocument.Parse(output);
            Assert.Equal(100 * spearman, json.RootElement.GetProperty("figures").GetProperty("Spearman %, last layer").GetProperty("value").GetDouble(), 1e-9);
            Assert.Equal(5, json.RootElement.GetProperty("tables")[0].GetProperty("rows").GetArrayLength());
            Assert.Equal(output, Succeed(command));
        }

        Assert.Contains("Pearson", Succeed("evaluate", "embeddings", "--model", model, "--pairs", plain, "--layer", "2"), StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("evaluate", "embeddings", "--model", model).Code);
        Assert.Equal(2, CommandLine.Run("evaluate", "embeddings", "--model", ProbeFolder.Model("image.d2v"), "--pairs", plain).Code);
    }

    private static string Succeed(params string[] arguments)
    {
        (int code, string output, string error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        return output.ReplaceLineEndings("\n");
    }
}
