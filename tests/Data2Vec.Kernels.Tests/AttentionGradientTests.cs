using static Data2Vec.Kernels.Tests.CpuFixture;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>Attention that is played backward, at every register width of this machine, against the whole matrix of probabilities in double precision.</summary>
public class AttentionGradientTests
{
    private const float Rate = 0.2f;

    public static TheoryData<string> Levels => CpuFixture.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Gradients_match_the_definition(string level)
    {
        foreach ((int[] lengths, int heads, int size) in new (int[], int, int)[]
        {
            ([1], 2, 16), ([2], 3, 24), ([17], 2, 64), ([33], 3, 50), ([130], 2, 16), ([300], 2, 24), ([40, 1, 33, 2, 130], 3, 50), ([20], 2, 256), ([1700, 600], 1, 7),
        })
        {
            Check(level, new AttentionCase(lengths, heads, size));
            Check(level, new AttentionCase(lengths, heads, size) { Slopes = [.. Enumerable.Range(0, heads).Select(head => 0.3f * head)] });
            Check(level, new AttentionCase(lengths, heads, size) { Rate = Rate, Scale = 1.5 / Math.Sqrt(size) });
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Gradients_of_tables_are_summed_over_sequences(string level)
    {
        foreach ((int count, int length, int heads, int size) in new[] { (1, 1, 2, 16), (3, 1, 2, 8), (2, 2, 3, 24), (11, 17, 2, 64), (2, 130, 2, 50), (2, 530, 1, 16) })
        {
            int[] lengths = [.. Enumerable.Repeat(length, count)];
            Check(level, new AttentionCase(lengths, heads, size) { Table = Numbers(9, heads * length * length) });
            Check(level, new AttentionCase(lengths, heads, size) { Table = Numbers(9, heads * length * length), Rate = Rate });
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Scores_of_minus_infinity_and_far_below_the_others_count_as_zero(string level)
    {
        const int length = 300;
        float[] table = Numbers(9, length * length);
        for (int i = 0; i < length; i++)
        {
            // Some queries see no key of the first 280, others none of the last 50.
            table.AsSpan(i * length + (i % 2 == 0 ? 0 : 250), i % 2 == 0 ? 280 : 50).Fill(i % 3 == 0 ? -1000 : float.NegativeInfinity);
        }

        Check(level, new AttentionCase([length], 1, 16) { Table = table });
        Check(level, new AttentionCase([700], 1, 16) { Slopes = [2f] });
    }

    [Theory, MemberData(nameof(Levels))]
    public void Rows_may_lie_anywhere_in_their_item(string level)
    {
        foreach (int first in new[] { 0, 1, 100, 128, 300 })
        {
            Check(level, new AttentionCase([150, 600], 2, 16) { Rate = Rate, FirstRow = first });
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Gradients_have_the_same_bits_for_any_number_of_threads(string level)
    {
        foreach (AttentionCase attention in new AttentionCase[]
        {
            new([300, 33, 1200], 2, 24) { Slopes = [0.1f, 0.2f], Rate = Rate },
            new([.. Enumerable.Repeat(50, 13)], 2, 24) { Table = Numbers(9, 2 * 50 * 50), Rate = Rate },
        })
        {
            float[][] expected = attention.Run(Backend(level, 1));
            foreach (int threads in new[] { 2, 5 })
            {
                Assert.Equal(expected, attention.Run(Backend(level, threads)));
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_sequence_has_the_same_bits_alone_and_in_a_batch(string level)
    {
        var batch = new AttentionCase([70, 600, 5], 2, 24) { Rate = Rate };
        float[][] all = batch.Run(Backend(level));
        float[][] alone = batch.Alone(1).Run(Backend(level));
        for (int i = 0; i < AttentionCase.RowResults; i++)
        {
            int columns = alone[i].Length / 600;
            Assert.Equal(alone[i], all[i][(70 * columns)..(670 * columns)]);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Without_dropout_the_output_is_that_of_inference(string level)
    {
        var attention = new AttentionCase([70, 600, 5], 2, 24) { Slopes = [0.1f, 0.2f] };
        using WeightStore store = Backend(level).CreateStore();
        using Inference run = store.Begin();
        Tensor y = run.Allocate(675, 48);
        run.Attention(
            run.Upload(attention.Query, 675, 48), run.Upload(attention.KeyRows, 675, 48), run.Upload(attention.Value, 675, 48), run.Sequences([70, 600, 5]), 2,
            (float)attention.Scale, new AttentionBias(Slopes: run.Upload(attention.Slopes, 1, 2)), y);
        Assert.Equal(Download(run, y), attention.Run(Backend(level))[0]);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Operands_that_do_not_fit_are_refused(string level)
    {
        using WeightStore store = Backend(level).CreateStore();
        using TrainingInference run = store.BeginTraining(_ => 0);
        Sequences sequences = run.Sequences([3, 2]);
        Tensor x = run.Upload(Numbers(1, 40), 5, 8), sums = run.Allocate(5, 2), table = run.Allocate(6, 3), slopes = run.Allocate(1, 3);
        Assert.Throws<ArgumentException>(() => run.Attention(x, x, x, sequences, 2, 1, default, default, x, run.Allocate(5, 1)));
        Assert.Throws<ArgumentException>(() => run.Attention(x, x, x, sequences, 2, 1, new AttentionBias(Table: table), default, x, sums));
        Assert.Throws<ArgumentException>(() => run.Attention(x, x, x, sequences, 2, 1, new AttentionBias(Slopes: slopes), default, x, sums));
        Dropout scattered = DropoutReference.Create(0.1f, 1, new RowPlace[5]);
        Assert.Throws<ArgumentException>(() => run.Attention(x, x, x, sequences, 2, 1, default, scattered, x, sums));
        Assert.Throws<ArgumentException>(
            () => run.AttentionBackward(x, x, x, sequences, 2, 1, default, default, x, sums, x, run.Allocate(5, 4), x, x, default));
        Assert.Throws<ArgumentException>(
            () => run.AttentionBackward(x, x, x, sequences, 2, 1, default, default, x, sums, x, x, x, x, new AttentionBias(Slopes: run.Allocate(1, 2))));
    }

    [Fact]
    public void The_definition_matches_finite_differences()
    {
        const double step = 1e-5;
        foreach (bool withTable in new[] { true, false })
        {
            var attention = new AttentionCase([5, 5], 2, 3) { Slopes = [0.1f, 0.4f], Table = withTable ? Numbers(9, 2 * 5 * 5) : null, Rate = Rate };
            AttentionReference reference = attention.Reference();
            double[] dOutput = [.. attention.DOutput.Select(value => (double)value)];
            (double[] dQuery, double[] dKey, double[] dValue, double[] dTable, double[] dSlopes) = reference.Backward(dOutput);
            Differences(reference.Query, dQuery);
            Differences(reference.Key, dKey);
            Differences(reference.Value, dValue);
            Differences(reference.Table ?? [], dTable);
            Differences(reference.Slopes!, dSlopes);

            void Differences(double[] operand, double[] gradient)
            {
                for (int i = 0; i < operand.Length; i++)
                {
                    double value = operand[i];
                    operand[i] = value + step;
                    double above = Loss();
                    operand[i] = value - step;
                    double below = Loss();
                    operand[i] = value;
                    Assert.Equal((above - below) / (2 * step), gradient[i], 1e-7);
                }
            }

            double Loss() => reference.Forward().Output.Zip(dOutput, (y, d) => y * d).Sum();
        }
    }

    private static void Check(string level, AttentionCase attention)
    {
        AttentionReference reference = attention.Reference();
        (double[] output, double[] logSums) = reference.Forward();
        (double[] dQuery, double[] dKey, double[] dValue, double[] dTable, double[] dSlopes) = reference.Backward([.. attention.DOutput.Select(value => (double)value)]);
        float[][] actual = attention.Run(Backend(level));

        // The gradients of scores are differences of numbers as large as the gradients of values, which cancel in short sequences; those of slopes are sums that cancel.
        double values = Norm(dValue);
        Near("output", output, actual[0], 0);
        Near("logSums", logSums, actual[1], Math.Sqrt(logSums.Length));
        Near("dQuery", dQuery, actual[2], values / 4);
        Near("dKey", dKey, actual[3], values / 4);
        Near("dValue", dValue, actual[4], 0);
        Near("dTable", [.. dTable.Select(value => value + AttentionCase.Before)], actual[5], values / 4);
        Near("dSlopes", attention.Slopes is null ? [] : [.. dSlopes.Select(value => value + AttentionCase.Before)], actual[6], reference.SlopeTerms);

        void Near(string name, double[] expected, float[] found, double floor)
        {
            Assert.Equal(expected.Length, found.Length);
            double error = Norm([.. expected.Zip(found, (a, b) => a - b)]), norm = Math.Max(Norm(expected), floor);
            Assert.True(error <= 2e-6 * norm, $"{name} of {attention}: {error / norm}");
        }

        static double Norm(double[] x) => Math.Sqrt(x.Sum(value => value * value));
    }
}
