using System.Buffers.Binary;

namespace Data2Vec.Audio;

/// <summary>Turns the bytes of samples into floats, full scale being -1 to 1.</summary>
internal static class SampleDecoder
{
    /// <summary>The bytes that one sample takes.</summary>
    public static int BytesPerSample(this SampleEncoding encoding) => encoding switch
    {
        SampleEncoding.Pcm16 => 2,
        SampleEncoding.Pcm24 => 3,
        SampleEncoding.Pcm32 or SampleEncoding.Float32 => 4,
        SampleEncoding.Float64 => 8,
        _ => 1,
    };

    /// <summary>Decodes <paramref name="samples"/>.Length samples.</summary>
    public static void Decode(SampleEncoding encoding, ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        bytes = bytes[..(samples.Length * encoding.BytesPerSample())];
        switch (encoding)
        {
            case SampleEncoding.Pcm8:
                for (int i = 0; i < samples.Length; i++)
                {
                    samples[i] = (bytes[i] - 128) / 128f;
                }

                break;
            case SampleEncoding.Pcm16:
                for (int i = 0; i < samples.Length; i++)
                {
                    samples[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]) / 32768f;
                }

                break;
            case SampleEncoding.Pcm24:
                for (int i = 0; i < samples.Length; i++)
                {
                    samples[i] = (bytes[3 * i] | bytes[3 * i + 1] << 8 | (sbyte)bytes[3 * i + 2] << 16) / 8388608f;
                }

                break;
            case SampleEncoding.Pcm32:
                for (int i = 0; i < samples.Length; i++)
                {
                    samples[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]) / 2147483648f;
                }

                break;
            case SampleEncoding.Float32:
                for (int i = 0; i < samples.Length; i++)
                {
                    samples[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
                }

                break;
            case SampleEncoding.Float64:
                for (int i = 0; i < samples.Length; i++)
                {
                    samples[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                }

                break;
            case SampleEncoding.ALaw:
                for (int i = 0; i < samples.Length; i++)
                {
                    samples[i] = G711.ALaw[bytes[i]];
                }

                break;
            case SampleEncoding.MuLaw:
                for (int i = 0; i < samples.Length; i++)
                {
                    samples[i] = G711.MuLaw[bytes[i]];
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(encoding));
        }
    }
}
