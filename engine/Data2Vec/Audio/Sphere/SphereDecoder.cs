using System.Globalization;
using System.Text;

namespace Data2Vec.Audio;

/// <summary>
/// Reads NIST SPHERE files, the format of TIMIT, WSJ and other corpora, whose names often end with <c>.wav</c>: PCM of 8 to 32 bits in either byte order, A-law
/// and mu-law. The header is text: <c>NIST_1A</c>, its size, then a field per line.
/// </summary>
internal sealed class SphereDecoder : AudioDecoder
{
    private const int MaxHeaderBytes = 1 << 20;
    private const int SizeEnd = 16;

    /// <inheritdoc/>
    public override bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith("NIST_1A"u8);

    /// <inheritdoc/>
    public override void Decode(Stream stream, WaveformBuilder output)
    {
        Dictionary<string, string> fields = ReadFields(stream);
        string coding = fields.GetValueOrDefault("sample_coding", "pcm").ToLowerInvariant();
        int bytes = Number(fields, "sample_n_bytes", coding is "pcm" ? 2 : 1), channels = Number(fields, "channel_count", 1);
        bool bigEndian = fields.GetValueOrDefault("sample_byte_format") switch
        {
            "10" or "3210" or "210" => true,
            null when bytes > 1 => throw new InvalidDataException("the header has no sample_byte_format, so the byte order is unknown; the file is damaged"),
            _ => false,
        };
        SampleEncoding encoding = coding switch
        {
            "pcm" or "linear" => SampleEncoding.Integer(bytes, bigEndian),
            "ulaw" or "mu-law" or "pculaw" when bytes == 1 => SampleEncoding.MuLaw,
            "alaw" or "a-law" when bytes == 1 => SampleEncoding.ALaw,
            _ when coding.Contains("shorten", StringComparison.Ordinal) => throw new InvalidDataException(
                "this NIST SPHERE file is compressed with Shorten, which is not supported; decompress it: sph2pipe -f rif INPUT OUTPUT.wav"),
            _ => null,
        } ?? throw new InvalidDataException($"{bytes} bytes of {coding.AsSpan().Quote()} in a NIST SPHERE file are not supported; {AudioFormatDetector.Conversion}");
        if (channels is <= 0 or > ushort.MaxValue)
        {
            throw new InvalidDataException($"the header declares {channels} channels; the file is damaged");
        }

        int count = Number(fields, "sample_count", 0);
        PcmData.Read(
            stream, encoding, channels, Number(fields, "sample_rate", 0), count > 0 ? (long)count * channels * encoding.Bytes : long.MaxValue, output);
    }

    /// <summary>Reads the header. The stream is left at the first sample.</summary>
    private static Dictionary<string, string> ReadFields(Stream stream)
    {
        byte[] header = new byte[SizeEnd];
        int size = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length
            && int.TryParse(Encoding.ASCII.GetString(header.AsSpan(8)), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int parsed)
            && parsed is >= SizeEnd and <= MaxHeaderBytes
                ? parsed
                : throw new InvalidDataException("the header of the NIST SPHERE file has no size; the file is damaged");
        byte[] text = new byte[size - SizeEnd];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length)
        {
            throw new InvalidDataException("the file ends inside its header; it is damaged or truncated");
        }

        var fields = new Dictionary<string, string>();
        foreach (string line in Encoding.ASCII.GetString(text).Split('\n'))
        {
            if (line.TrimEnd() == "end_head")
            {
                return fields;
            }

            // NAME -i NUMBER, or NAME -sLENGTH TEXT
            if (line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var name, ['-', ..], var value])
            {
                fields[name] = value;
            }
        }

        throw new InvalidDataException("the header of the NIST SPHERE file has no end_head; the file is damaged");
    }

    private static int Number(Dictionary<string, string> fields, string name, int missing) => !fields.TryGetValue(name, out string? text)
        ? missing
        : int.TryParse(text, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new InvalidDataException($"the header gives {text.AsSpan().Quote()} for {name}, which is not a whole number; the file is damaged");
}
