using System.Text.Json;
using Data2Vec.Training.Metrics;

namespace Data2Vec.Training.Tests.Metrics;

/// <summary>What scikit-learn 1.2.1 and SciPy 1.10.1 give for labels and predictions that were drawn at random.</summary>
public class GoldenMetricsTests
{
    private const double Tolerance = 1e-12;

    [Fact]
    public void Metrics_are_those_of_scikit_learn_and_SciPy()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "metrics-golden.json")));
        int compared = 0;
        foreach (JsonElement item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            double[] labels = Numbers(item.GetProperty("labels")), predicted = Numbers(item.GetProperty("predictions"));
            if (item.GetProperty("kind").GetString() == "regression")
            {
                Check(item, "pearson", Correlation.Pearson(predicted, labels));
                Check(item, "spearman", Correlation.Spearman(predicted, labels));
                continue;
            }

            int[] right = [.. labels.Select(label => (int)label)], answers = [.. predicted.Select(label => (int)label)];
            Check(item, "accuracy", Classification.Accuracy(answers, right));
            Check(item, "mcc", Classification.Matthews(answers, right));
            Check(item, "f1", Classification.F1(answers, right));
            Check(item, "f1_macro", right.Distinct().Average(label => Classification.F1(answers, right, label)));
        }

        Assert.Equal((8 * 3) + 3 + (3 * 2), compared);

        void Check(JsonElement item, string name, double actual)
        {
            if (item.TryGetProperty(name, out JsonElement expected))
            {
                Assert.InRange(actual, expected.GetDouble() - Tolerance, expected.GetDouble() + Tolerance);
                compared++;
            }
        }
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetDouble())];
}
