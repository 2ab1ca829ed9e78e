using System.Text.Json;
using Data2Vec.Memes.Evaluation;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Memes.Tests.Fusion;

public class FusionTrainerTests
{
    [Fact]
    public void A_hundred_steps_match_the_losses_and_weights_of_PyTorch()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "training.json")));
        JsonElement run = json.RootElement;
        float[][] x = run.GetProperty("x").Deserialize<float[][]>()!, start = run.GetProperty("start").Deserialize<float[][]>()!, end = run.GetProperty("end").Deserialize<float[][]>()!;
        bool[] labels = run.GetProperty("labels").Deserialize<bool[]>()!;
        int[][] batches = run.GetProperty("batches").Deserialize<int[][]>()!;
        double[] losses = run.GetProperty("losses").Deserialize<double[]>()!;
        FusionNetwork network = FusionNetwork.Create(x[0].Length, start[1].Length, new Random(1));
        float[][] parameters = Parameters(network);
        for (int i = 0; i < parameters.Length; i++)
        {
            start[i].CopyTo(parameters[i], 0);
        }

        var trainer = new FusionTrainer(network, run.GetProperty("rate").GetSingle(), dropout: 0);
        Assert.Equal(100, losses.Length);
        for (int step = 0; step < losses.Length; step++)
        {
            bool[] answers = [.. batches[step].Select(i => labels[i])];
            float[] scores = trainer.Step([.. batches[step].Select(i => (ReadOnlyMemory<float>)x[i])], answers, new Random(1));
            Assert.Equal(losses[step], FusionTrainer.Loss(scores, answers), 1e-5);
        }

        Assert.True(losses[^1] < 0.7 * losses[0]);
        for (int i = 0; i < parameters.Length; i++)
        {
            Assert.All(parameters[i].Zip(end[i]), pair => Assert.Equal(pair.Second, pair.First, 1e-4f));
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.4f)]
    public void Gradients_match_finite_differences_of_the_loss(float dropout)
    {
        var random = new Random(5);
        FusionNetwork network = FusionNetwork.Create(7, 9, random);
        ReadOnlyMemory<float>[] x = [.. Enumerable.Range(0, 6).Select(_ => (ReadOnlyMemory<float>)Enumerable.Range(0, 7).Select(_ => 2 * random.NextSingle() - 1).ToArray())];
        bool[] labels = [true, false, true, true, false, false];
        var trainer = new FusionTrainer(network, 0.1f, dropout);

        // The same seed leaves the same features out.
        double Loss() => FusionTrainer.Loss(trainer.Differentiate(x, labels, new Random(3)), labels);
        Loss();
        float[][] gradients = [.. Parameters(trainer.Gradient).Select(values => values.ToArray())], parameters = Parameters(network);
        int moved = 0;
        for (int i = 0; i < parameters.Length; i++)
        {
            for (int j = 0; j < parameters[i].Length; j++)
            {
                const float Step = 1e-3f;
                float value = parameters[i][j];
                parameters[i][j] = value + Step;
                double above = Loss();
                parameters[i][j] = value - Step;
                double below = Loss();
                parameters[i][j] = value;
                Assert.Equal((above - below) / (2 * Step), gradients[i][j], 2e-3);
                moved += Math.Abs(gradients[i][j]) > 1e-2 ? 1 : 0;
            }
        }

        Assert.True(moved > 20, $"only {moved} gradients are of notable size");
    }

    [Fact]
    public void Only_the_same_seed_gives_the_same_network()
    {
        Examples examples = Xor(40, 2);
        var options = new TrainingOptions { Epochs = 3, Seed = 7 };
        float[] Weights(TrainingOptions how) => FusionTrainer.Train(examples, examples, how).Network.Layers[0].Weight;
        Assert.Equal(Weights(options), Weights(options));
        Assert.NotEqual(Weights(options), Weights(options with { Seed = 8 }));
        Assert.NotEqual(Weights(options), Weights(options with { Dropout = 0 }));
    }

    [Fact]
    public void Training_learns_xor_and_keeps_the_best_epoch()
    {
        TrainingResult result = FusionTrainer.Train(Xor(400, 1), Xor(100, 2), new TrainingOptions { LearningRate = 1e-2f });
        Assert.True(result.MaximumAccuracy > 0.95, $"{result.MaximumAccuracy}");
        Assert.Equal(100, result.Epochs.Count);
        Assert.Equal(result.Epochs.Max(epoch => epoch.ValidationAccuracy), result.MaximumAccuracy);
        Assert.Equal(result.MaximumAccuracy, Metrics.Accuracy(result.Network.Score(Xor(100, 2).Features), Xor(100, 2).Labels));
        Assert.True(result.Calibration.Probability(1) > 0.9);
        Assert.True(result.Calibration.Probability(0) < 0.1);
    }

    [Fact]
    public void Patience_ends_training_early()
    {
        TrainingResult result = FusionTrainer.Train(Xor(40, 1), Xor(40, 2), new TrainingOptions { Patience = 4, LearningRate = 1e-5f });
        Assert.InRange(result.Epochs.Count, 5, 99);
        Assert.Equal(result.BestEpoch + 5, result.Epochs.Count);
    }

    [Fact]
    public void Diverging_training_is_reported()
    {
        Examples huge = new([new float[] { 1e30f }, new float[] { -1e30f }], [true, false]);
        Assert.Contains("learning rate", Assert.Throws<InvalidDataException>(() => FusionTrainer.Train(huge, huge)).Message);
    }

    [Fact]
    public void Bad_examples_and_options_are_rejected()
    {
        Examples good = Xor(4, 1);
        Assert.Throws<ArgumentException>(() => FusionTrainer.Train(new Examples([], []), good));
        Assert.Throws<ArgumentException>(() => FusionTrainer.Train(good, new Examples(good.Features, [true])));
        Assert.Throws<ArgumentException>(() => FusionTrainer.Train(good, new Examples([new float[3]], [true])));
        Assert.Throws<ArgumentOutOfRangeException>(() => FusionTrainer.Train(good, good, new TrainingOptions { Dropout = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => FusionTrainer.Train(good, good, new TrainingOptions { LearningRate = float.NaN }));
    }

    private static Examples Xor(int count, int seed)
    {
        var random = new Random(seed);
        float[][] x = [.. Enumerable.Range(0, count).Select(_ => new[] { random.NextSingle() * 2 - 1, random.NextSingle() * 2 - 1 })];
        return new Examples([.. x.Select(values => (ReadOnlyMemory<float>)values)], [.. x.Select(values => values[0] > 0 != values[1] > 0)]);
    }

    private static float[][] Parameters(FusionNetwork network) => [.. network.Layers.SelectMany(layer => new[] { layer.Weight, layer.Bias })];
}
