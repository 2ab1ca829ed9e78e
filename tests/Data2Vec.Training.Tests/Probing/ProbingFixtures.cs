using System.Text.Json;
using Data2Vec.Training.Probing;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.Probing;

/// <summary>Vectors with classes or numbers.</summary>
internal static class ProbingFixtures
{
    private static readonly JsonElement s_cases = Fixtures.Json("probing/cases.json");

    public static IEnumerable<JsonElement> Cases(string kind) => s_cases.EnumerateArray().Where(test => test.GetProperty("kind").ValueEquals(kind));

    public static FeatureVectors Vectors(JsonElement test)
    {
        float[] values = Fixtures.Floats($"probing/{test.GetProperty("vectors").GetString()}-vectors.npy");
        int count = test.TryGetProperty("labels", out JsonElement labels) ? labels.GetArrayLength() : test.GetProperty("numbers").GetArrayLength();
        return new FeatureVectors(values, values.Length / count);
    }

    public static string[] Names(int classes) => [.. Enumerable.Range(0, classes).Select(c => $"class {c}")];

    /// <summary>Vectors around one center for each class, with the given distance between centers.</summary>
    public static (FeatureVectors Vectors, int[] Labels) Clusters(int count, int features, int classes, double distance, long item = 0)
    {
        RandomSequence random = new RandomSource(11, 0, RandomSite.Initialization).Sequence(item);
        double[] centers = [.. Enumerable.Range(0, classes * features).Select(_ => random.NextNormal() * distance / Math.Sqrt(2 * features))];
        int[] labels = [.. Enumerable.Range(0, count).Select(i => i % classes)];
        random.Shuffle<int>(labels);
        float[] values = [.. Enumerable.Range(0, count * features).Select(i => (float)(centers[(labels[i / features] * features) + (i % features)] + random.NextNormal()))];
        return (new FeatureVectors(values, features), labels);
    }

    /// <summary>Checks a vector's error in the Euclidean norm, relative to the expected vector.</summary>
    public static void CloseInNorm(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double bound)
    {
        Assert.Equal(expected.Length, actual.Length);
        double error = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            norm += expected[i] * expected[i];
        }

        Assert.True(error <= bound * bound * norm, $"The relative error is {Math.Sqrt(error / norm)}.");
    }
}
