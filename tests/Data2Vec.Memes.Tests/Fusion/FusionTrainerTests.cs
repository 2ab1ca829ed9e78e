using System.Text.Json;
using Data2Vec.Memes.Evaluation;
using Data2Vec.Memes.Fusion;
using Data2Vec.Training.Network;

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
        var options = new TrainingOptions { HiddenSize = start[1].Length, LearningRate = run.GetProperty("rate").GetSingle(), Dropout = 0 };
        var values = new Queue<float[]>(start);
        using var learner = new FusionLearner(x[0].Length, options, _ => values.Dequeue());
        var examples = new Examples([.. x.Select(features => (ReadOnlyMemory<float>)features)], labels);
        Assert.Equal(100, losses.Length);
        for (int step = 0; step < losses.Length; step++)
        {
            Assert.Equal(losses[step], FusionTrainer.Loss(learner.Update(examples, batches[step]), [.. batches[step].Select(i => labels[i])]), 1e-5);
        }

        Assert.True(losses[^1] < 0.7 * losses[0]);
        float[][] parameters = [.. learner.Network().Layers.SelectMany(layer => new[] { layer.Weight, layer.Bias })];
        Assert.Equal(end.Length, parameters.Length);
        for (int i = 0; i < parameters.Length; i++)
        {
            Assert.Equal(end[i].Length, parameters[i].Length);
            Assert.All(parameters[i].Zip(end[i]), pair => Assert.Equal(pair.Second, pair.First, 1e-4f));
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.4f)]
    public void Gradients_match_finite_differences_of_the_loss(float dropout)
    {
        var random = new Random(5);
        ReadOnlyMemory<float>[] x = [.. Enumerable.Range(0, 6).Select(_ => (ReadOnlyMemory<float>)Enumerable.Range(0, 7).Select(_ => 2 * random.NextSingle() - 1).ToArray())];
        bool[] labels = [true, false, true, true, false, false];
        using var learner = new FusionLearner(7, new TrainingOptions { HiddenSize = 9, Dropout = dropout, Seed = 3 });
        ParameterBuffers buffers = learner.Parameters.Buffers;

        // The same features are left out until an update is made.
        double Loss() => FusionTrainer.Loss(learner.Differentiate(new Examples(x, labels), [.. Enumerable.Range(0, x.Length)]), labels);
        Loss();
        float[][] gradients = [.. Enumerable.Range(0, buffers.Places.Count).Select(i => buffers.Read(i, buffers.Gradients))];
        Assert.Equal(6, gradients.Length);
        int moved = 0;
        for (int i = 0; i < gradients.Length; i++)
        {
            float[] values = buffers.Read(i, buffers.Values);
            for (int j = 0; j < values.Length; j++)
            {
                const float Step = 1e-3f;
                Assert.Equal((At(Step) - At(-Step)) / (2 * Step), gradients[i][j], 2e-3);
                moved += Math.Abs(gradients[i][j]) > 1e-2 ? 1 : 0;
                At(0);

                double At(float distance)
                {
                    float[] there = [.. values];
                    there[j] += distance;
                    buffers.Write(i, there);
                    learner.Parameters.Refresh();
                    return Loss();
                }
            }
        }

        Assert.True(moved > 20, $"only {moved} gradients are of notable size");
    }

    [Fact]
    public void A_share_of_the_first_layers_features_is_left_out()
    {
        // Each feature of the first layer is 1, the second layer adds them up, and the output is its mean.
        const int Hidden = 400;
        var options = new TrainingOptions { HiddenSize = Hidden, Dropout = 0.25f };
        using var learner = new FusionLearner(1, options, parameter =>
        {
            float[] values = new float[parameter.Count];
            Array.Fill(values, parameter.Name.EndsWith("weight", StringComparison.Ordinal) ? 1f / parameter.Shape[1] : 0);
            return values;
        });
        var examples = new Examples([.. Enumerable.Repeat((ReadOnlyMemory<float>)new[] { 1f }, 50)], [.. Enumerable.Repeat(true, 50)]);
        float[] scores = learner.Differentiate(examples, [.. Enumerable.Range(0, 50)]);
        Assert.Equal(1, scores.Average(), 0.02);
        Assert.Equal(Math.Sqrt(0.25 / 0.75 / Hidden), Math.Sqrt(scores.Average(score => Math.Pow(score - scores.Average(), 2))), 0.01);
        Assert.All(scores, score => Assert.Equal(Math.Round(score * 0.75 * Hidden), score * 0.75 * Hidden, 1e-2));
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
}
