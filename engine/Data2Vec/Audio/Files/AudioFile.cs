
namespace Data2Vec.Audio;

/// <summary>Receives a part of a recording.</summary>
/// <param name="samples">The samples; full scale is -1 to 1. They are valid during the call only.</param>
/// <param name="sampleRate">The sample rate in Hz, which is the same for all parts.</param>
public delegate void AudioBlockReceiver(ReadOnlySpan<float> samples, int sampleRate);

/// <summary>
/// Reads recordings. The first bytes decide the format, not the name. Uncompressed formats are built in: WAV (also RF64, BW64, RIFX and Wave64; PCM, floats,
/// A-law, mu-law, IMA and Microsoft ADPCM, GSM 6.10), AIFF and AIFF-C, AU, NIST SPHERE. <see cref="AudioReadOptions.Decoders"/> adds others. Channels are
/// averaged into one.
/// </summary>
public static class AudioFile
{
    private const int StartBytes = 4096;
    private const int MaxTags = 16;

    private static readonly AudioReadOptions s_defaults = new();

    /// <summary>Reads a recording.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="options">Further decoders, warnings and limits.</param>
    /// <returns>The recording, averaged to one channel, at the file's sample rate.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, is no recording, or is in an unsupported format. The message names the file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Waveform Load(string path, AudioReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return FileErrors.Named(path, () => Load(stream, options));
    }

    /// <summary>Reads a recording from the current position of a stream.</summary>
    /// <param name="stream">The stream, which need not be seekable. It is left open at some position after the samples.</param>
    /// <param name="options">Further decoders, warnings and limits.</param>
    /// <returns>The recording, averaged to one channel, at the file's sample rate.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, is no recording, or is in an unsupported format.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static Waveform Load(Stream stream, AudioReadOptions? options = null)
    {
        var output = new WaveformBuilder(options ?? s_defaults);
        Decode(stream, options, output);
        return output.ToWaveform();
    }

    /// <summary>
    /// Reads a recording in blocks, as they are decoded, so that a recording of any length takes little memory. The blocks together are what
    /// <see cref="Load(Stream, AudioReadOptions?)"/> returns.
    /// </summary>
    /// <param name="stream">The stream, which need not be seekable. It is left open at some position after the samples.</param>
    /// <param name="receive">Receives the samples, averaged to one channel, at the file's sample rate. What it throws ends the reading.</param>
    /// <param name="options">Further decoders, warnings and limits.</param>
    /// <exception cref="InvalidDataException">The file is damaged, is no recording, or is in an unsupported format. Some blocks may have been received.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static void ReadBlocks(Stream stream, AudioBlockReceiver receive, AudioReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(receive);
        var output = new WaveformBuilder(options ?? s_defaults, receive);
        Decode(stream, options, output);
        output.Complete();
    }

    private static void Decode(Stream stream, AudioReadOptions? options, WaveformBuilder output)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= s_defaults;
        byte[] start = ReadStart(stream, 0, []);
        bool isTagged = false;
        for (int tags = 0; tags < MaxTags && Id3Tag.Length(start) is > 0 and var length; tags++)
        {
            isTagged = true;
            start = ReadStart(stream, length, start);
        }

        AudioDecoder decoder = Find(start, options)
            ?? (isTagged ? options.Decoders.FirstOrDefault(decoder => decoder.Recognizes("ID3"u8)) : null)
            ?? throw Unreadable(isTagged && AudioFormatDetector.Name(start) is null ? "ID3"u8 : start);
        decoder.Decode(stream.CanSeek ? stream : new PrefixedStream(start, stream), output);
    }

    /// <summary>Whether a file begins like a recording, in a format that can be read or in another known one.</summary>
    /// <param name="start">The beginning of the file, best 4096 bytes.</param>
    /// <param name="options">Further decoders.</param>
    public static bool IsAudio(ReadOnlySpan<byte> start, AudioReadOptions? options = null) => Name(start) is not null || Find(start, options ?? s_defaults) is not null;

    /// <summary>The name of the audio format of a file, for example <c>a FLAC file</c>, or null if the file does not begin like a recording.</summary>
    /// <param name="start">The beginning of the file, best 4096 bytes.</param>
    public static string? Name(ReadOnlySpan<byte> start) => AudioFormatDetector.Name(start);

    private static AudioDecoder? Find(ReadOnlySpan<byte> start, AudioReadOptions options)
    {
        foreach (AudioDecoder decoder in (AudioDecoder[])[new WavDecoder(options.Decoders), new AiffDecoder(), new AuDecoder(), new SphereDecoder(), .. options.Decoders])
        {
            if (decoder.Recognizes(start))
            {
                return decoder;
            }
        }

        return null;
    }

    /// <summary>Skips bytes and reads the ones that follow. A seekable stream is left before them.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="skipped">The number of bytes to skip.</param>
    /// <param name="alreadyRead">The first of them, which a stream that cannot seek has already returned.</param>
    private static byte[] ReadStart(Stream stream, long skipped, byte[] alreadyRead)
    {
        byte[] start = new byte[StartBytes];
        if (stream.CanSeek)
        {
            stream.Skip(skipped);
            long position = stream.Position;
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            stream.Position = position;
            return start;
        }

        var content = new PrefixedStream(alreadyRead, stream);
        content.Skip(skipped);
        return start[..content.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
    }

    private static InvalidDataException Unreadable(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
        {
            return new InvalidDataException("the file is empty");
        }

        if (AudioFormatDetector.Name(start) is string name)
        {
            return new InvalidDataException(AudioFormatDetector.IsInCodecs(start)
                ? $"this is {name}, which needs a decoder: pass AudioCodecs.All of the package Data2Vec.Audio.Codecs, or {AudioFormatDetector.Conversion}"
                : $"this is {name}, which is not supported; {AudioFormatDetector.Conversion}");
        }

        return new InvalidDataException($"this is not a recording but {ForeignFile.Describe(start)}");
    }
}
