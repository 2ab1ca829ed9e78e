using static System.Buffers.Binary.BinaryPrimitives;

namespace Data2Vec.Audio;

/// <summary>The content of a WAV file's <c>fmt </c> chunk.</summary>
internal sealed record WavFormat(SampleEncoding Encoding, int Channels, int SampleRate)
{
    /// <summary>The size of the known part of the chunk in bytes. Codecs may append data of their own.</summary>
    public const int MaxLength = 40;

    private const int MinLength = 16;
    private const uint MaxSampleRate = 100_000_000;

    /// <summary>The codec number that announces a sub-format GUID; the GUID begins with the actual codec number.</summary>
    private const int Extensible = 0xFFFE;

    /// <summary>Bytes per frame of one sample for each channel.</summary>
    public int FrameBytes => Channels * Encoding.Bytes;

    /// <summary>The bytes after the codec number in every sub-format GUID that wraps a codec number.</summary>
    private static ReadOnlySpan<byte> SubFormatTail => [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71];

    /// <summary>Reads and checks the chunk.</summary>
    /// <exception cref="InvalidDataException">The chunk contradicts itself, or the codec is not supported.</exception>
    public static WavFormat Parse(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length < MinLength)
        {
            throw new InvalidDataException($"the 'fmt ' chunk has {chunk.Length} bytes and needs {MinLength}; the file is damaged");
        }

        int tag = ReadUInt16LittleEndian(chunk), channels = ReadUInt16LittleEndian(chunk[2..]);
        uint sampleRate = ReadUInt32LittleEndian(chunk[4..]);
        int frameBytes = ReadUInt16LittleEndian(chunk[12..]), bits = ReadUInt16LittleEndian(chunk[14..]);
        if (tag == Extensible)
        {
            tag = SubFormat(chunk, bits);
        }

        if (channels == 0)
        {
            throw new InvalidDataException("the header declares 0 channels; the file is damaged");
        }

        if (sampleRate is 0 or > MaxSampleRate)
        {
            throw new InvalidDataException($"a sample rate of {sampleRate} Hz is not supported; the range is 1 to {MaxSampleRate} Hz");
        }

        var format = new WavFormat(SampleEncoding.Find(tag, bits), channels, (int)sampleRate);
        return format.FrameBytes == frameBytes
            ? format
            : throw new InvalidDataException(
                $"{channels} channels of {bits} bits take {format.FrameBytes} bytes per frame, but the block align is {frameBytes}; the file is damaged");
    }

    private static int SubFormat(ReadOnlySpan<byte> chunk, int bits)
    {
        if (chunk.Length < MaxLength)
        {
            throw new InvalidDataException($"the extensible 'fmt ' chunk has {chunk.Length} bytes and needs {MaxLength}; the file is damaged");
        }

        // Valid bits occupy the top of their container and zeros fill the rest, so the container determines the scale.
        int validBits = ReadUInt16LittleEndian(chunk[18..]);
        if (validBits > bits)
        {
            throw new InvalidDataException($"{validBits} valid bits do not fit in samples of {bits} bits; the file is damaged");
        }

        ReadOnlySpan<byte> subFormat = chunk[24..MaxLength];
        return subFormat[2..].SequenceEqual(SubFormatTail)
            ? ReadUInt16LittleEndian(subFormat)
            : throw new InvalidDataException($"the sub-format {new Guid(subFormat)} is not supported; convert to PCM");
    }
}

/// <summary>Identifies audio files other than WAV by their first bytes, for error messages.</summary>
internal static class AudioFileType
{
    /// <summary>The name of the file type, or null if it is unknown.</summary>
    public static string? Name(ReadOnlySpan<byte> start) => start switch
    {
        _ when start.StartsWith("ID3"u8) || HasSyncWord(start, 0xE6, 0xE2) => "an MP3 file", // sync word, any version, layer III
        _ when start.StartsWith("fLaC"u8) => "a FLAC file",
        _ when start.StartsWith("OggS"u8) => "an Ogg file (Vorbis or Opus)",
        _ when start.StartsWith("FORM"u8) && start.HasAt(8, "AIF"u8) => "an AIFF file",
        _ when start.StartsWith("RIFX"u8) => "a big-endian WAV file (RIFX)",
        _ when start.StartsWith("riff"u8) => "a Wave64 file",
        _ when start.StartsWith("RIFF"u8) && start.HasAt(8, "AVI "u8) => "an AVI video",
        _ when start.StartsWith("caff"u8) => "a Core Audio file",
        _ when start.StartsWith(".snd"u8) => "an AU file",
        _ when start.StartsWith("#!AMR"u8) => "an AMR file",
        _ when start.StartsWith("NIST_1A"u8) => "a NIST SPHERE file",
        _ when start.HasAt(4, "ftyp"u8) => "an MP4 file (M4A, AAC)",
        _ when start.HasAt(0, [0x1A, 0x45, 0xDF, 0xA3]) => "a Matroska or WebM file",
        _ when HasSyncWord(start, 0xF6, 0xF0) => "a raw AAC file", // ADTS: sync word, any version, layer 0
        _ => null,
    };

    private static bool HasSyncWord(ReadOnlySpan<byte> start, int mask, int value) => start is [0xFF, var second, ..] && (second & mask) == value;
}
