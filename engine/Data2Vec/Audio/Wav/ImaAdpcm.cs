using System.Buffers.Binary;

namespace Data2Vec.Audio;

/// <summary>
/// IMA ADPCM in WAV files (Microsoft's "Multimedia Data Standards Update", 1994): each block begins with a sample and a step index for each channel. Then come
/// groups of four bytes for one channel after another. Each nibble is a step up or down, the lower nibble first.
/// </summary>
internal sealed class ImaAdpcm(WavFormat format) : BlockCodec(format.Channels, BlockBytes(format), Frames(BlockBytes(format), format.Channels))
{
    private const int GroupBytes = 4;
    private const int HeaderBytes = 4;

    private static readonly int[] s_indexChange = [-1, -1, -1, -1, 2, 4, 6, 8];

    private static readonly int[] s_steps =
    [
        7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230,
        253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327,
        3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
        32767,
    ];

    private static int BlockBytes(WavFormat format) => format switch
    {
        { Bits: not (4 or 0) } => throw new InvalidDataException($"{format.Bits}-bit IMA ADPCM is not supported; {AudioFormatDetector.Conversion}"),
        { Channels: 0 } => throw new InvalidDataException("the header declares 0 channels; the file is damaged"),
        _ when format.BlockAlign < HeaderBytes * format.Channels => throw new InvalidDataException(
            $"{format.Channels} channels of IMA ADPCM need blocks of at least {HeaderBytes * format.Channels} bytes, but the block align is {format.BlockAlign}; the file is damaged"),
        _ => format.BlockAlign,
    };

    private static int Frames(int bytes, int channels) => bytes < HeaderBytes * channels ? 0 : 1 + 2 * GroupBytes * (bytes / channels / GroupBytes - 1);

    protected override int Decode(ReadOnlySpan<byte> block, Span<short> interleaved)
    {
        int frames = Frames(block.Length, Channels);
        for (int channel = 0; frames > 0 && channel < Channels; channel++)
        {
            ReadOnlySpan<byte> header = block[(HeaderBytes * channel)..];
            int predictor = BinaryPrimitives.ReadInt16LittleEndian(header);
            int index = Math.Clamp(header[2], 0, s_steps.Length - 1);
            interleaved[channel] = (short)predictor;
            for (int i = 0; i < frames - 1; i++)
            {
                int group = HeaderBytes * Channels + (i / 8 * Channels + channel) * GroupBytes;
                int code = block[group + i % 8 / 2] >> (i & 1) * 4 & 15;
                int step = s_steps[index];
                int difference = step >> 3;
                difference += (code & 1) != 0 ? step >> 2 : 0;
                difference += (code & 2) != 0 ? step >> 1 : 0;
                difference += (code & 4) != 0 ? step : 0;
                predictor = Clamp((code & 8) != 0 ? predictor - difference : predictor + difference);
                index = Math.Clamp(index + s_indexChange[code & 7], 0, s_steps.Length - 1);
                interleaved[(i + 1) * Channels + channel] = (short)predictor;
            }
        }

        return frames;
    }
}
