using System.Numerics;

namespace Data2Vec.Audio.Codecs;

/// <summary>The header of a frame (RFC 9639, section 9.1).</summary>
/// <param name="BlockSize">The number of samples in each channel.</param>
/// <param name="SampleRate">The sample rate in Hz.</param>
/// <param name="Channels">The number of channels.</param>
/// <param name="Stereo">How two channels are stored.</param>
/// <param name="Bits">The bits of a sample.</param>
internal readonly record struct FlacFrameHeader(int BlockSize, int SampleRate, int Channels, FlacStereo Stereo, int Bits)
{
    private const uint Sync = 0b11111111_111110;

    private static readonly int[] s_sampleRates = [0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];
    private static readonly int[] s_bits = [0, 8, 12, 0, 16, 20, 24, 32];

    /// <summary>Whether a frame begins here.</summary>
    public static bool IsNext(FlacReader reader) => reader.Peek(14) == Sync;

    public static FlacFrameHeader Read(FlacReader reader, FlacStreamInfo info)
    {
        if (reader.Read(14) != Sync)
        {
            throw Damaged("has no sync code");
        }

        reader.Read(2); // reserved; whether blocks vary in size
        int blockCode = (int)reader.Read(4), rateCode = (int)reader.Read(4), channelCode = (int)reader.Read(4), bitsCode = (int)reader.Read(3);
        reader.Read(1);
        SkipNumber(reader);
        int blockSize = blockCode switch
        {
            0 => throw Damaged("has a reserved block size"),
            1 => 192,
            <= 5 => 144 << blockCode,
            6 => (int)reader.Read(8) + 1,
            7 => (int)reader.Read(16) + 1,
            _ => 1 << blockCode,
        };
        int sampleRate = rateCode switch
        {
            0 => info.SampleRate,
            < 12 => s_sampleRates[rateCode],
            12 => 1000 * (int)reader.Read(8),
            13 => (int)reader.Read(16),
            14 => 10 * (int)reader.Read(16),
            _ => throw Damaged("has a reserved sample rate"),
        };
        int crc = FlacChecksum.Crc8(reader.Frame);
        if (reader.Read(8) != crc)
        {
            throw Damaged("has a header with a wrong checksum");
        }

        int bits = bitsCode == 0 ? info.Bits : s_bits[bitsCode];
        var (channels, stereo) = channelCode switch
        {
            < 8 => (channelCode + 1, FlacStereo.Independent),
            <= 10 => (2, (FlacStereo)(channelCode - 7)),
            _ => throw Damaged("has a reserved channel assignment"),
        };
        return bits == info.Bits && channels == info.Channels
            ? new FlacFrameHeader(blockSize, sampleRate, channels, stereo, bits)
            : throw Damaged($"has {channels} channels of {bits} bits instead of {info.Channels} channels of {info.Bits} bits");
    }

    private static InvalidDataException Damaged(string what) => new($"a frame {what}; the file is damaged");

    /// <summary>The number of the frame or of its first sample, coded like a character of UTF-8 with up to 36 bits.</summary>
    private static void SkipNumber(FlacReader reader)
    {
        int ones = BitOperations.LeadingZeroCount(~(reader.Read(8) << 24));
        if (ones is 1 or 8)
        {
            throw Damaged("has no number");
        }

        for (int i = 1; i < ones; i++)
        {
            if (reader.Read(8) >> 6 != 0b10)
            {
                throw Damaged("has no number");
            }
        }
    }
}

/// <summary>How two channels are stored.</summary>
internal enum FlacStereo
{
    Independent,
    LeftSide,
    SideRight,
    MidSide,
}
