using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Recognition.Tests.Decoding;

public class WeightSearchTests
{
    [Fact]
    public void Finds_the_least_value_and_tries_the_same_weights_again()
    {
        WeightTrial[] trials = [.. Run(3)];
        Assert.Equal(trials, Run(3));
        Assert.NotEqual(trials[5], Run(4)[5]);
        Assert.Equal((2, -1), (trials[0].ModelWeight, trials[0].WordScore));
        Assert.All(trials, trial => Assert.True(trial.ModelWeight is >= 0 and <= 5 && trial.WordScore is >= -5 and <= 5));
        WeightTrial best = trials.MinBy(trial => trial.Value)!;
        Assert.Equal(3.2, best.ModelWeight, 0.3);
        Assert.Equal(1.7, best.WordScore, 0.6);
    }

    private static WeightTrial[] Run(int seed) =>
        [.. new WeightSearch(seed, 100).Run((2, -1), (model, word) => Math.Pow(model - 3.2, 2) + (0.3 * Math.Pow(word - 1.7, 2)))];
}
