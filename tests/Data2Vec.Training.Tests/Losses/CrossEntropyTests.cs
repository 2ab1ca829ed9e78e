using System.Text.Json;
using Data2Vec.Training.Losses;

namespace Data2Vec.Training.Tests.Losses;

public class CrossEntropyTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("0.1")]
    public void Loss_and_gradient_of_labels_are_those_of_PyTorch(string smoothing)
    {
        JsonElement expected = Fixtures.Json("losses/cases.json").GetProperty($"cross-entropy smoothing {smoothing}");
        float[] logits = [.. expected.Floats("x").Select(value => value * 4)], gradient = new float[logits.Length];
        Close.Relative(expected.Number("loss"), CrossEntropy.Compute(logits, expected.Integers("labels"), 7, expected.Number("smoothing"), gradient), 1e-6);
        Close.Absolute([.. expected.Doubles("gradient").Select(value => value / 4)], gradient, 1e-6);
    }

    [Fact]
    public void Loss_and_gradient_of_distributions_are_those_of_PyTorch()
    {
        JsonElement expected = Fixtures.Json("losses/cases.json").GetProperty("cross-entropy soft");
        float[] gradient = new float[18];
        Close.Relative(expected.Number("loss"), CrossEntropy.Compute(expected.Floats("x"), expected.Floats("y"), 6, gradient), 1e-6);
        Close.Absolute(expected.Doubles("gradient"), gradient, 1e-6);
    }

    [Fact]
    public void The_gradient_is_that_of_finite_differences()
    {
        float[] logits = [0.5f, -1, 2, 0.25f, 0, 1], targets = [0.2f, 0.5f, 0.1f, 1, 0, 0.5f], gradient = new float[6];
        CrossEntropy.Compute(logits, targets, 3, gradient);
        for (int i = 0; i < logits.Length; i++)
        {
            const float Step = 1 / 1024f;
            float[] up = [.. logits], down = [.. logits];
            up[i] += Step;
            down[i] -= Step;
            double slope = (CrossEntropy.Compute(up, targets, 3, []) - CrossEntropy.Compute(down, targets, 3, [])) / (2 * Step);
            Assert.Equal(slope, gradient[i], 5);
        }
    }

    [Fact]
    public void Large_logits_neither_overflow_nor_vanish()
    {
        float[] gradient = new float[4];
        double loss = CrossEntropy.Compute([1e4f, 0, 0, float.NegativeInfinity], [1], 4, 0, gradient);
        Assert.Equal(1e4, loss, 6);
        Assert.Equal([1, -1, 0, 0], gradient);
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        Assert.Contains("row 1", Assert.Throws<ArgumentException>(() => CrossEntropy.Compute(new float[4], [0, 2], 2, 0, [])).Message);
        Assert.Throws<ArgumentException>(() => CrossEntropy.Compute(new float[4], [0], 2, 0, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => CrossEntropy.Compute(new float[4], [0, 1], 2, 1, []));
        Assert.Throws<ArgumentException>(() => CrossEntropy.Compute(new float[4], new float[2], 2, []));
    }
}
