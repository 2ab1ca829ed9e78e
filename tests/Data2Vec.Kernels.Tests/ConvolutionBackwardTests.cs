using static Data2Vec.Kernels.Tests.CpuFixture;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>Gradients of one-dimensional convolutions, at every register width of this machine, against plain loops in double precision.</summary>
public class ConvolutionBackwardTests
{
    private const double Bound = 1e-6;

    public static TheoryData<string> Levels => CpuFixture.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Gradients_of_all_shapes_match_a_scalar_loop(string level)
    {
        Conv1dShape[] shapes =
        [
            new(1, 32, 10, 5), new(1, 20, 3, 2), new(32, 32, 3, 2), new(20, 40, 2, 2), new(48, 48, 4, 3), new(64, 64, 19, 1, 9, 16), new(96, 96, 5, 1, 2, 2),
            new(33, 3, 3), new(5, 50, 1), new(7, 17, 2, 5), new(6, 8, 1, 3, 2), new(4, 6, 7, 3, 4, 2), new(3, 1, 4, 2, 1), new(8, 80, 3, 1, 0, 2),
        ];
        foreach (Conv1dShape shape in shapes)
        {
            foreach (WeightLayout layout in Enum.GetValues<WeightLayout>())
            {
                Check(level, shape, [71, 10, 33], layout);
                Check(level, shape, [1, 2, 15, 0, 17], layout);
            }

            Check(level, shape, [1]);
            Check(level, shape, [113]);
        }

        Check(level, new(2, 34, 3, 2), [1500, 700], bound: 2e-6);
        Check(level, new(1100, 10, 2, 2), [20]);
    }

    [Theory, MemberData(nameof(Levels))]
    public void What_does_not_learn_is_left_alone(string level)
    {
        Check(level, new(20, 40, 3, 2), [31, 4], learns: false);
        Check(level, new(20, 40, 3, 2), [31, 4], biasLearns: false);
        Check(level, new(20, 40, 3, 2), [31, 4], learns: false, biasLearns: false);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Gradients_have_the_same_bits_for_any_number_of_threads(string level)
    {
        foreach (Conv1dShape shape in new Conv1dShape[] { new(40, 70, 3, 2), new(64, 96, 5, 1, 2, 2), new(1, 33, 10, 5) })
        {
            using Case one = Create(1), two = Create(2), five = Create(5);
            float[] expected = one.Bits();
            Assert.Equal(expected, two.Bits());
            Assert.Equal(expected, five.Bits());

            Case Create(int threads) => new(level, shape, [700, 3, 90], WeightLayout.Panels, true, true, threads);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Gradients_follow_the_values_of_weights_after_a_refresh(string level)
    {
        foreach (WeightLayout layout in Enum.GetValues<WeightLayout>())
        {
            using var convolution = new Case(level, new(20, 48, 5, 2, 1), [30, 9], layout, true, true);
            convolution.Check(Bound);
            convolution.ChangeWeights();
            convolution.Check(Bound);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Mismatched_gradients_are_refused(string level)
    {
        var shape = new Conv1dShape(4, 6, 3, 2);
        using WeightStore store = Backend(level).CreateStore();
        Conv1dWeights weights = store.Conv1d(Weight(Numbers(1, 72), 6, 4, 3), null, shape);
        using TrainingInference run = store.BeginTraining(_ => 0);
        Sequences inputs = run.Sequences([9, 2]), outputs = run.Sequences(inputs, shape), others = run.Sequences([3, 1]);
        Tensor x = run.Allocate(11, 4), dy = run.Allocate(4, 6), wrong = run.Allocate(11, 5);
        run.Conv1dBackward(x, inputs, weights, dy, outputs, Tensor.None, false);
        Assert.Throws<ArgumentException>(() => run.Conv1dBackward(wrong, inputs, weights, dy, outputs, Tensor.None, false));
        Assert.Throws<ArgumentException>(() => run.Conv1dBackward(x, inputs, weights, dy, outputs, wrong, false));
        Assert.Throws<ArgumentException>(() => run.Conv1dBackward(x, inputs, weights, dy, others, Tensor.None, false));
    }

    private static void Check(
        string level, Conv1dShape shape, int[] lengths, WeightLayout layout = WeightLayout.Panels, bool learns = true, bool biasLearns = true,
        double bound = Bound)
    {
        using var convolution = new Case(level, shape, lengths, layout, learns, biasLearns);
        convolution.Check(bound);
    }

    /// <summary>A convolution with inputs and the gradient of its result.</summary>
    private sealed class Case : IDisposable
    {
        private readonly Conv1dShape _shape;
        private readonly int[] _lengths;
        private readonly float[] _x, _dy, _dx;
        private readonly GradientMemory _memory = new();
        private readonly WeightData _weight, _bias;
        private readonly WeightStore _store;
        private readonly Conv1dWeights _layer;
        private readonly string _name;

        public Case(string level, Conv1dShape shape, int[] lengths, WeightLayout layout, bool learns, bool biasLearns, int threads = 2)
        {
            (_shape, _lengths, _name) = (shape, lengths, $"{shape}, lengths {string.Join(", ", lengths)}, {layout}");
            int inputs = lengths.Sum(), outputs = lengths.Sum(shape.OutputLength);
            (_x, _dy) = (Numbers(1, inputs * shape.InputChannels), Numbers(2, outputs * shape.OutputChannels));
            _dx = Numbers(3, _x.Length);
            float[] w = Numbers(4, shape.OutputChannels * shape.FanIn, 0.3f);
            _weight = _memory.Weight(w, layout, learns, shape.Groups, shape.OutputChannels, shape.InputChannels / shape.Groups, shape.Kernel);
            _bias = _memory.Vector(Numbers(5, shape.OutputChannels), biasLearns);
            _store = Backend(level, threads).CreateStore();
            _layer = _store.Conv1d(_weight, _bias, shape);
        }

        public void Dispose() => _store.Dispose();

        public void ChangeWeights()
        {
            GradientMemory.Replace(_weight, Numbers(6, _shape.OutputChannels * _shape.FanIn, 0.4f));
            GradientMemory.Replace(_bias, Numbers(7, _shape.OutputChannels));
            _store.Refresh();
        }

        public float[] Bits() => [.. Run(false), .. Run(true), .. _memory.ToArray()];

        /// <summary>Plays the convolution backward, and compares all gradients with those by definition: each output gives to all that it has read.</summary>
        public void Check(double bound)
        {
            float[] w = _weight.ToArray();
            double[] dw = new double[w.Length], db = new double[_shape.OutputChannels], dx = new double[_x.Length];
            int channels = _shape.InputChannels / _shape.Groups, groupOutputs = _shape.OutputChannels / _shape.Groups, start = 0, at = 0;
            foreach (int length in _lengths)
            {
                for (int row = 0; row < _shape.OutputLength(length); row++)
                {
                    for (int output = 0; output < _shape.OutputChannels; output++, at++)
                    {
                        db[output] += _dy[at];
                        for (int i = 0; i < _shape.FanIn; i++)
                        {
                            (int channel, int tap) = Math.DivRem(i, _shape.Kernel);
                            int from = row * _shape.Stride + tap - _shape.Padding;
                            if (from >= 0 && from < length)
                            {
                                int input = (start + from) * _shape.InputChannels + output / groupOutputs * channels + channel;
                                dw[output * _shape.FanIn + i] += (double)_dy[at] * _x[input];
                                dx[input] += (double)_dy[at] * w[output * _shape.FanIn + i];
                            }
                        }
                    }
                }

                start += length;
            }

            _memory.Reset();
            GradientMemory.Close(dx, Run(false), bound, _name + ": dx");
            GradientMemory.Close([.. dx.Select((value, i) => value + _dx[i])], Run(true), bound, _name + ": added dx");
            foreach ((WeightData weight, double[] gradient) in new[] { (_weight, dw), (_bias, db) })
            {
                if (_memory.Of(weight) != 0)
                {
                    _memory.Check(weight, [.. gradient.Select(value => 2 * value)], bound, _name + (weight == _bias ? ": bias" : ": weight"));
                }
            }

            using TrainingInference run = _store.BeginTraining(_memory.Of);
            Assert.Equal(_memory.Of(_weight) != 0 || _memory.Of(_bias) != 0, run.Learns(_layer));
        }

        private float[] Run(bool accumulate)
        {
            using TrainingInference run = _store.BeginTraining(_memory.Of);
            int rows = _lengths.Sum();
            Sequences inputs = run.Sequences(_lengths), outputs = run.Sequences(inputs, _shape);
            Tensor x = run.Upload(_x, rows, _shape.InputChannels), dx = run.Upload(_dx, rows, _shape.InputChannels);
            run.Conv1dBackward(x, inputs, _layer, run.Upload(_dy, outputs.Rows, _shape.OutputChannels), outputs, dx, accumulate);
            return Download(run, dx);
        }
    }
}
