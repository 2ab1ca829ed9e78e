using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Training.Network;
using Data2Vec.Training.Tests.Updates;

namespace Data2Vec.Training.Tests.Network;

/// <summary>
/// Compares gradients with differences of the loss, which is a sum of the results with fixed factors. Each parameter is moved along its gradient and along a
/// random direction. Differences of four points allow steps that are large beside the rounding errors of single precision.
/// </summary>
internal sealed class GradientCheck<T>(TrainableNetwork<T> network, Func<Recording, Tensor> forward, RecordingOptions options)
{
    private const double Step = 0.004, Bound = 1e-3, Rounding = 1e-6;

    /// <summary>Gradients below this are rounding errors, as those of the biases of keys are.</summary>
    private const double Nothing = 1e-4;

    /// <summary>Whether all rows of the results have the same factors.</summary>
    public bool HasEqualRows { get; set; }

    /// <summary>Runs forward and backward.</summary>
    /// <returns>The gradient of each parameter, row-major, in the order of the buffers.</returns>
    public float[][] Gradients()
    {
        network.Buffers.ClearGradients();
        Accumulate();
        return TinyRuns.Gradients(network);
    }

    /// <summary>Runs forward and backward, and adds to the gradients.</summary>
    public void Accumulate()
    {
        using Recording run = network.Record(options);
        Tensor output = forward(run);
        run.Backward(output, Factors(output));
    }

    public double Loss() => Loss(out _);

    private double Loss(out double size)
    {
        using Recording run = network.Record(options);
        Tensor output = forward(run);
        var values = new float[output.Rows * output.Columns];
        run.Download(output, values);
        double[] terms = [.. values.Zip(Factors(output), (value, factor) => (double)value * factor)];
        size = Math.Sqrt(terms.Sum(term => term * term));
        return terms.Sum();
    }

    /// <summary>Checks the gradients of all parameters.</summary>
    /// <param name="least">The fewest parameters that must have a gradient other than 0.</param>
    public void Run(int least)
    {
        float[][] gradients = Gradients();
        bool[] has = [.. network.Buffers.HasGradient];
        int checkedOnes = 0;
        for (int i = 0; i < gradients.Length; i++)
        {
            string name = network.Buffers.Places[i].Parameter.Name;
            float[] gradient = gradients[i], values = network.Buffers.Read(i, network.Buffers.Values);
            Assert.True(has[i] || gradient.All(value => value == 0), name);
            if (!network.Buffers.Learning[i])
            {
                continue;
            }

            double norm = Norm(gradient);
            checkedOnes += norm > Nothing ? 1 : 0;
            Compare(name, i, values, gradient, norm, TinyModels.Numbers(name + " direction", values.Length));
            if (norm > Nothing)
            {
                Compare(name, i, values, gradient, norm, gradient);
            }
        }

        Assert.True(checkedOnes >= least, $"{checkedOnes} parameters have a gradient, fewer than {least}");
    }

    private void Compare(string name, int index, float[] values, float[] gradient, double norm, float[] direction)
    {
        double length = Norm(direction), step = Step * (Norm(values) + 0.1);
        double expected = (8 * (At(1) - At(-1)) - (At(2) - At(-2))) / (12 * step);
        Move(0);
        Loss(out double size);
        double actual = gradient.Zip(direction, (a, b) => a * b / length).Sum();
        Assert.True(
            Math.Abs(expected - actual) <= Bound * norm + Rounding * size / step, $"{name}: the gradient says {actual:0.######}, the loss changes by {expected:0.######} of {norm:0.######}");

        double At(int steps)
        {
            Move(steps);
            return Loss();
        }

        void Move(int steps)
        {
            network.Buffers.Write(index, [.. values.Zip(direction, (value, d) => steps == 0 ? value : (float)(value + steps * step * d / length))]);
            network.Refresh();
        }
    }

    private float[] Factors(Tensor output)
    {
        float[] factors = TinyModels.Numbers("factors", output.Rows * output.Columns);
        return HasEqualRows ? [.. factors.Select((_, i) => factors[i % output.Columns])] : factors;
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(value => (double)value * value));
}

/// <summary>Gradient checks of models and of single operations.</summary>
internal static class GradientCheck
{
    /// <summary>A model with its inputs, through the head if it has one.</summary>
    public static GradientCheck<T> Of<T>(TrainableNetwork<T> network, IReadOnlyList<ReadOnlyMemory<T>> inputs, RecordingOptions? options = null, long[]? items = null) =>
        new(
            network,
            run =>
            {
                Sequences sequences = run.Sequences([.. inputs.Select(input => network.Encoder.Rows(input.Span))]);
                run.SetItems(sequences, items ?? [.. Enumerable.Range(0, inputs.Count).Select(i => (long)i)]);
                Tensor x = network.Encoder.Embed(run, inputs, sequences, null, default);
                x = network.Encoder.Contextualize(run, x, sequences, null, null, default);
                return network.Config.Labels is null ? x : network.Encoder.Head(run, x, sequences);
            },
            (options ?? new RecordingOptions()) with { Layers = network.Config.Layers });

    public static TrainableNetwork<T> Network<T>(
        ModelConfig config, Func<Parameters.Parameter, float[]?>? values = null, Backend? backend = null, Action<Parameters.ParameterScope>? objective = null) =>
        new(config, objective ?? (_ => { }), backend ?? new CpuBackend(2), values ?? TinyModels.Values, learns: true);

    /// <summary>Checks operations on weights of their own.</summary>
    /// <param name="declare">Declares the weights.</param>
    /// <param name="forward">Runs the operations.</param>
    /// <param name="least">The fewest parameters that must have a gradient.</param>
    /// <param name="options">Random numbers and memory.</param>
    public static void Run(Action<Parameters.ParameterScope> declare, Func<Recording, Tensor> forward, int least, RecordingOptions? options = null)
    {
        using TrainableNetwork<int> network = Network<int>(TinyModels.Text(), objective: declare);
        new GradientCheck<int>(network, forward, options ?? new RecordingOptions()).Run(least);
    }
}
