using Data2Vec.Vision.Images;

namespace Data2Vec.Audio;

/// <summary>Names audio formats by the first bytes of a file.</summary>
internal static class AudioFormatDetector
{
    /// <summary>The way out of a format that is not supported.</summary>
    public const string Conversion = "convert it: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav";

    /// <summary>The name of the format, or null if it is unknown.</summary>
    public static string? Name(ReadOnlySpan<byte> start) => start switch
    {
        _ when Id3Tag.Length(start) is > 0 and var length => (length < start.Length ? Name(start[(int)length..]) : null) ?? "an MP3 file",
        _ when start.StartsWith("ID3"u8) || IsMpeg(start, layer: 1) => "an MP3 file",
        _ when IsMpeg(start, layer: 2) => "an MPEG layer II file",
        _ when start.StartsWith("fLaC"u8) => "a FLAC file",
        _ when start.StartsWith("OggS"u8) => Ogg(start[..Math.Min(start.Length, 128)]),
        _ when start.StartsWith("RIFX"u8) => "a big-endian WAV file (RIFX)",
        _ when start.StartsWith("RF64"u8) || start.StartsWith("BW64"u8) => "a WAV file",
        _ when start.StartsWith("RIFF"u8) && (start.HasAt(8, "WAVE"u8) || start.Length < 12) => "a WAV file",
        _ when start.StartsWith("RIFF"u8) && start.HasAt(8, "AVI "u8) => "an AVI video",
        _ when start.StartsWith("RIFF"u8) && start.HasAt(8, "RMID"u8) || start.StartsWith("MThd"u8) => "a MIDI file, which has notes and no sound",
        _ when start.HasAt(0, [(byte)'r', (byte)'i', (byte)'f', (byte)'f', 0x2E, 0x91, 0xCF, 0x11]) => "a Wave64 file",
        _ when start.StartsWith("FORM"u8) && start.HasAt(8, "AIF"u8) => "an AIFF file",
        _ when start.StartsWith("FORM"u8) && start.HasAt(8, "8SVX"u8) => "an 8SVX file",
        _ when start.StartsWith(".snd"u8) => "an AU file",
        _ when start.StartsWith("NIST_1A"u8) => "a NIST SPHERE file",
        _ when start.StartsWith("caff"u8) => "a Core Audio file (CAF)",
        _ when start.StartsWith("#!AMR"u8) => "an AMR file",
        _ when start.StartsWith("#!SILK"u8) || start.HasAt(1, "#!SILK"u8) => "a SILK file",
        _ when start.HasAt(4, "ftyp"u8) && !ImageFile.IsImage(start) => "an MP4 file (M4A, AAC)",
        _ when start.HasAt(0, [0x1A, 0x45, 0xDF, 0xA3]) => "a Matroska or WebM file",
        _ when start.HasAt(0, [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]) => "a Windows Media file (ASF, WMA)",
        _ when start is [0xFF, var second, ..] && (second & 0xF6) == 0xF0 || start.StartsWith("ADIF"u8) => "a raw AAC file",
        _ when start.HasAt(0, [0x0B, 0x77]) => "an AC-3 file",
        _ when start.HasAt(0, [0x7F, 0xFE, 0x80, 0x01]) => "a DTS file",
        _ when start.StartsWith("wvpk"u8) => "a WavPack file",
        _ when start.StartsWith("MAC "u8) => "a Monkey's Audio file (APE)",
        _ when start.StartsWith("TTA1"u8) => "a True Audio file (TTA)",
        _ when start.StartsWith("ajkg"u8) => "a Shorten file",
        _ when start.StartsWith("MPCK"u8) || start.StartsWith("MP+"u8) => "a Musepack file",
        _ when start.StartsWith("DSD "u8) || start.StartsWith("FRM8"u8) => "a DSD file",
        _ when start.StartsWith(".RMF"u8) || start.HasAt(0, [(byte)'.', (byte)'r', (byte)'a', 0xFD]) => "a RealAudio file",
        _ when start.StartsWith("Creative Voice File"u8) => "a Creative Voice file (VOC)",
        _ when start.StartsWith("FLV\u0001"u8) => "a Flash video",
        _ when start.HasAt(0, [0x00, 0x00, 0x01, 0xBA]) => "an MPEG video",
        _ when start.HasAt(0, [0x47]) && start.HasAt(188, [0x47]) && start.HasAt(376, [0x47]) => "an MPEG transport stream",
        _ => null,
    };

    /// <summary>Whether the package Data2Vec.Audio.Codecs decodes the format.</summary>
    public static bool IsInCodecs(ReadOnlySpan<byte> start) => Name(start) switch
    {
        "an MP3 file" or "an MPEG layer II file" or "a FLAC file" or OggVorbis or OggOpus or OggFlac => true,
        _ => false,
    };

    private const string OggVorbis = "an Ogg Vorbis file", OggOpus = "an Opus file", OggFlac = "an Ogg FLAC file";

    private static string Ogg(ReadOnlySpan<byte> page) => page switch
    {
        _ when page.IndexOf("\u0001vorbis"u8) >= 0 => OggVorbis,
        _ when page.IndexOf("OpusHead"u8) >= 0 => OggOpus,
        _ when page.IndexOf("\u007FFLAC"u8) >= 0 => OggFlac,
        _ when page.IndexOf("Speex   "u8) >= 0 => "a Speex file",
        _ => "an Ogg file",
    };

    /// <summary>Whether a file begins with the header of an MPEG audio frame: the sync word, any version, the layer, a bit rate, a sample rate.</summary>
    /// <param name="start">The beginning of the file.</param>
    /// <param name="layer">The layer as the header has it: 1 for layer III, 2 for layer II.</param>
    private static bool IsMpeg(ReadOnlySpan<byte> start, int layer) =>
        start is [0xFF, var second, var third, ..] && (second & 0xE0) == 0xE0 && (second & 0x18) != 0x08 && (second >> 1 & 3) == layer
        && third >> 4 != 15 && (third >> 2 & 3) != 3;
}
