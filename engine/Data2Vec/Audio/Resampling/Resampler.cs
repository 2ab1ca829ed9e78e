using System.Numerics;
using System.Runtime.InteropServices;

namespace Data2Vec.Audio;

/// <summary>
/// Changes the sample rate of a waveform by band-limited interpolation: an output sample is the input, seen through a
/// low-pass kernel centred on the output's moment. Sample 0 keeps its moment; beyond its ends the input counts as
/// silence. Prepared once for a pair of rates, it serves any number of waveforms and threads.
/// </summary>
/// <remarks>
/// The rates' ratio in lowest terms is L / M, so the moments fall on L phases between two input samples. Kernels of
/// few phases are tabulated exactly; where L is large (44,099 to 16,000 Hz), so few phases that the table stays small
/// are, and an output is interpolated between the results of the two phases around it.
/// </remarks>
public sealed class Resampler
{
    /// <summary>The rate that data2vec's speech models listen at, in Hz.</summary>
    public const int ModelRate = 16_000;

    private const int MaxExactTable = 1 << 18; // 1 MB of taps

    // Between tabulated phases, linear interpolation errs by the square of (bandwidth / phases): -120 dB for 512
    // phases and the full band, and as little for fewer phases where the kernel passes a narrower band.
    private const int InterpolatedPhases = 512;
    private const int MinInterpolatedPhases = 4;

    private readonly int _inputRate;
    private readonly int _outputRate;
    private readonly long _l;
    private readonly long _m;
    private readonly int _phases; // rows of the table, but for one more when interpolating
    private readonly bool _interpolates;
    private readonly int _half; // taps on either side of a moment
    private readonly float[] _table = []; // [phase, tap], in the order of the input samples that the taps meet

    /// <summary>Prepares the filter for a pair of sample rates.</summary>
    /// <param name="inputRate">The rate of the waveforms given, in Hz.</param>
    /// <param name="outputRate">The rate wanted, in Hz.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A rate is not positive, or the input rate is more than 65,536 times the output rate.
    /// </exception>
    public Resampler(int inputRate, int outputRate = ModelRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputRate);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputRate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputRate, outputRate * 65_536L);
        _inputRate = inputRate;
        _outputRate = outputRate;
        if (inputRate == outputRate)
        {
            return;
        }

        long divisor = (long)BigInteger.GreatestCommonDivisor(inputRate, outputRate);
        _l = outputRate / divisor;
        _m = inputRate / divisor;

        var kernel = new LowPassKernel(inputRate, outputRate);
        _half = (int)Math.Ceiling(kernel.HalfWidth);
        _interpolates = _l > 1 && _l * _half * 2 > MaxExactTable;
        double passed = Math.Min(1, (double)outputRate / inputRate);
        _phases = _interpolates
            ? (int)Math.Max(MinInterpolatedPhases, Math.Ceiling(InterpolatedPhases * passed))
            : (int)_l;
        _table = Tabulate(kernel, _half, _phases, _interpolates ? _phases + 1 : _phases);
    }

    /// <summary>Resamples a waveform.</summary>
    /// <param name="samples">Samples at the input rate.</param>
    /// <returns>
    /// ceil(n * output rate / input rate) samples at the output rate; <paramref name="samples"/> itself where the rates
    /// are equal.
    /// </returns>
    /// <exception cref="ArgumentException">The result would not fit an array.</exception>
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
                $"{samples.Length} samples at {_inputRate} Hz make {length} samples at {_outputRate} Hz, more than an array holds; cut the recording into parts",
                nameof(samples));
        }

        float[] result = new float[length];
        long sample = 0, fraction = 0; // output i's moment is input sample + fraction / L
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = _interpolates
                ? BetweenPhases(samples, (int)sample, (double)fraction / _l * _phases)
                : AtPhase(samples, (int)sample, (int)fraction);
            fraction += _m;
            sample += fraction / _l;
            fraction %= _l;
        }

        return result;
    }

    private float BetweenPhases(float[] samples, int sample, double phase)
    {
        int before = (int)phase;
        float weight = (float)(phase - before);
        return (1 - weight) * AtPhase(samples, sample, before) + weight * AtPhase(samples, sample, before + 1);
    }

    private float AtPhase(float[] samples, int sample, int phase)
    {
        long first = (long)sample - _half + 1;
        int skipped = (int)Math.Max(0, -first);
        int end = (int)Math.Min(2L * _half, samples.Length - first);
        return Dot(
            samples.AsSpan((int)(first + skipped), end - skipped),
            _table.AsSpan(phase * 2 * _half + skipped, end - skipped));
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
        // Four sums side by side: one alone would wait for each addition to finish before the next.
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
