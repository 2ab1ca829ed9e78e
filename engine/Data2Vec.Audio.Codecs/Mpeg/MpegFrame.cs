using NLayer;

namespace Data2Vec.Audio.Codecs;

/// <summary>A frame of MPEG audio, layer II or III (ISO 11172-3, 13818-3 and the extension to low rates, "MPEG 2.5").</summary>
internal sealed class MpegFrame : IMpegFrame
{
    /// <summary>The bytes of a header.</summary>
    public const int HeaderBytes = 4;

    private const int ChecksumBytes = 2;

    private static readonly int[] s_version1Layer2 = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
    private static readonly int[] s_version1Layer3 = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    private static readonly int[] s_version2 = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    private static readonly int[] s_sampleRates = [44100, 48000, 32000];

    private readonly uint _header;
    private int _bit;

    private MpegFrame(uint header) => _header = header;

    /// <summary>The frame with its header.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    public MpegVersion Version => (_header >> 19 & 3) switch { 3 => MpegVersion.Version1, 2 => MpegVersion.Version2, _ => MpegVersion.Version25 };

    public MpegLayer Layer => (_header >> 17 & 3) == 1 ? MpegLayer.LayerIII : MpegLayer.LayerII;

    public bool HasCrc => (_header >> 16 & 1) == 0;

    public int BitRateIndex => (int)(_header >> 12 & 15);

    public int SampleRateIndex => (int)(_header >> 10 & 3);

    public MpegChannelMode ChannelMode => (MpegChannelMode)(_header >> 6 & 3);

    public int ChannelModeExtension => (int)(_header >> 4 & 3);

    public bool IsCopyrighted => (_header >> 3 & 1) != 0;

    public bool IsCorrupted => false;

    public int Channels => ChannelMode == MpegChannelMode.Mono ? 1 : 2;

    public int SampleRate => s_sampleRates[SampleRateIndex] >> Version switch { MpegVersion.Version1 => 0, MpegVersion.Version2 => 1, _ => 2 };

    public int BitRate => 1000 * (Version != MpegVersion.Version1 ? s_version2 : Layer == MpegLayer.LayerII ? s_version1Layer2 : s_version1Layer3)[BitRateIndex - 1];

    /// <summary>The samples in each channel.</summary>
    public int SampleCount => Layer == MpegLayer.LayerIII && Version != MpegVersion.Version1 ? 576 : 1152;

    public int FrameLength => SampleCount / 8 * BitRate / SampleRate + (int)(_header >> 9 & 1);

    /// <summary>Where the main data of layer III begins: after the header, the checksum and the side information.</summary>
    public int MainDataAt => HeaderBytes + (HasCrc ? ChecksumBytes : 0) + (Version, Channels) switch
    {
        (MpegVersion.Version1, 2) => 32,
        (MpegVersion.Version1, _) or (_, 2) => 17,
        _ => 9,
    };

    /// <summary>
    /// Whether NLayer would decode the frame wrongly: short blocks at 8 kHz, whose first region has 72 lines instead of 36 (it knows only 36).
    /// </summary>
    public bool HasUnsupportedBlocks
    {
        get
        {
            if (Layer != MpegLayer.LayerIII || SampleRate != 8000)
            {
                return false;
            }

            Reset();
            ReadBits(Channels == 1 ? 9 : 10); // where the main data begin; private bits
            bool hasShortBlocks = false;
            for (int channel = 0; channel < Channels; channel++)
            {
                ReadBits(12 + 9 + 8 + 9); // lengths, gain and scale factors
                bool isSwitched = ReadBits(1) != 0;
                int type = ReadBits(2);
                hasShortBlocks |= isSwitched && type == 2;
                ReadBits(22); // the rest of the channel
            }

            return hasShortBlocks;
        }
    }

    /// <summary>Reads a header.</summary>
    /// <returns>The frame without its bytes, or null if this is no header of a supported layer with a bit rate.</returns>
    public static MpegFrame? Parse(ReadOnlySpan<byte> bytes, ReadOnlyMemory<byte> frame = default)
    {
        if (bytes.Length < HeaderBytes)
        {
            return null;
        }

        uint header = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes);
        bool isHeader = header >> 21 == 0x7FF && (header >> 19 & 3) != 1 && (header >> 17 & 3) is 1 or 2 && (header >> 12 & 15) is > 0 and < 15 && (header >> 10 & 3) != 3;
        return isHeader ? new MpegFrame(header) { Bytes = frame } : null;
    }

    /// <summary>Whether two frames can belong to the same stream.</summary>
    public bool FitsTo(MpegFrame other) => Version == other.Version && Layer == other.Layer && SampleRateIndex == other.SampleRateIndex;

    public void Reset() => _bit = 8 * (HeaderBytes + (HasCrc ? ChecksumBytes : 0));

    public int ReadBits(int bitCount)
    {
        if (_bit + bitCount > 8 * Bytes.Length)
        {
            throw new InvalidDataException("a frame is too short");
        }

        ReadOnlySpan<byte> bytes = Bytes.Span;
        int value = 0;
        for (; bitCount > 0; bitCount--, _bit++)
        {
            value = value << 1 | bytes[_bit >> 3] >> 7 - (_bit & 7) & 1;
        }

        return value;
    }
}
