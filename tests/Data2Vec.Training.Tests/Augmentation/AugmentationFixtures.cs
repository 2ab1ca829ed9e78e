using System.Text.Json;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Tests.Augmentation;

/// <summary>Images of the fixtures, and comparisons with them.</summary>
internal static class AugmentationFixtures
{
    public static JsonElement Operations { get; } = Fixtures.Json("augmentation/operations.json");

    public static RgbImage Image(string name)
    {
        JsonElement image = Operations.GetProperty("images").GetProperty(name);
        return new RgbImage(image.GetProperty("width").GetInt32(), image.GetProperty("height").GetInt32(), image.GetProperty("pixels").GetBytesFromBase64());
    }

    public static RgbImage ImageOf(JsonElement testCase) => Image(testCase.GetProperty("image").GetString()!);

    /// <summary>Checks that all pixels are equal.</summary>
    public static void Equal(JsonElement testCase, RgbImage actual, string name)
    {
        byte[] expected = testCase.GetProperty("pixels").GetBytesFromBase64();
        Assert.Equal(expected.Length, actual.Pixels.Length);
        int[] wrong = [.. Enumerable.Range(0, expected.Length).Where(i => expected[i] != actual.Pixels[i])];
        Assert.True(wrong.Length == 0, wrong.Length == 0 ? "" : $"{name}: {wrong.Length} samples differ; sample {wrong[0]} is {actual.Pixels[wrong[0]]}, not {expected[wrong[0]]}.");
    }

    public static RandomSequence Random(long item, long epoch = 0) => new RandomSource(5, epoch, RandomSite.Augmentation).Sequence(item);

    /// <summary>Checks the means of two samples of vectors, and their deviations, each within five standard errors.</summary>
    public static void SameMoments(JsonElement expected, IReadOnlyList<double[]> draws)
    {
        double[] means = expected.Doubles("mean"), deviations = expected.Doubles("deviation"), fourth = expected.Doubles("fourth");
        double size = 1 / ((1 / expected.Number("count")) + (1.0 / draws.Count));
        for (int k = 0; k < means.Length; k++)
        {
            double mean = draws.Average(draw => draw[k]);
            double deviation = Math.Sqrt(draws.Average(draw => (draw[k] - mean) * (draw[k] - mean)));
            double variance = deviations[k] * deviations[k];
            double bound = (5 * Math.Sqrt(variance / size)) + 1e-9, deviationBound = (5 * Math.Sqrt(Math.Max(fourth[k] - (variance * variance), 0) / (4 * Math.Max(variance, 1e-12) * size))) + 1e-9;
            Assert.True(Math.Abs(mean - means[k]) <= bound, $"The mean of number {k} is {mean}, not {means[k]} within {bound}.");
            Assert.True(Math.Abs(deviation - deviations[k]) <= deviationBound, $"The deviation of number {k} is {deviation}, not {deviations[k]} within {deviationBound}.");
        }
    }
}
