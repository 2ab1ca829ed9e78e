using System.Text.Json.Nodes;
using Data2Vec.Training.Probing;

namespace Data2Vec.Cli;

/// <summary>Prints what a probe found.</summary>
/// <param name="Examples">The number of examples to learn from.</param>
/// <param name="Measured">How it was measured, in words.</param>
/// <param name="Results">The result of each layer.</param>
/// <param name="Best">The best of them.</param>
internal sealed record ProbeReport(int Examples, string Measured, IReadOnlyList<ProbeResult> Results, ProbeResult Best)
{
    private const int MostClasses = 20, MostPairs = 5;

    /// <summary>Prints lines of names and values between tabs.</summary>
    public void Print(TextWriter output)
    {
        if (Results.Count > 1)
        {
            output.WriteLine(Best is ClassificationResult ? "layer\taccuracy\tneighbours" : "layer\tPearson\tSpearman");
            foreach (ProbeResult result in Results)
            {
                output.WriteLine(result is ClassificationResult classes
                    ? $"{result.Layer}\t{Number(classes.Score)}\t{Number(classes.NeighborAccuracy)}"
                    : $"{result.Layer}\t{Number(((RegressionResult)result).Probing.Quality.Pearson)}\t{Number(((RegressionResult)result).Probing.Quality.Spearman)}");
            }

            output.WriteLine();
        }

        output.WriteLine($"examples\t{Examples}");
        output.WriteLine($"measured\t{Measured}");
        output.WriteLine($"layer\t{OptionFactory.LayerName(Best.Layer)}");
        if (Best is ClassificationResult best)
        {
            Print(best, output);
            return;
        }

        RegressionQuality quality = ((RegressionResult)Best).Probing.Quality;
        output.WriteLine($"Pearson\t{Number(quality.Pearson)}");
        output.WriteLine($"Spearman\t{Number(quality.Spearman)}");
        output.WriteLine($"explained variance (R2)\t{Number(quality.Determination)}");
        output.WriteLine($"root mean square error\t{Number(quality.RootMeanSquareError)}");
    }

    /// <summary>The same as JSON.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["examples"] = Examples, ["measured"] = Measured };
        foreach ((string key, JsonNode? value) in Describe(Best))
        {
            json[key] = value?.DeepClone();
        }

        if (Results.Count > 1)
        {
            json["layers"] = new JsonArray([.. Results.Select(Summary)]);
        }

        return json;
    }

    private static void Print(ClassificationResult result, TextWriter output)
    {
        (IReadOnlyList<string> labels, ClassificationQuality quality) = (result.Probing.Probe.Labels, result.Probing.Quality);
        output.WriteLine($"accuracy\t{Number(quality.Accuracy)}");
        output.WriteLine($"always the same answer\t{Number(result.ConstantAccuracy)}");
        output.WriteLine($"{ProbeResult.Neighbors} nearest neighbours\t{Number(result.NeighborAccuracy)}");
        output.WriteLine($"Matthews\t{Number(quality.Matthews)}");
        output.WriteLine(labels.Count == 2 ? $"F1 of {TerminalText.OneLine(labels[1])}\t{Number(quality.F1[1])}" : $"mean F1\t{Number(quality.MacroF1)}");
        if (labels.Count is > 2 and <= MostClasses)
        {
            output.WriteLine();
            output.WriteLine("class\tmeasured\tright\tF1");
            for (int c = 0; c < labels.Count; c++)
            {
                int count = quality.Confusion[c].Sum();
                output.WriteLine($"{TerminalText.OneLine(labels[c])}\t{count}\t{quality.Confusion[c][c]}\t{(count == 0 ? "-" : Number(quality.F1[c]))}");
            }
        }

        (int Right, int Taken, int Count)[] confused = [.. Confused(quality)];
        if (labels.Count > 2 && confused.Length > 0)
        {
            output.WriteLine();
            output.WriteLine("class\ttaken for\ttimes");
            foreach ((int right, int taken, int count) in confused)
            {
                output.WriteLine($"{TerminalText.OneLine(labels[right])}\t{TerminalText.OneLine(labels[taken])}\t{count}");
            }
        }
    }

    private static IEnumerable<(int Right, int Taken, int Count)> Confused(ClassificationQuality quality) => quality.Confusion
        .SelectMany((row, right) => row.Select((count, taken) => (Right: right, Taken: taken, Count: count)))
        .Where(pair => pair.Right != pair.Taken && pair.Count > 0)
        .OrderByDescending(pair => pair.Count).Take(MostPairs);

    private static JsonObject Summary(ProbeResult result) => result is ClassificationResult classes
        ? new JsonObject { ["layer"] = OptionFactory.LayerJson(result.Layer), ["accuracy"] = classes.Score, ["neighbor_accuracy"] = classes.NeighborAccuracy }
        : new JsonObject { ["layer"] = OptionFactory.LayerJson(result.Layer), ["pearson"] = Finite(((RegressionResult)result).Probing.Quality.Pearson) };

    private static JsonObject Describe(ProbeResult result)
    {
        if (result is not ClassificationResult classes)
        {
            (RegressionProbe line, RegressionQuality numbers) = ((RegressionResult)result).Probing;
            return new JsonObject
            {
                ["measured_examples"] = numbers.Count,
                ["layer"] = OptionFactory.LayerJson(result.Layer),
                ["penalty"] = line.Penalty,
                ["pearson"] = Finite(numbers.Pearson),
                ["spearman"] = Finite(numbers.Spearman),
                ["r2"] = Finite(numbers.Determination),
                ["root_mean_square_error"] = Finite(numbers.RootMeanSquareError),
            };
        }

        (ClassificationProbe probe, ClassificationQuality quality) = (classes.Probing.Probe, classes.Probing.Quality);
        return new JsonObject
        {
            ["measured_examples"] = quality.Count,
            ["layer"] = OptionFactory.LayerJson(result.Layer),
            ["penalty"] = probe.Penalty,
            ["accuracy"] = quality.Accuracy,
            ["majority_accuracy"] = classes.ConstantAccuracy,
            ["neighbor_accuracy"] = classes.NeighborAccuracy,
            ["matthews"] = quality.Matthews,
            ["macro_f1"] = quality.MacroF1,
            ["labels"] = new JsonArray([.. probe.Labels.Select(label => (JsonNode?)label)]),
            ["f1"] = new JsonArray([.. quality.F1.Select(value => (JsonNode?)value)]),
            ["confusion"] = new JsonArray([.. quality.Confusion.Select(row => new JsonArray([.. row.Select(count => (JsonNode?)count)]))]),
        };
    }

    private static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;

    private static string Number(double value) => double.IsNaN(value) ? "-" : value.ToString("0.0000", CultureInfo.InvariantCulture);
}
