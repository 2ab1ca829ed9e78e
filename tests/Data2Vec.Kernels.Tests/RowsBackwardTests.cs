using static Data2Vec.Kernels.Tests.CpuFixture;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>
/// Gradients of normalizations, activations, tables and means, at every register width of this machine, against differences of plain loops in double precision.
/// </summary>
public class RowsBackwardTests
{
    private const double Epsilon = 1e-5, Step = 1e-6;

    public static TheoryData<string> Levels => CpuFixture.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Normalizations_of_all_sizes(string level)
    {
        // The gradients of two columns cancel each other.
        foreach (int columns in new[] { 5, 16, 17, 33, 64, 100 })
        {
            foreach (int rows in new[] { 1, 2, 31, 33, 70 })
            {
                CheckNorm(level, Numbers(columns, rows * columns), columns, Activation.None, hasGain: true, learns: true, hasResidual: rows % 2 == 0, accumulate: rows > 2);
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Normalizations_with_activations_without_gains_and_with_fixed_ones(string level)
    {
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            foreach (bool hasGain in new[] { false, true })
            {
                foreach (bool learns in new[] { false, true })
                {
                    CheckNorm(level, Numbers(3, 35 * 24), 24, activation, hasGain, learns, hasResidual: learns, accumulate: hasGain);
                }
            }
        }
    }

    /// <summary>A constant row is divided by the root of epsilon alone. A gain of 0 passes nothing on, and learns.</summary>
    [Theory, MemberData(nameof(Levels))]
    public void Constant_rows_and_gains_of_zero(string level)
    {
        float[] x = Numbers(4, 5 * 20);
        x.AsSpan(20, 20).Fill(3.25f);
        x.AsSpan(60, 20).Clear();
        float[] gains = Numbers(5, 20);
        gains.AsSpan(3, 9).Clear();
        CheckNorm(level, x, 20, Activation.None, hasGain: true, learns: true, hasResidual: false, accumulate: false, gains);
        CheckNorm(level, x, 20, Activation.Gelu, hasGain: true, learns: true, hasResidual: false, accumulate: true, gains);
        CheckNorm(level, x, 20, Activation.Gelu, hasGain: true, learns: true, hasResidual: false, accumulate: true, new float[20]);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Activations(string level)
    {
        using WeightStore store = Backend(level).CreateStore();
        using TrainingInference run = store.BeginTraining(_ => 0);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            foreach (int columns in new[] { 1, 15, 16, 17, 50 })
            {
                float[] x = Numbers(columns, 7 * columns, 3), dy = Numbers(columns + 1, 7 * columns);
                Tensor input = run.Upload(x, 7, columns), gradient = run.Upload(dy, 7, columns), output = run.Allocate(7, columns), dx = run.Allocate(7, columns);
                run.Activate(input, activation, output);
                Close([.. x.Select(value => Apply(activation, value))], Download(run, output), 1e-6);
                double[] expected = [.. x.Zip(dy, (value, d) => d * (Apply(activation, value + Step) - Apply(activation, value - Step)) / (2 * Step))];
                run.ActivationBackward(input, activation, gradient, dx);
                Close(expected, Download(run, dx), 2e-6);
                run.ActivationBackward(input, activation, gradient, gradient);
                Assert.Equal(Download(run, dx), Download(run, gradient));
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Tables_receive_the_sum_of_their_rows(string level)
    {
        foreach (int columns in new[] { 1, 16, 63, 130 })
        {
            var memory = new GradientMemory();
            WeightData table = memory.Weight(Numbers(1, 5 * columns), WeightLayout.Rows, learns: true, 1, 5, columns);
            using WeightStore store = Backend(level).CreateStore();
            EmbeddingWeights weights = store.Embedding(table);
            using TrainingInference run = store.BeginTraining(memory.Of);
            int[] ids = [4, 0, 4, 4, 1, 0];
            float[] dy = Numbers(2, ids.Length * columns);
            run.EmbedBackward(ids, weights, run.Upload(dy, ids.Length, columns));
            double[] expected = new double[5 * columns];
            for (int i = 0; i < dy.Length; i++)
            {
                expected[ids[i / columns] * columns + i % columns] += dy[i];
            }

            memory.Check(table, expected, 1e-6, "table");
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Means_spread_their_gradients(string level)
    {
        const int columns = 19;
        using WeightStore store = Backend(level).CreateStore();
        using TrainingInference run = store.BeginTraining(_ => 0);
        foreach ((int skip, bool accumulate) in new[] { (0, false), (1, false), (1, true) })
        {
            Sequences sequences = run.Sequences([2, 5, 3]);
            float[] before = Numbers(1, 10 * columns), dMeans = Numbers(2, 3 * columns);
            Tensor dx = run.Upload(before, 10, columns);
            run.MeanOfSequencesBackward(sequences, skip, run.Upload(dMeans, 3, columns), dx, accumulate);
            double[] expected = [.. before.Select(value => accumulate ? (double)value : 0)];
            for (int i = 0; i < sequences.Count; i++)
            {
                for (int row = skip; row < sequences.Length(i); row++)
                {
                    for (int column = 0; column < columns; column++)
                    {
                        expected[(sequences.Start(i) + row) * columns + column] += dMeans[i * columns + column] / (double)(sequences.Length(i) - skip);
                    }
                }
            }

            Close(expected, Download(run, dx), 1e-6);
        }
    }

    private static void CheckNorm(
        string level, float[] x, int columns, Activation activation, bool hasGain, bool learns, bool hasResidual, bool accumulate, float[]? gains = null)
    {
        int rows = x.Length / columns;
        float[] residual = Numbers(11, x.Length), dy = Numbers(12, x.Length), before = Numbers(13, x.Length);
        float[] gain = gains ?? Numbers(14, columns), bias = Numbers(15, columns);
        var memory = new GradientMemory();
        WeightData? gainData = hasGain ? memory.Vector(gain, learns) : null, biasData = hasGain ? memory.Vector(bias, learns) : null;
        using WeightStore store = Backend(level).CreateStore();
        NormWeights norm = store.Norm(gainData, biasData, columns, (float)Epsilon);
        using TrainingInference run = store.BeginTraining(memory.Of);
        Tensor input = run.Upload(x, rows, columns), added = hasResidual ? run.Upload(residual, rows, columns) : default, output = run.Allocate(rows, columns);
        Tensor normalized = hasResidual ? input : run.Allocate(rows, columns), factors = run.Allocate(rows, 1), dx = run.Upload(before, rows, columns);
        run.LayerNorm(input, norm, output, added, activation, normalized, factors);
        run.LayerNormBackward(normalized, factors, norm, activation, run.Upload(dy, rows, columns), dx, accumulate);

        double[] sums = [.. x.Select((value, i) => value + (hasResidual ? (double)residual[i] : 0))], gain64 = [.. gain.Select(value => hasGain ? (double)value : 1)];
        double[] bias64 = [.. bias.Select(value => hasGain ? (double)value : 0)], dGain = new double[columns], dBias = new double[columns];
        double[] expected = [.. before.Select(value => accumulate ? (double)value : 0)], outputs = new double[x.Length];
        for (int row = 0; row < rows; row++)
        {
            double[] part = sums[(row * columns)..((row + 1) * columns)];
            ReadOnlySpan<float> d = dy.AsSpan(row * columns, columns);
            Norm(part, gain64, bias64, activation).CopyTo(outputs, row * columns);
            for (int i = 0; i < columns; i++)
            {
                expected[row * columns + i] += Difference(part, i, d, part, gain64, bias64, activation);
                dGain[i] += Difference(gain64, i, d, part, gain64, bias64, activation);
                dBias[i] += Difference(bias64, i, d, part, gain64, bias64, activation);
            }
        }

        GradientMemory.Close(outputs, Download(run, output), 1e-6, "outputs");
        GradientMemory.Close(expected, Download(run, dx), 2e-6, "inputs");
        if (hasGain && learns)
        {
            memory.Check(gainData!, dGain, 2e-6, "gain");
            memory.Check(biasData!, dBias, 2e-6, "bias");
        }

        // The gradient of the results may be replaced, or that of the inputs skipped.
        Tensor replaced = run.Upload(dy, rows, columns);
        run.LayerNormBackward(normalized, factors, norm, activation, replaced, replaced, accumulate: false);
        GradientMemory.Close([.. expected.Select((value, i) => value - (accumulate ? before[i] : 0))], Download(run, replaced), 4e-6, "replaced");
        run.LayerNormBackward(normalized, factors, norm, activation, run.Upload(dy, rows, columns), default, accumulate: false);
    }

    /// <summary>The derivative of <c>d · norm</c> by one of the numbers of an operand.</summary>
    private static double Difference(
        double[] operand, int at, ReadOnlySpan<float> d, double[] x, double[] gain, double[] bias, Activation activation)
    {
        double value = operand[at];
        operand[at] = value + Step;
        double[] above = Norm(x, gain, bias, activation);
        operand[at] = value - Step;
        double[] below = Norm(x, gain, bias, activation);
        operand[at] = value;
        double sum = 0;
        for (int i = 0; i < d.Length; i++)
        {
            sum += d[i] * (above[i] - below[i]);
        }

        return sum / (2 * Step);
    }

    private static double[] Norm(double[] x, double[] gain, double[] bias, Activation activation)
    {
        double mean = x.Average(), factor = 1 / Math.Sqrt(x.Sum(value => (value - mean) * (value - mean)) / x.Length + Epsilon);
        return [.. x.Select((value, i) => Apply(activation, (value - mean) * factor * gain[i] + bias[i]))];
    }

    private static double Apply(Activation activation, double x) => activation switch
    {
        Activation.Gelu => Reference.Gelu(x),
        Activation.Relu => Math.Max(x, 0),
        _ => x,
    };
}
