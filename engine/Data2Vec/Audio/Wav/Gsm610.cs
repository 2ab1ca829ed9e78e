namespace Data2Vec.Audio;

/// <summary>
/// GSM 06.10 full rate in WAV files (ETSI EN 300 961, section 5.3, whose names are used here): 160 samples in 260 bits. A block of 65 bytes has two frames, least
/// significant bit first. The arithmetic is that of the standard, to the bit.
/// </summary>
internal sealed class Gsm610(WavFormat format) : BlockCodec(OneChannel(format), BlockBytes, 2 * FrameSamples)
{
    private const int BlockBytes = 65;
    private const int FrameSamples = 160;
    private const int SubframeSamples = 40;
    private const int Pulses = 13;
    private const int Coefficients = 8;
    private const int LongestLag = 120;

    private static readonly int[] s_larBits = [6, 6, 5, 5, 4, 4, 3, 3];
    private static readonly int[] s_larOffset = [0, 0, 2048, -2560, 94, -1792, -341, -1144]; // table 5.1: B
    private static readonly int[] s_larSmallest = [-32, -32, -16, -16, -8, -8, -4, -4]; // MIC
    private static readonly int[] s_larInverse = [13107, 13107, 13107, 13107, 19223, 17476, 31454, 29708]; // 1/A
    private static readonly int[] s_gains = [3277, 11469, 21299, 32767]; // table 5.3b: QLB
    private static readonly int[] s_mantissas = [18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767]; // table 5.6: FAC

    // The lags before the frame, then the frame.
    private readonly int[] _excitation = new int[LongestLag + FrameSamples];
    private readonly int[] _lattice = new int[Coefficients + 1];
    private int[] _lastLar = new int[Coefficients];
    private int _lastLag = SubframeSamples;
    private int _deemphasized;

    protected override int Decode(ReadOnlySpan<byte> block, Span<short> interleaved)
    {
        if (block.Length < BlockBytes)
        {
            return 0;
        }

        int bit = 0;
        DecodeFrame(block, ref bit, interleaved[..FrameSamples]);
        DecodeFrame(block, ref bit, interleaved[FrameSamples..]);
        return 2 * FrameSamples;
    }

    private static int OneChannel(WavFormat format) => format.Channels == 1
        ? 1
        : throw new InvalidDataException($"GSM 6.10 with {format.Channels} channels is not supported; {AudioFormatDetector.Conversion}");

    private void DecodeFrame(ReadOnlySpan<byte> block, ref int bit, Span<short> samples)
    {
        int[] lar = new int[Coefficients];
        for (int i = 0; i < Coefficients; i++)
        {
            int scaled = Subtract(Add(Bits(block, ref bit, s_larBits[i]), s_larSmallest[i]) << 10, s_larOffset[i] << 1);
            scaled = Multiply(s_larInverse[i], scaled);
            lar[i] = Add(scaled, scaled);
        }

        for (int start = 0; start < FrameSamples; start += SubframeSamples)
        {
            DecodeExcitation(block, ref bit, LongestLag + start);
        }

        Synthesize(lar, 0, 13, 2, samples);
        Synthesize(lar, 13, 27, 1, samples);
        Synthesize(lar, 27, 40, 0, samples);
        Synthesize(lar, 40, FrameSamples, -1, samples);
        _lastLar = lar;
        _excitation.AsSpan(FrameSamples).CopyTo(_excitation);
    }

    /// <summary>Decodes the pulses of a subframe and adds the long-term prediction.</summary>
    private void DecodeExcitation(ReadOnlySpan<byte> block, ref int bit, int at)
    {
        int lag = Bits(block, ref bit, 7), gain = s_gains[Bits(block, ref bit, 2)];
        int grid = Bits(block, ref bit, 2), maximum = Bits(block, ref bit, 6);
        if (lag is < SubframeSamples or > LongestLag)
        {
            lag = _lastLag;
        }

        _lastLag = lag;
        int exponent = maximum > 15 ? (maximum >> 3) - 1 : 0;
        int mantissa = maximum - (exponent << 3);
        if (mantissa == 0)
        {
            (exponent, mantissa) = (-4, 7);
        }
        else
        {
            for (; mantissa <= 7; exponent--)
            {
                mantissa = mantissa << 1 | 1;
            }

            mantissa -= 8;
        }

        int shift = 6 - exponent, rounding = shift == 0 ? 0 : 1 << shift - 1;
        Span<int> pulses = stackalloc int[SubframeSamples];
        pulses.Clear();
        for (int i = 0; i < Pulses; i++)
        {
            int pulse = (Bits(block, ref bit, 3) << 1) - 7 << 12;
            pulses[grid + 3 * i] = Add(Multiply(s_mantissas[mantissa], pulse), rounding) >> shift;
        }

        for (int i = 0; i < SubframeSamples; i++)
        {
            _excitation[at + i] = Add(pulses[i], Multiply(gain, _excitation[at + i - lag]));
        }
    }

    /// <summary>Filters a part of the frame.</summary>
    /// <param name="lar">The log area ratios of this frame.</param>
    /// <param name="from">The first sample.</param>
    /// <param name="to">The sample after the last one.</param>
    /// <param name="quarter">The ratios are those of the last frame for 3/4 (2), 1/2 (1), 1/4 (0) or not at all (-1).</param>
    /// <param name="samples">The samples of the frame.</param>
    private void Synthesize(int[] lar, int from, int to, int quarter, Span<short> samples)
    {
        Span<int> reflection = stackalloc int[Coefficients];
        for (int i = 0; i < Coefficients; i++)
        {
            int last = _lastLar[i], current = lar[i];
            reflection[i] = Reflection(quarter switch
            {
                2 => Add(Add(last >> 2, current >> 2), last >> 1),
                1 => Add(last >> 1, current >> 1),
                0 => Add(Add(last >> 2, current >> 2), current >> 1),
                _ => current,
            });
        }

        for (int k = from; k < to; k++)
        {
            int sample = _excitation[LongestLag + k];
            for (int i = Coefficients - 1; i >= 0; i--)
            {
                sample = Subtract(sample, Multiply(reflection[i], _lattice[i]));
                _lattice[i + 1] = Add(_lattice[i], Multiply(reflection[i], sample));
            }

            _lattice[0] = sample;
            _deemphasized = Add(sample, Multiply(_deemphasized, 28180));
            samples[k] = (short)(Add(_deemphasized, _deemphasized) & ~7);
        }
    }

    private static int Reflection(int lar)
    {
        int magnitude = Math.Min(Math.Abs(lar), short.MaxValue);
        magnitude = magnitude < 11059 ? magnitude << 1 : magnitude < 20070 ? magnitude + 11059 : Add(magnitude >> 2, 26112);
        return lar < 0 ? -magnitude : magnitude;
    }

    private static int Bits(ReadOnlySpan<byte> block, ref int bit, int count)
    {
        int value = 0;
        for (int i = 0; i < count; i++, bit++)
        {
            value |= (block[bit >> 3] >> (bit & 7) & 1) << i;
        }

        return value;
    }

    private static int Add(int a, int b) => Clamp(a + b);

    private static int Subtract(int a, int b) => Clamp(a - b);

    private static int Multiply(int a, int b) => Math.Min(a * b + 16384 >> 15, short.MaxValue);
}
