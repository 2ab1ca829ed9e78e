using System.Text.Json;
using Data2Vec.Training.Losses;

namespace Data2Vec.Training.Tests.Losses;

public class RegressionTargetsTests
{
    /// <summary>The means of three layers, two sequences, in PyTorch's double precision.</summary>
    [Theory]
    [InlineData(TargetNorm.Instance, TargetNorm.None, "instance")]
    [InlineData(TargetNorm.Layer, TargetNorm.None, "layer")]
    [InlineData(TargetNorm.None, TargetNorm.None, "none")]
    [InlineData(TargetNorm.None, TargetNorm.Layer, "none then layer")]
    [InlineData(TargetNorm.Instance, TargetNorm.Instance, "instance then instance")]
    public void Targets_are_those_of_PyTorch(TargetNorm layer, TargetNorm mean, string name)
    {
        JsonElement expected = Fixtures.Json("losses/cases.json").GetProperty("targets");
        int[] lengths = expected.Integers("lengths");
        float[] sum = new float[11 * 6];
        var targets = new RegressionTargets(layer, mean);
        foreach (JsonElement values in expected.GetProperty("layers").EnumerateArray())
        {
            targets.Add(values.EnumerateArray().Select(value => value.GetSingle()).ToArray(), lengths, 6, sum);
        }

        targets.Finish(sum, 3, lengths, 6);
        Close.Absolute(expected.Doubles(name), sum, 1e-6);
    }

    [Fact]
    public void A_sequence_of_one_row_and_a_constant_row_become_zero()
    {
        float[] sum = new float[3];
        new RegressionTargets(TargetNorm.Instance, TargetNorm.None).Add([1, 2, 3], [1, 0], 3, sum);
        Assert.Equal([0f, 0, 0], sum);
        new RegressionTargets(TargetNorm.Layer, TargetNorm.None).Add([5, 5, 5], [1], 3, sum);
        Assert.Equal([0f, 0, 0], sum);
    }

    [Fact]
    public void Lengths_that_do_not_add_up_are_refused()
    {
        var targets = new RegressionTargets(TargetNorm.Instance, TargetNorm.None);
        Assert.Throws<ArgumentException>(() => targets.Add(new float[6], [1], 3, new float[6]));
        Assert.Throws<ArgumentException>(() => targets.Add(new float[6], [2], 3, new float[3]));
        Assert.Throws<ArgumentException>(() => targets.Finish(new float[6], 2, [3], 3));
    }
}
