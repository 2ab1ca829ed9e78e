using System.Buffers.Binary;

namespace Data2Vec.Audio;

/// <summary>
/// Microsoft ADPCM ("Multimedia Data Standards Update", 1994): each block begins, for each channel, with a predictor, a step size and two samples. Then each
/// nibble corrects a prediction from the two samples before, the upper nibble first, the channels taking turns.
/// </summary>
internal sealed class MicrosoftAdpcm(WavFormat format) : BlockCodec(format.Channels, BlockBytes(format), Frames(format.BlockAlign, format.Channels))
{
    private const int HeaderBytes = 7;
    private const int SmallestStep = 16;

    private static readonly int[] s_adaptation = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];

    private static readonly (int First, int Second)[] s_standardCoefficients = [(256, 0), (512, -256), (0, 0), (192, 64), (240, 0), (460, -208), (392, -232)];

    private readonly (int First, int Second)[] _coefficients = Coefficients(format.Extra);

    private static int BlockBytes(WavFormat format) => format switch
    {
        { Channels: 0 } => throw new InvalidDataException("the header declares 0 channels; the file is damaged"),
        _ when format.BlockAlign < HeaderBytes * format.Channels => throw new InvalidDataException(
            $"{format.Channels} channels of Microsoft ADPCM need blocks of at least {HeaderBytes * format.Channels} bytes, but the block align is {format.BlockAlign}; "
            + "the file is damaged"),
        _ => format.BlockAlign,
    };

    private static int Frames(int bytes, int channels) => bytes < HeaderBytes * channels ? 0 : 2 + (bytes - HeaderBytes * channels) * 2 / channels;

    /// <summary>The header may have coefficients of its own: the samples of a block, the number of pairs, the pairs.</summary>
    private static (int First, int Second)[] Coefficients(ReadOnlySpan<byte> extra)
    {
        int count = extra.Length >= 4 ? BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]) : 0;
        if (count == 0 || extra.Length < 4 + 4 * count)
        {
            return s_standardCoefficients;
        }

        var coefficients = new (int, int)[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> pair = extra[(4 + 4 * i)..];
            coefficients[i] = (BinaryPrimitives.ReadInt16LittleEndian(pair), BinaryPrimitives.ReadInt16LittleEndian(pair[2..]));
        }

        return coefficients;
    }

    protected override int Decode(ReadOnlySpan<byte> block, Span<short> interleaved)
    {
        int frames = Frames(block.Length, Channels);
        for (int channel = 0; frames > 0 && channel < Channels; channel++)
        {
            int predictor = block[channel];
            if (predictor >= _coefficients.Length)
            {
                throw new InvalidDataException($"a block of Microsoft ADPCM names the predictor {predictor} of {_coefficients.Length}; the file is damaged");
            }

            (int first, int second) = _coefficients[predictor];
            int step = Header(block, 0, channel), previous = Header(block, 1, channel), beforePrevious = Header(block, 2, channel);
            interleaved[channel] = (short)beforePrevious;
            interleaved[Channels + channel] = (short)previous;
            for (int i = 2 * Channels + channel; i < frames * Channels; i += Channels)
            {
                int nibble = i - 2 * Channels;
                int code = block[HeaderBytes * Channels + nibble / 2] >> ((nibble & 1) == 0 ? 4 : 0) & 15;
                int correction = code >= 8 ? code - 16 : code;
                int sample = Clamp((previous * first + beforePrevious * second >> 8) + correction * step);
                step = Math.Max(SmallestStep, s_adaptation[code] * step >> 8);
                step = Math.Min(step, 1 << 20); // a damaged block must not overflow
                (beforePrevious, previous) = (previous, sample);
                interleaved[i] = (short)sample;
            }
        }

        return frames;
    }

    private int Header(ReadOnlySpan<byte> block, int field, int channel) => BinaryPrimitives.ReadInt16LittleEndian(block[(Channels + 2 * (field * Channels + channel))..]);
}
