using System.Numerics;
using Data2Vec.Training.Threading;

namespace Data2Vec.Training.Optimizers;

/// <summary>
/// Adam with decoupled weight decay (arXiv 1412.6980, 1711.05101) over flat buffers: values, gradient, first and second moment.
/// </summary>
/// <remarks>
/// Each parameter counts its own steps, from its first gradient: fairseq's optimizer and PyTorch's do so, and it matters when an encoder is
/// unfrozen after some updates. fairseq's fp16 optimizer instead gives frozen parameters gradients of 0, so that their count runs on. For that,
/// say that all parameters have gradients and leave those of the frozen ones 0.
/// </remarks>
public sealed unsafe class Adam
{
    private const int ChunkElements = 1 << 15;

    private readonly AdamOptions _options;
    private readonly ParameterRange[] _ranges;
    private readonly ParameterGroup[] _groups;
    private readonly (int Range, int Offset, int Count)[] _chunks;
    private readonly Update[] _updates;
    private readonly long[] _steps;
    private readonly int _end;

    /// <summary>Creates an optimizer. Its moments are the caller's, and start at 0.</summary>
    /// <param name="options">The constants.</param>
    /// <param name="ranges">The parameters. Elements between them are not touched.</param>
    /// <param name="groups">The groups that the ranges refer to.</param>
    /// <exception cref="ArgumentException">A range overlaps another or names no group, or a constant is out of range.</exception>
    public Adam(AdamOptions options, IReadOnlyList<ParameterRange> ranges, IReadOnlyList<ParameterGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(ranges);
        ArgumentNullException.ThrowIfNull(groups);
        if (options.Beta1 is not (>= 0 and < 1) || options.Beta2 is not (>= 0 and < 1) || !(options.Epsilon >= 0) || options.Threads < 1)
        {
            throw new ArgumentException($"A constant of Adam is out of range: {options}.", nameof(options));
        }

        _options = options;
        _ranges = [.. ranges];
        _groups = [.. groups];
        _steps = new long[_ranges.Length];
        _updates = new Update[_ranges.Length];
        foreach (ParameterRange range in _ranges.OrderBy(range => range.Offset))
        {
            if (range.Offset < _end || range.Count < 0 || range.Count > int.MaxValue - range.Offset)
            {
                throw new ArgumentException($"{range.Name} overlaps another parameter or is out of range.", nameof(ranges));
            }

            if ((uint)range.Group >= (uint)_groups.Length)
            {
                throw new ArgumentException($"{range.Name} is in group {range.Group}; there are {_groups.Length}.", nameof(ranges));
            }

            _end = range.Offset + range.Count;
        }

        _chunks = [.. Split()];
    }

    /// <summary>The steps of each parameter: part of the state of a run, as the moments.</summary>
    public ReadOnlySpan<long> Steps => _steps;

    /// <summary>Sets the steps of each parameter when a run is resumed.</summary>
    public void Restore(ReadOnlySpan<long> steps)
    {
        if (steps.Length != _steps.Length)
        {
            throw new ArgumentException($"There are {_steps.Length} parameters, not {steps.Length}.", nameof(steps));
        }

        steps.CopyTo(_steps);
    }

    /// <summary>Updates values and moments.</summary>
    /// <param name="values">The parameters.</param>
    /// <param name="gradient">Their gradient.</param>
    /// <param name="mean">The first moment.</param>
    /// <param name="square">The second moment.</param>
    /// <param name="rate">The learning rate of this update.</param>
    /// <param name="hasGradient">
    /// Whether each parameter has a gradient. One without is neither stepped nor decayed. Empty: all have.
    /// </param>
    /// <param name="gradientScale">A factor of the gradient: the clipping, and 1 / sample size if the gradient is a sum.</param>
    /// <exception cref="ArgumentException">A buffer is too short.</exception>
    public void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> mean, Span<float> square, double rate,
        ReadOnlySpan<bool> hasGradient = default, double gradientScale = 1)
    {
        if (values.Length < _end || gradient.Length < _end || mean.Length < _end || square.Length < _end)
        {
            throw new ArgumentException($"The parameters end at {_end}; a buffer is shorter.", nameof(values));
        }

        if (!hasGradient.IsEmpty && hasGradient.Length != _ranges.Length)
        {
            throw new ArgumentException($"There are {_ranges.Length} parameters, not {hasGradient.Length}.", nameof(hasGradient));
        }

        for (int i = 0; i < _ranges.Length; i++)
        {
            bool steps = hasGradient.IsEmpty || hasGradient[i];
            _updates[i] = steps ? Prepare(_groups[_ranges[i].Group], ++_steps[i], rate, gradientScale) : default;
        }

        fixed (float* pinnedValues = values, pinnedGradient = gradient, pinnedMean = mean, pinnedSquare = square)
        {
            float* v = pinnedValues, g = pinnedGradient, m = pinnedMean, s = pinnedSquare;
            ParallelTasks.Run(_chunks.Length, _options.Threads, index =>
            {
                (int range, int offset, int count) = _chunks[index];
                if (_updates[range].Steps)
                {
                    _updates[range].Apply(new(v + offset, count), new(g + offset, count), new(m + offset, count), new(s + offset, count));
                }
            });
        }
    }

    private Update Prepare(ParameterGroup group, long step, double rate, double gradientScale)
    {
        double correction1 = 1 - Math.Pow(_options.Beta1, step);
        double root2 = Math.Sqrt(1 - Math.Pow(_options.Beta2, step));
        double groupRate = rate * group.RateScale;
        bool fairseq = _options.Variant == AdamVariant.Fairseq;
        return new Update
        {
            Steps = true,
            Beta1 = (float)_options.Beta1,
            Rest1 = (float)(1 - _options.Beta1),
            Beta2 = (float)_options.Beta2,
            Rest2 = (float)(1 - _options.Beta2),
            GradientScale = (float)gradientScale,
            Decay = (float)(groupRate * group.WeightDecay),
            Rate = (float)(groupRate * (fairseq ? root2 : 1) / correction1),
            RootScale = fairseq ? 1 : (float)(1 / root2),
            Epsilon = (float)_options.Epsilon,
        };
    }

    private IEnumerable<(int Range, int Offset, int Count)> Split()
    {
        for (int i = 0; i < _ranges.Length; i++)
        {
            for (int start = 0; start < _ranges[i].Count; start += ChunkElements)
            {
                yield return (i, _ranges[i].Offset + start, Math.Min(ChunkElements, _ranges[i].Count - start));
            }
        }
    }

    /// <summary>What one step does to each element of a parameter. The operations of the vectors and of the rest are the same, and so are the bits.</summary>
    private readonly struct Update
    {
        public bool Steps { get; init; }

        public float Beta1 { get; init; }

        public float Rest1 { get; init; }

        public float Beta2 { get; init; }

        public float Rest2 { get; init; }

        public float GradientScale { get; init; }

        public float Decay { get; init; }

        public float Rate { get; init; }

        public float RootScale { get; init; }

        public float Epsilon { get; init; }

        public void Apply(Span<float> values, ReadOnlySpan<float> gradient, Span<float> mean, Span<float> square)
        {
            int i = 0;
            for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> g = new Vector<float>(gradient[i..]) * GradientScale;
                Vector<float> m = (new Vector<float>(mean[i..]) * Beta1) + (g * Rest1);
                Vector<float> s = (new Vector<float>(square[i..]) * Beta2) + (g * g * Rest2);
                Vector<float> v = new(values[i..]);
                v -= v * Decay;
                v -= m * Rate / ((Vector.SquareRoot(s) * RootScale) + new Vector<float>(Epsilon));
                m.CopyTo(mean[i..]);
                s.CopyTo(square[i..]);
                v.CopyTo(values[i..]);
            }

            for (; i < values.Length; i++)
            {
                float g = gradient[i] * GradientScale;
                float m = (mean[i] * Beta1) + (g * Rest1);
                float s = (square[i] * Beta2) + (g * g * Rest2);
                float v = values[i];
                v -= v * Decay;
                v -= m * Rate / ((MathF.Sqrt(s) * RootScale) + Epsilon);
                mean[i] = m;
                square[i] = s;
                values[i] = v;
            }
        }
    }
}
