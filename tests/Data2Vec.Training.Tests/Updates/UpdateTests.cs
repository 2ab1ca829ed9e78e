using Data2Vec.Kernels;
using Data2Vec.Training.FineTuning;
using Data2Vec.Training.Network;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.Tests.Network;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Tests.Updates;

/// <summary>What holds for whole updates.</summary>
public class UpdateTests
{
    /// <summary>The teacher moves once for both.</summary>
    [Fact]
    public void Two_micro_batches_of_pretraining_are_one_batch()
    {
        using Pretrainer<float> one = TinyRuns.Pretrainer(), two = TinyRuns.Pretrainer();
        for (int update = 0; update < 3; update++)
        {
            // The rate of the first update is 0.
            one.Update([TinyRuns.Recordings(update)]);
            two.Update([TinyRuns.Recordings(update)]);
        }

        UpdateResult expected = one.Update([TinyRuns.Recordings(3)]), actual = two.Update([TinyRuns.Recordings(3, 0, 1), TinyRuns.Recordings(3, 1, 3)]);
        GradientComparison.Equal(one.Teacher, TinyRuns.Values(one.Teacher), TinyRuns.Values(two.Teacher));
        Assert.Contains(TinyRuns.Values(one.Teacher).Zip(TinyRuns.Values(one.Student)), pair => !pair.First.AsSpan().SequenceEqual(pair.Second));
        Assert.Equal((expected.SampleSize, expected.Rows), (actual.SampleSize, actual.Rows));
        Close.Relative(expected.LossSum, actual.LossSum, 1e-6);
        Close.Relative(expected.GradientNorm, actual.GradientNorm, 1e-6);
        Close.Relative(expected.TargetDeviation, actual.TargetDeviation, 1e-6);
        Close.Relative(expected.PredictionDeviation, actual.PredictionDeviation, 1e-6);
        GradientComparison.Close(one.Student, TinyRuns.Gradients(one.Student), TinyRuns.Gradients(two.Student), 1e-6);
    }

    [Fact]
    public void Two_micro_batches_of_fine_tuning_are_one_batch()
    {
        using FineTuner<float, ReadOnlyMemory<int>> one = TinyRuns.Recognizer((_, _) => true), two = TinyRuns.Recognizer((_, _) => true);
        UpdateResult expected = one.Update([TinyRuns.Transcripts(0)]), actual = two.Update([TinyRuns.Transcripts(0, 0, 2), TinyRuns.Transcripts(0, 2, 2)]);
        Assert.Equal((expected.SampleSize, expected.Rows), (actual.SampleSize, actual.Rows));
        Close.Relative(expected.LossSum, actual.LossSum, 1e-6);
        GradientComparison.Close(one.Network, TinyRuns.Gradients(one.Network), TinyRuns.Gradients(two.Network), 1e-6);
    }

    [Fact]
    public void A_batch_without_masked_rows_adds_nothing()
    {
        using Pretrainer<float> with = TinyRuns.Pretrainer(), without = TinyRuns.Pretrainer();
        PretrainingBatch<float> batch = TinyRuns.Recordings(0), bare = batch with { Mask = new bool[batch.Mask.Length] };
        UpdateResult result = with.Update([batch, bare]);
        Assert.Equal(without.Update([batch]).LossSum, result.LossSum);
        GradientComparison.Equal(with.Student, TinyRuns.Values(without.Student), TinyRuns.Values(with.Student));

        UpdateResult empty = with.Update([bare]);
        Assert.Equal((0.0, 0.0, 0L), (empty.LossSum, empty.Loss, empty.SampleSize));
        Assert.All(TinyRuns.Values(with.Student), values => Assert.All(values, value => Assert.True(float.IsFinite(value))));
    }

    [Theory]
    [InlineData("ctc.")]
    [InlineData("ctc. encoder.1.")]
    [InlineData("ctc. encoder. positional_convolution. feature_projection. mask_embedding")]
    public void Fixed_parameters_keep_their_bits_and_cost_nothing(string learning)
    {
        RecordingOptions options = TinyRuns.Options with { Dropout = TinyRuns.Options.Dropout with { Layer = 0 } };
        using FineTuner<float, ReadOnlyMemory<int>> all = TinyRuns.Recognizer((_, _) => true, options), some = TinyRuns.Recognizer(Learns, options);
        float[][] before = TinyRuns.Values(some.Network);
        all.Update([TinyRuns.Transcripts(0)]);
        some.Update([TinyRuns.Transcripts(0)]);
        float[][] whole = TinyRuns.Gradients(all.Network), part = TinyRuns.Gradients(some.Network);
        for (int update = 1; update < 4; update++)
        {
            some.Update([TinyRuns.Transcripts(update)]);
        }

        float[][] after = TinyRuns.Values(some.Network);
        ParameterBuffers buffers = some.Network.Buffers;
        for (int i = 0; i < buffers.Places.Count; i++)
        {
            Parameters.Parameter parameter = buffers.Places[i].Parameter;
            bool learns = Learns(parameter, 0);
            Assert.Equal(learns, buffers.HasGradient[i]);
            Assert.Equal(learns ? 4 : 0, some.Adam.Steps[i]);
            Assert.Equal(learns, !before[i].AsSpan().SequenceEqual(after[i]));
            Assert.Equal(learns, part[i].Any(value => value != 0));
            if (learns)
            {
                Assert.Equal(whole[i], part[i]);
            }
            else
            {
                Assert.All(buffers.Read(i, buffers.Means).Concat(buffers.Read(i, buffers.Squares)), moment => Assert.Equal(0, moment));
            }
        }

        bool Learns(Parameters.Parameter parameter, long update) => learning.Split(' ').Any(start => parameter.Name.StartsWith(start, StringComparison.Ordinal));
    }

    /// <summary>Gradients of activations are made where they are needed: above the lowest layer that learns.</summary>
    [Fact]
    public void Nothing_is_played_below_the_lowest_part_that_learns()
    {
        using TrainableNetwork<float> network = GradientCheck.Network<float>(TinyModels.Vision(labels: ["a", "b"], layers: 4));
        long[] memory = [.. new[] { "classifier.output", "classifier", "encoder.3. classifier", "encoder.1. encoder.2. encoder.3. classifier", "" }.Select(GradientMemory)];
        long scores = memory[0];
        Assert.InRange(scores, 1, 4096);
        Assert.True(memory.Zip(memory.Skip(1)).All(pair => pair.First < pair.Second), string.Join(", ", memory));
        Assert.True(memory[2] < memory[4] / 2, string.Join(", ", memory));

        long GradientMemory(string learning)
        {
            for (int i = 0; i < network.Buffers.Places.Count; i++)
            {
                network.Buffers.Learning[i] = learning.Split(' ').Any(start => network.Buffers.Places[i].Parameter.Name.StartsWith(start, StringComparison.Ordinal));
            }

            ReadOnlyMemory<float>[] inputs = TinyModels.Floats(192, 192);
            using Recording run = network.Record(new RecordingOptions());
            Sequences sequences = run.Sequences([5, 5]);
            Tensor x = network.Encoder.Contextualize(run, network.Encoder.Embed(run, inputs, sequences, null, default), sequences, null, null, default);
            Tensor y = network.Encoder.Head(run, x, sequences);
            long before = run.Mark();
            run.Backward(y, [1, -1, 0.5f, 2]);
            return run.Mark() - before;
        }
    }
}
