using System.Numerics;
using System.Runtime.InteropServices;

namespace Data2Vec.Audio;

/// <summary>
/// Changes the sample rate of a waveform by band-limited interpolation: each output sample is the input filtered by a low-pass kernel
/// centered at the output's time. Sample 0 keeps its time, and the input counts as silent beyond its ends. An instance converts between
/// two fixed rates and is thread-safe.
/// </summary>
/// <remarks>
/// With the ratio of the rates L / M in lowest terms, output times have L different phases between two input samples. If L is small, the
/// kernel is tabulated exactly for each phase. If L is large (44,099 to 16,000 Hz), fewer phases are tabulated, and each output is
/// interpolated between the results of its two nearest phases.
/// </remarks>
public sealed class Resampler
{
    /// <summary>The sample rate of data2vec's speech models, in Hz.</summary>
    public const int ModelRate = 16_000;

    private const int MaxExactTable = 1 << 18; // 1 MB of taps

    // The error of linear interpolation grows with the square of (bandwidth / phases). 512 phases give -120 dB for the full band. A kernel
    // with a narrower pass band reaches the same with fewer phases.
    private const int InterpolatedPhases = 512;
    private const int MinInterpolatedPhases = 4;

    private readonly int _inputRate, _outputRate;
    private readonly long _l, _m;
    private readonly int _phases; // rows of the table, plus one when interpolating
    private readonly bool _interpolates;
    private readonly int _half; // taps on either side of the output time
    private readonly float[] _table = []; // [phase, tap], taps in the order of the input samples

    /// <summary>Designs the filter for a pair of sample rates.</summary>
    /// <param name="inputRate">The rate of the input in Hz.</param>
    /// <param name="outputRate">The rate of the output in Hz.</param>
    /// <exception cref="ArgumentOutOfRangeException">A rate is not positive, or the input rate exceeds 65,536 times the output rate.</exception>
    public Resampler(int inputRate, int outputRate = ModelRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputRate);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputRate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputRate, outputRate * 65_536L);
        (_inputRate, _outputRate) = (inputRate, outputRate);
        if (inputRate == outputRate)
        {
            return;
        }

        long divisor = (long)BigInteger.GreatestCommonDivisor(inputRate, outputRate);
        (_l, _m) = (outputRate / divisor, inputRate / divisor);
        var kernel = new LowPassKernel(inputRate, outputRate);
        _half = (int)Math.Ceiling(kernel.HalfWidth);
        _interpolates = _l > 1 && _l * _half * 2 > MaxExactTable;
        double passed = Math.Min(1, (double)outputRate / inputRate);
        _phases = _interpolates ? (int)Math.Max(MinInterpolatedPhases, Math.Ceiling(InterpolatedPhases * passed)) : (int)_l;
        _table = Tabulate(kernel, _half, _phases, _interpolates ? _phases + 1 : _phases);
    }

    /// <summary>Resamples a waveform.</summary>
    /// <param name="samples">Samples at the input rate.</param>
    /// <returns>
    /// ceil(n * output rate / input rate) samples at the output rate, or <paramref name="samples"/> itself if the rates are equal.
    /// </returns>
    /// <exception cref="ArgumentException">The result would not fit in an array.</exception>
    public float[] Resample(float[] samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (_inputRate == _outputRate)
        {
            return samples;
        }

        long length = (samples.Length * _l + _m - 1) / _m;
        if (length > Array.MaxLength)
        {
            throw new ArgumentException(
                $"{samples.Length} samples at {_inputRate} Hz become {length} samples at {_outputRate} Hz, which do not fit in an array; split the recording",
                nameof(samples));
        }

        float[] result = new float[length];
        var time = default(ResamplerTime);
        for (int i = 0; i < result.Length; i++, time = Next(time))
        {
            result[i] = At(samples, time);
        }

        return result;
    }

    /// <summary>Starts to resample a recording that comes in blocks. The blocks together become what <see cref="Resample(float[])"/> returns.</summary>
    public StreamingResampler Start() => new(this);

    /// <summary>Computes outputs whose input samples are at hand.</summary>
    /// <param name="samples">Input samples. Before and after them is silence.</param>
    /// <param name="isEnd">Whether the recording ends with the samples; otherwise outputs that need more are left for later.</param>
    /// <param name="time">The time of the next output; advanced.</param>
    /// <param name="receive">Receives the outputs.</param>
    internal void Resample(ReadOnlySpan<float> samples, bool isEnd, ref ResamplerTime time, List<float> receive)
    {
        int needed = isEnd ? 0 : _half;
        for (; time.Sample + needed < samples.Length; time = Next(time))
        {
            receive.Add(At(samples, time));
        }
    }

    /// <summary>The number of samples before the time of an output that it does not need.</summary>
    internal int Unneeded(ResamplerTime time) => Math.Max(0, time.Sample - _half + 1);

    /// <summary>Whether the rates are equal.</summary>
    internal bool IsIdentity => _inputRate == _outputRate;

    private ResamplerTime Next(ResamplerTime time)
    {
        long fraction = time.Fraction + _m;
        return new ResamplerTime((int)(time.Sample + fraction / _l), fraction % _l);
    }

    private float At(ReadOnlySpan<float> samples, ResamplerTime time) => _interpolates
        ? BetweenPhases(samples, time.Sample, (double)time.Fraction / _l * _phases)
        : AtPhase(samples, time.Sample, (int)time.Fraction);

    private float BetweenPhases(ReadOnlySpan<float> samples, int sample, double phase)
    {
        int before = (int)phase;
        float weight = (float)(phase - before);
        return (1 - weight) * AtPhase(samples, sample, before) + weight * AtPhase(samples, sample, before + 1);
    }

    private float AtPhase(ReadOnlySpan<float> samples, int sample, int phase)
    {
        long first = (long)sample - _half + 1;
        int skipped = (int)Math.Max(0, -first);
        int end = (int)Math.Min(2L * _half, samples.Length - first);
        return Dot(samples.Slice((int)(first + skipped), end - skipped), _table.AsSpan(phase * 2 * _half + skipped, end - skipped));
    }

    private static float[] Tabulate(LowPassKernel kernel, int half, int phases, int rows)
    {
        float[] table = new float[rows * 2 * half];
        for (int row = 0; row < rows; row++)
        {
            Span<float> taps = table.AsSpan(row * 2 * half, 2 * half);
            for (int tap = 0; tap < taps.Length; tap++)
            {
                taps[tap] = (float)kernel.At((double)row / phases + half - 1 - tap);
            }
        }

        return table;
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        // Four independent sums hide the latency of the additions.
        ReadOnlySpan<Vector<float>> va = MemoryMarshal.Cast<float, Vector<float>>(a);
        ReadOnlySpan<Vector<float>> vb = MemoryMarshal.Cast<float, Vector<float>>(b)[..va.Length];
        Vector<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int i = 0;
        for (; i + 3 < va.Length; i += 4)
        {
            sum0 = Vector.MultiplyAddEstimate(va[i], vb[i], sum0);
            sum1 = Vector.MultiplyAddEstimate(va[i + 1], vb[i + 1], sum1);
            sum2 = Vector.MultiplyAddEstimate(va[i + 2], vb[i + 2], sum2);
            sum3 = Vector.MultiplyAddEstimate(va[i + 3], vb[i + 3], sum3);
        }

        for (; i < va.Length; i++)
        {
            sum0 = Vector.MultiplyAddEstimate(va[i], vb[i], sum0);
        }

        float sum = Vector.Sum(sum0 + sum1 + (sum2 + sum3));
        for (int j = va.Length * Vector<float>.Count; j < a.Length; j++)
        {
            sum += a[j] * b[j];
        }

        return sum;
    }
}

/// <summary>The time of an output between input samples.</summary>
/// <param name="Sample">The input sample before it.</param>
/// <param name="Fraction">The part of the way to the next one, as a multiple of 1 / L.</param>
internal readonly record struct ResamplerTime(int Sample, long Fraction);

/// <summary>
/// The impulse response of a low-pass filter: a sinc under a Kaiser window. Kaiser's formulas give the window's shape and length
/// (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.3).
/// </summary>
internal sealed class LowPassKernel
{
    private const double AttenuationDecibels = 100;

    // Flat up to 90 % of the Nyquist frequency of the lower rate (7.2 of 8 kHz), and closed from that frequency on. The result then
    // contains no aliases, and no images of the input's spectrum.
    private const double PassBand = 0.9;

    private readonly double _cutoff; // the middle of the transition, in cycles per input sample
    private readonly double _beta;

    /// <summary>Designs the filter for a conversion between two sample rates in Hz.</summary>
    public LowPassKernel(int inputRate, int outputRate)
    {
        double nyquist = 0.5 * Math.Min(inputRate, outputRate) / inputRate;
        double transition = 2 * Math.PI * (1 - PassBand) * nyquist; // radians per input sample
        _cutoff = nyquist * (1 + PassBand) / 2;
        _beta = 0.1102 * (AttenuationDecibels - 8.7);
        HalfWidth = (AttenuationDecibels - 7.95) / (2.285 * transition) / 2;
    }

    /// <summary>The response is 0 beyond this time on either side of 0, in input samples.</summary>
    public double HalfWidth { get; }

    /// <summary>The response at a time in input samples. The responses at all input samples add up to 1.</summary>
    public double At(double time)
    {
        double position = time / HalfWidth;
        if (Math.Abs(position) >= 1)
        {
            return 0;
        }

        double window = BesselI0(_beta * Math.Sqrt(1 - position * position)) / BesselI0(_beta);
        double angle = 2 * Math.PI * _cutoff * time;
        double sinc = angle == 0 ? 1 : Math.Sin(angle) / angle;
        return 2 * _cutoff * sinc * window;
    }

    /// <summary>The modified Bessel function of order 0, computed by its power series.</summary>
    private static double BesselI0(double x)
    {
        double quarter = x * x / 4, term = 1, sum = 1;
        for (int k = 1; term > 1e-17 * sum; k++)
        {
            term *= quarter / ((double)k * k);
            sum += term;
        }

        return sum;
    }
}
