using static Data2Vec.Kernels.Tests.CpuFixture;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>Gradients of linear layers, at every register width of this machine, against plain loops in double precision.</summary>
public class LinearBackwardTests
{
    private const double Bound = 1e-6;

    public static TheoryData<string> Levels => CpuFixture.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Gradients_of_all_sizes_match_a_scalar_loop(string level)
    {
        foreach ((int inputs, int outputs) in new[] { (48, 50), (50, 48), (33, 3), (3, 33), (64, 96), (70, 16), (17, 130) })
        {
            foreach (int rows in new[] { 1, 2, 15, 17, 113 })
            {
                Check(level, rows, inputs, [new(outputs)]);
            }
        }

        // The products of a single sum cancel each other.
        Check(level, 113, 1, [new(1)], bound: 1e-5);
        Check(level, 600, 40, [new(40)], bound: 2e-6);
        Check(level, 20, 2500, [new(33)]);
        Check(level, 300, 20, [new(33)], layout: WeightLayout.Rows);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Activations_and_scales_are_differentiated(string level)
    {
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            foreach (Scale scale in Enum.GetValues<Scale>())
            {
                foreach (WeightLayout layout in Enum.GetValues<WeightLayout>())
                {
                    Check(level, 17, 33, [new(50)], activation, scale, layout, bound: 2e-6);
                    Check(level, 113, 24, [new(64)], activation, scale, layout, bound: 2e-6);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Every_part_of_a_layer_has_its_own_gradient_or_none(string level)
    {
        Part[][] layers =
        [
            [new(32), new(64, HasBias: false), new(32, Learns: false)],
            [new(24), new(32), new(17, HasBias: false)],
            [new(24), new(40, Learns: false), new(32)],
            [new(32, BiasLearns: false), new(16), new(20, Learns: false, BiasLearns: false)],
            [new(50, Learns: false)],
            [new(50, Learns: false, BiasLearns: false)],
        ];
        foreach (Part[] parts in layers)
        {
            foreach (WeightLayout layout in Enum.GetValues<WeightLayout>())
            {
                Check(level, 29, 34, parts, layout: layout);
                Check(level, 29, 34, parts, Activation.Gelu, Scale.Learns, layout, bound: 2e-6);
                Check(level, 29, 34, parts, Activation.None, Scale.Learns, layout, bound: 2e-6);
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Gradients_have_the_same_bits_for_any_number_of_threads(string level)
    {
        float[] one = Run(level, 1), two = Run(level, 2);
        Assert.Equal(one, two);
        Assert.Equal(one, Run(level, 5));

        static float[] Run(string level, int threads) => [.. new[] { Scale.None, Scale.Learns }.SelectMany(scale =>
        {
            using var layer = new Case(level, 700, 90, [new(96), new(33)], Activation.None, scale, WeightLayout.Panels, threads);
            return layer.Bits();
        })];
    }

    [Theory, MemberData(nameof(Levels))]
    public void Gradients_follow_the_values_of_weights_after_a_refresh(string level)
    {
        foreach (int outputs in new[] { 32, 40 })
        {
            using var layer = new Case(level, 20, 35, [new(outputs), new(outputs)], Activation.Gelu, Scale.Learns, WeightLayout.Panels);
            layer.Check(2e-6);
            layer.ChangeWeights();
            layer.Check(2e-6);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Two_layers_with_a_residual_match_finite_differences(string level)
    {
        const int rows = 5, size = 12, inner = 40;
        float[] x = Numbers(1, rows * size), dy = Numbers(2, rows * size);
        var memory = new GradientMemory();
        float[] w1 = Numbers(3, inner * size, 0.3f), b1 = Numbers(4, inner), w2 = Numbers(5, size * inner, 0.3f), b2 = Numbers(6, size), gamma = Numbers(7, size);
        WeightData first = memory.Weight(w1, WeightLayout.Panels, true, 1, inner, size), second = memory.Weight(w2, WeightLayout.Panels, true, 1, size, inner);
        WeightData bias = memory.Vector(b1), scale = memory.Vector(gamma);
        using WeightStore store = Backend(level).CreateStore();
        LinearWeights one = store.Linear([(first, bias)]), two = store.Linear([(second, memory.Vector(b2))], scale);
        using TrainingInference run = store.BeginTraining(memory.Of);
        Tensor input = run.Upload(x, rows, size), sums = run.Linear(input, one), hidden = run.Linear(input, one, Activation.Gelu);
        Tensor d = run.Upload(dy, rows, size), dHidden = run.Allocate(rows, inner), dx = run.Allocate(rows, size);
        run.LinearBackward(hidden, two, Tensor.None, Activation.None, d, dHidden, false);
        run.Copy(d, dx);
        run.LinearBackward(input, one, sums, Activation.Gelu, dHidden, dx, true);
        GradientMemory.Close(Slope(x), Download(run, dx), 3e-6, "dx");
        memory.Check(first, Slope(w1), 3e-6, "first weight");
        memory.Check(bias, Slope(b1), 3e-6, "first bias");
        memory.Check(second, Slope(w2), 3e-6, "second weight");
        memory.Check(scale, Slope(gamma), 3e-6, "scale");

        double[] Slope(float[] values)
        {
            var slopes = new double[values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                float before = values[i];
                const float Step = 1 / 64f;
                values[i] = before + Step;
                double up = values[i], high = Loss();
                values[i] = before - Step;
                double down = values[i], low = Loss();

                // A second pair of points cancels the third derivative.
                values[i] = before + 2 * Step;
                double up2 = values[i], high2 = Loss();
                values[i] = before - 2 * Step;
                double down2 = values[i], low2 = Loss();
                values[i] = before;
                slopes[i] = (4 * (high - low) / (up - down) - (high2 - low2) / (up2 - down2)) / 3;
            }

            return slopes;
        }

        double Loss()
        {
            double[] h = [.. Reference.Linear(x, rows, size, w1, b1, inner).Select(Reference.Gelu)];
            double loss = 0;
            for (int r = 0; r < rows; r++)
            {
                for (int o = 0; o < size; o++)
                {
                    double sum = b2[o];
                    for (int i = 0; i < inner; i++)
                    {
                        sum += h[r * inner + i] * w2[o * inner + i];
                    }

                    loss += dy[r * size + o] * (x[r * size + o] + gamma[o] * sum);
                }
            }

            return loss;
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Mismatched_gradients_are_refused(string level)
    {
        using WeightStore store = Backend(level).CreateStore();
        LinearWeights weights = store.Linear([(Weight(Numbers(1, 12), 3, 4), null)]);
        using TrainingInference run = store.BeginTraining(_ => 0);
        Tensor x = run.Allocate(2, 4), dy = run.Allocate(2, 3), wrong = run.Allocate(2, 5);
        Assert.Throws<ArgumentException>(() => run.LinearBackward(wrong, weights, Tensor.None, Activation.None, dy, Tensor.None, false));
        Assert.Throws<ArgumentException>(() => run.LinearBackward(x, weights, Tensor.None, Activation.None, wrong, Tensor.None, false));
        Assert.Throws<ArgumentException>(() => run.LinearBackward(x, weights, Tensor.None, Activation.None, dy, wrong, false));
        Assert.Throws<ArgumentException>(() => run.LinearBackward(x, weights, Tensor.None, Activation.Gelu, dy, Tensor.None, false));
    }

    private static void Check(
        string level, int rows, int inputs, Part[] parts, Activation activation = Activation.None, Scale scale = Scale.None,
        WeightLayout layout = WeightLayout.Panels, double bound = Bound)
    {
        using var layer = new Case(level, rows, inputs, parts, activation, scale, layout);
        layer.Check(bound);
    }

    private enum Scale
    {
        None, Frozen, Learns,
    }

    private sealed record Part(int Outputs, bool HasBias = true, bool Learns = true, bool BiasLearns = true);

    /// <summary>A layer with inputs and the gradient of its result.</summary>
    private sealed class Case : IDisposable
    {
        private readonly int _rows, _inputs, _outputs;
        private readonly Part[] _parts;
        private readonly Activation _activation;
        private readonly float[] _x, _dy, _dx;
        private readonly GradientMemory _memory = new();
        private readonly List<(WeightData Weight, WeightData? Bias)> _weights = [];
        private readonly WeightData? _scale;
        private readonly WeightStore _store;
        private readonly LinearWeights _layer;
        private readonly string _name;

        public Case(string level, int rows, int inputs, Part[] parts, Activation activation, Scale scale, WeightLayout layout, int threads = 2)
        {
            (_rows, _inputs, _outputs, _parts, _activation) = (rows, inputs, parts.Sum(part => part.Outputs), parts, activation);
            _name = $"{rows} rows, {inputs} inputs, {string.Join(", ", parts.AsEnumerable())}, {activation}, scale {scale}, {layout}";
            (_x, _dy, _dx) = (Numbers(1, rows * inputs), Numbers(2, rows * _outputs), Numbers(3, rows * inputs));
            foreach (Part part in parts)
            {
                WeightData weight = _memory.Weight(
                    Numbers(part.Outputs, part.Outputs * inputs, 0.3f), layout, part.Learns, 1, part.Outputs, inputs);
                _weights.Add((weight, part.HasBias ? _memory.Vector(Numbers(5, part.Outputs), part.BiasLearns) : null));
            }

            _scale = scale == Scale.None ? null : _memory.Vector(Numbers(6, _outputs), scale == Scale.Learns);
            _store = Backend(level, threads).CreateStore();
            _layer = _store.Linear([.. _weights], _scale);
        }

        public void Dispose() => _store.Dispose();

        public void ChangeWeights()
        {
            foreach ((WeightData weight, WeightData? bias) in _weights)
            {
                GradientMemory.Replace(weight, Numbers(11, weight.Rows * _inputs, 0.4f));
                GradientMemory.Replace(bias!, Numbers(12, weight.Rows));
            }

            GradientMemory.Replace(_scale!, Numbers(13, _outputs));
            _store.Refresh();
        }

        public float[] Bits() => [.. Run(false), .. Run(true), .. _memory.ToArray()];

        /// <summary>Plays the layer backward, and compares all gradients with those by definition.</summary>
        public void Check(double bound)
        {
            float[] w = [.. _weights.SelectMany(part => part.Weight.ToArray())];
            float[] b = [.. _weights.SelectMany(part => part.Bias?.ToArray() ?? new float[part.Weight.Rows])];
            double[] sums = Reference.Linear(_x, _rows, _inputs, w, b, _outputs), dz = new double[sums.Length];
            double[] dw = new double[w.Length], db = new double[_outputs], dScale = new double[_outputs], dx = new double[_x.Length];
            float[]? scale = _scale?.ToArray();
            for (int i = 0; i < sums.Length; i++)
            {
                (int row, int output) = Math.DivRem(i, _outputs);
                dScale[output] += _dy[i] * Activate(sums[i]);
                dz[i] = _dy[i] * (scale?[output] ?? 1.0) * Derivative(sums[i]);
                db[output] += dz[i];
                for (int k = 0; k < _inputs; k++)
                {
                    dw[output * _inputs + k] += dz[i] * _x[row * _inputs + k];
                    dx[row * _inputs + k] += dz[i] * w[output * _inputs + k];
                }
            }

            _memory.Reset();
            GradientMemory.Close(dx, Run(false), bound, _name + ": dx");
            GradientMemory.Close([.. dx.Select((value, i) => value + _dx[i])], Run(true), bound, _name + ": added dx");
            int at = 0;
            foreach (((WeightData weight, WeightData? bias), Part part) in _weights.Zip(_parts))
            {
                if (part.Learns)
                {
                    _memory.Check(weight, Twice(dw[(at * _inputs)..((at + part.Outputs) * _inputs)]), bound, _name + ": weight");
                }

                if (part.HasBias && part.BiasLearns)
                {
                    _memory.Check(bias!, Twice(db[at..(at + part.Outputs)]), bound, _name + ": bias");
                }

                at += part.Outputs;
            }

            bool scaleLearns = _scale is not null && _memory.Of(_scale) != 0;
            if (scaleLearns)
            {
                _memory.Check(_scale!, Twice(dScale), bound, _name + ": scale");
            }

            using TrainingInference run = _store.BeginTraining(_memory.Of);
            Assert.Equal(scaleLearns || _parts.Any(part => part.Learns || (part.HasBias && part.BiasLearns)), run.Learns(_layer));
        }

        private float[] Run(bool accumulate)
        {
            using TrainingInference run = _store.BeginTraining(_memory.Of);
            Tensor x = run.Upload(_x, _rows, _inputs), dy = run.Upload(_dy, _rows, _outputs), dx = run.Upload(_dx, _rows, _inputs), sums = Tensor.None;
            if (_activation != Activation.None)
            {
                // A layer without the scale has the sums.
                sums = run.Linear(x, _store.Linear([.. _weights]));
            }

            run.LinearBackward(x, _layer, sums, _activation, dy, dx, accumulate);
            return Download(run, dx);
        }

        /// <summary>What two calls add.</summary>
        private static double[] Twice(double[] gradient) => [.. gradient.Select(value => 2 * value)];

        private double Activate(double z) => _activation switch
        {
            Activation.Gelu => Reference.Gelu(z),
            Activation.Relu => Math.Max(z, 0),
            _ => z,
        };

        private double Derivative(double z) => _activation switch
        {
            Activation.Gelu => Reference.Gelu(z) / z + z * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI),
            Activation.Relu => z > 0 ? 1 : 0,
            _ => 1,
        };
    }
}
