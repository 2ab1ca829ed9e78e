using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Data2Vec.Audio;

/// <summary>
/// Reads WAV files (RIFF, RF64 and BW64) with PCM samples of 8, 16, 24 or 32 bits, IEEE floats of 32 or 64 bits, A-law or mu-law,
/// plain or as WAVE_FORMAT_EXTENSIBLE. Channels are averaged into one.
/// </summary>
public static class WavFile
{
    private const int ChunkHeaderBytes = 8;
    private const int FileHeaderBytes = 12;
    private const int BlockBytes = 1 << 16;
    private const uint InDs64 = uint.MaxValue;

    // A streaming writer does not know the length; it writes zeros, ones, or a number near the 2 GB or 4 GB limit.
    private const uint FirstUnlikelyRiffSize = 0x7FFF_0000;

    /// <summary>Reads a WAV file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <returns>The recording, averaged to one channel, at the file's sample rate.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, is not a WAV file, or uses an unsupported codec.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Waveform Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return FileErrors.Named(path, () => Load(stream));
    }

    /// <summary>Reads a WAV file from the current position of a stream.</summary>
    /// <param name="stream">The stream, which need not be seekable. It is left open at some position after the samples.</param>
    /// <returns>The recording, averaged to one channel, at the file's sample rate.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, is not a WAV file, or uses an unsupported codec.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static Waveform Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        uint riffSize = ReadFileHeader(stream);
        long position = FileHeaderBytes; // counted here because not every stream has a position
        long ds64DataSize = -1;
        WavFormat? format = null;
        Span<byte> header = stackalloc byte[ChunkHeaderBytes];
        Span<byte> content = stackalloc byte[WavFormat.MaxLength];

        while (true)
        {
            if (stream.ReadAtLeast(header, ChunkHeaderBytes, throwOnEndOfStream: false) < ChunkHeaderBytes)
            {
                throw new InvalidDataException($"the file ends before its '{(format is null ? "fmt " : "data")}' chunk; it is damaged or truncated");
            }

            position += ChunkHeaderBytes;
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);

            if (header.StartsWith("data"u8))
            {
                return format is not null
                    ? new Waveform(ReadSamples(stream, format, DataBytes(size, position, riffSize, ds64DataSize)), format.SampleRate)
                    : throw new InvalidDataException("the 'data' chunk comes before the 'fmt ' chunk; the file is damaged");
            }

            int parsed = 0;
            if (header.StartsWith("fmt "u8))
            {
                parsed = ReadContent(stream, "fmt ", content[..(int)Math.Min(size, WavFormat.MaxLength)]);
                format = WavFormat.Parse(content[..parsed]);
            }
            else if (header.StartsWith("ds64"u8))
            {
                // The size of the file, the size of 'data', the number of frames, then the sizes of other chunks.
                parsed = ReadContent(stream, "ds64", content[..(int)Math.Min(size, 24)]);
                if (parsed < 16)
                {
                    throw new InvalidDataException($"the 'ds64' chunk has {parsed} bytes and needs 24; the file is damaged");
                }

                ds64DataSize = BinaryPrimitives.ReadInt64LittleEndian(content[8..]);
            }

            long padded = size + (size & 1L);
            Skip(stream, padded - parsed);
            position += padded;
        }
    }

    private static uint ReadFileHeader(Stream stream)
    {
        Span<byte> header = stackalloc byte[FileHeaderBytes];
        int read = stream.ReadAtLeast(header, FileHeaderBytes, throwOnEndOfStream: false);
        header = header[..read];
        if (read == 0)
        {
            throw new InvalidDataException("the file is empty");
        }

        bool isRiff = header.StartsWith("RIFF"u8) || header.StartsWith("RF64"u8) || header.StartsWith("BW64"u8);
        if (isRiff && read < FileHeaderBytes)
        {
            throw new InvalidDataException("the file ends inside its RIFF header; it is damaged or truncated");
        }

        if (isRiff && header[8..].SequenceEqual("WAVE"u8))
        {
            return BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        }

        throw new InvalidDataException(AudioFileType.Name(header) is string name
            ? $"this is {name}, which is not supported; convert it to a WAV file with PCM samples"
            : $"this is not a WAV file: it begins with {Describe(header[..Math.Min(4, read)])} instead of 'RIFF'; convert it to a WAV file with PCM samples");
    }

    private static string Describe(ReadOnlySpan<byte> bytes) =>
        bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~')
            ? $"the bytes {Convert.ToHexString(bytes)}"
            : $"'{Encoding.ASCII.GetString(bytes)}'";

    private static int ReadContent(Stream stream, string chunk, Span<byte> content)
    {
        int read = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return read == content.Length
            ? read
            : throw new InvalidDataException($"the file ends inside its '{chunk}' chunk; it is damaged or truncated");
    }

    /// <summary>The size of the samples in bytes, or <see cref="long.MaxValue"/> if they extend to the end of the file.</summary>
    private static long DataBytes(uint size, long position, uint riffSize, long ds64DataSize)
    {
        if (size == InDs64)
        {
            return ds64DataSize > 0 ? ds64DataSize : long.MaxValue;
        }

        // A size of zero is real if the RIFF header announces further chunks. Otherwise the writer never filled it in.
        bool chunksFollow = riffSize < FirstUnlikelyRiffSize && riffSize + ChunkHeaderBytes > position;
        return size > 0 || chunksFollow ? size : long.MaxValue;
    }

    private static float[] ReadSamples(Stream stream, WavFormat format, long dataBytes)
    {
        int frameBytes = format.FrameBytes;
        long presentBytes = stream.CanSeek ? Math.Max(0, stream.Length - stream.Position) : 0;
        var mono = new SampleBuffer(Math.Min(dataBytes, presentBytes) / frameBytes);
        int blockFrames = Math.Max(1, BlockBytes / frameBytes);
        byte[] block = new byte[blockFrames * frameBytes];
        float[] interleaved = new float[blockFrames * format.Channels];

        long framesRead = 0;
        while (dataBytes > 0)
        {
            int wanted = (int)Math.Min(dataBytes, block.Length);
            int read = stream.ReadAtLeast(block.AsSpan(0, wanted), wanted, throwOnEndOfStream: false);
            int frames = read / frameBytes; // a partial frame at the end is dropped
            Span<float> samples = interleaved.AsSpan(0, frames * format.Channels);
            format.Encoding.Decode(block, samples);
            CheckFinite(samples, format, framesRead);
            MixDown(samples, format.Channels, mono.Append(frames));
            framesRead += frames;
            if (read < wanted)
            {
                break;
            }

            dataBytes -= read;
        }

        return mono.ToArray();
    }

    private static void CheckFinite(ReadOnlySpan<float> samples, WavFormat format, long framesBefore)
    {
        for (int i = 0; format.Encoding.IsFloat && i < samples.Length; i++)
        {
            if (!float.IsFinite(samples[i]))
            {
                long frame = framesBefore + i / format.Channels;
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"sample {frame} ({(double)frame / format.SampleRate:F3} s) of channel {i % format.Channels + 1} is not a finite number; ")
                    + "repair the recording or export it again");
            }
        }
    }

    private static void MixDown(ReadOnlySpan<float> samples, int channels, Span<float> mono)
    {
        if (channels == 1)
        {
            samples.CopyTo(mono);
            return;
        }

        for (int frame = 0; frame < mono.Length; frame++)
        {
            double sum = 0;
            foreach (float sample in samples.Slice(frame * channels, channels))
            {
                sum += sample;
            }

            mono[frame] = (float)(sum / channels);
        }
    }

    private static void Skip(Stream stream, long count)
    {
        if (stream.CanSeek)
        {
            stream.Position = Math.Min(Math.Max(stream.Length, stream.Position), stream.Position + count);
            return;
        }

        byte[] discarded = new byte[Math.Min(count, BlockBytes)];
        while (count > 0 && stream.Read(discarded, 0, (int)Math.Min(count, discarded.Length)) is > 0 and var read)
        {
            count -= read;
        }
    }
}

/// <summary>A buffer that grows with the samples actually read, so that a forged length in a header allocates nothing.</summary>
internal sealed class SampleBuffer
{
    private const int FirstLength = 1 << 14;
    private float[] _samples;
    private int _count;

    /// <param name="present">The number of samples known to be present, or 0 if unknown.</param>
    public SampleBuffer(long present) => _samples = present <= Array.MaxLength ? new float[present] : throw TooMany();

    /// <summary>Appends <paramref name="count"/> samples and returns them for the caller to fill.</summary>
    public Span<float> Append(int count)
    {
        if (count > Array.MaxLength - _count)
        {
            throw TooMany();
        }

        if (count > _samples.Length - _count)
        {
            long wanted = Math.Max(_count + count, Math.Max(FirstLength, 2L * _samples.Length));
            Array.Resize(ref _samples, (int)Math.Min(wanted, Array.MaxLength));
        }

        _count += count;
        return _samples.AsSpan(_count - count, count);
    }

    public float[] ToArray()
    {
        Array.Resize(ref _samples, _count);
        return _samples;
    }

    private static InvalidDataException TooMany() =>
        new($"more than {Array.MaxLength} samples in one file are not supported; split the recording");
}
