using System.Text.Json.Nodes;
using Data2Vec.Training.Data;
using Data2Vec.Training.Metrics;

namespace Data2Vec.Cli;

/// <summary>Pairs of texts with a number that says how similar they are.</summary>
internal sealed class TextPairs
{
    private const string Cosines = "cosines";

    /// <summary>The usual names of a column of scores.</summary>
    private static readonly string[] s_scores = ["score", "similarity", "label", "relatedness", "relatedness_score", "rating", "gold", "value"];

    private readonly List<(string Name, string First, string Second, double Score)> _pairs = [];

    private TextPairs(Table table, int first, int second, int label, IEnumerable<TableRow> rows, BadInputs bad)
    {
        foreach (TableRow row in rows)
        {
            string? a = row.Fields.ElementAtOrDefault(first)?.Trim(), b = row.Fields.ElementAtOrDefault(second)?.Trim();
            if (string.IsNullOrEmpty(a) || string.IsNullOrEmpty(b))
            {
                bad.Report(table.Name(row), new InvalidDataException("a text is missing"));
            }
            else if (!IsNumber(row.Fields.ElementAtOrDefault(label), out double score))
            {
                bad.Report(table.Name(row), new InvalidDataException("the score is no number"));
            }
            else
            {
                _pairs.Add((row.Line.ToString(CultureInfo.InvariantCulture), a, b, score));
            }
        }

        if (_pairs.Count < 2)
        {
            throw new InvalidDataException($"{table.Path}: fewer than two lines have two texts and a score");
        }
    }

    public int Count => _pairs.Count;

    /// <summary>Reads a table: two texts and a score in each line, or with the usual names of such columns in the first line.</summary>
    public static TextPairs Read(string path, BadInputs bad)
    {
        var named = Table.Read(path, new TableOptions());
        if (LabelledText.PairColumns(named) is { } columns)
        {
            return new TextPairs(named, columns.First, columns.Second, columns.Label, named.Rows, bad);
        }

        var plain = Table.Read(path, new TableOptions { HasHeader = false });
        bool hasHeader = plain.Rows[0].Fields is [_, _, var third, ..] && s_scores.Contains(third.Trim(), StringComparer.OrdinalIgnoreCase);
        return new TextPairs(plain, 0, 1, 2, hasHeader ? plain.Rows.Skip(1) : plain.Rows, bad);
    }

    /// <summary>The correlations of cosines and scores, for each layer.</summary>
    public (double Pearson, double Spearman)[] Correlate(TextModel model, EmbeddingOptions options, bool allLayers, ResultFile results, BadInputs bad, Action<double> report, CancellationToken cancellation)
    {
        var found = new List<(double[] Cosines, double Score)>();
        foreach ((int i, (string name, string first, string second, double score)) in _pairs.Index())
        {
            cancellation.ThrowIfCancellationRequested();
            JsonObject? result = results.Find(name);
            if (result is null && (result = bad.Try($"line {name}", () => Compare(first, second))) is not null)
            {
                results.Add(name, result);
            }

            if (result is not null)
            {
                found.Add((ResultFile.Read<double[]>(name, () => [.. result[Cosines]!.AsArray().Select(cosine => cosine!.GetValue<double>())]), score));
            }

            report((i + 1.0) / _pairs.Count);
        }

        double[] scores = [.. found.Select(pair => pair.Score)];
        return found.Count < 2
            ? throw new InvalidDataException("fewer than two pairs can be embedded")
            : [.. found[0].Cosines.Select((_, layer) => (double[])[.. found.Select(pair => pair.Cosines[layer])]).Select(cosines => (Correlation.Pearson(cosines, scores), Correlation.Spearman(cosines, scores)))];

        JsonObject Compare(string first, string second)
        {
            float[][] a = Embed(first), b = Embed(second);
            return new JsonObject { [Cosines] = new JsonArray([.. a.Zip(b, (x, y) => (JsonNode?)Cosine(x, y))]) };
        }

        float[][] Embed(string text) => allLayers ? model.EmbedLayers(text, options, cancellation) : [model.Embed(text, options, cancellation)];
    }

    private static double Cosine(float[] a, float[] b)
    {
        double product = 0, squareA = 0, squareB = 0;
        for (int i = 0; i < a.Length; i++)
        {
            product += (double)a[i] * b[i];
            squareA += (double)a[i] * a[i];
            squareB += (double)b[i] * b[i];
        }

        double length = Math.Sqrt(squareA) * Math.Sqrt(squareB);
        return !double.IsFinite(product) ? throw new InvalidDataException("the model's output is not finite") : length == 0 ? 0 : product / length;
    }

    private static bool IsNumber(string? text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
}
