namespace Data2Vec.Audio;

/// <summary>Tells what a file that is not a WAV file is, by its first bytes.</summary>
internal static class FileSignature
{
    /// <summary>The name of the format, or null where the bytes are not known.</summary>
    public static string? Name(ReadOnlySpan<byte> start) => start switch
    {
        _ when start.StartsWith("ID3"u8) || IsMp3Frame(start) => "an MP3 file",
        _ when start.StartsWith("fLaC"u8) => "a FLAC file",
        _ when start.StartsWith("OggS"u8) => "an Ogg file (Vorbis or Opus)",
        _ when start.StartsWith("FORM"u8) && Holds(start, 8, "AIF"u8) => "an AIFF file",
        _ when start.StartsWith("RIFX"u8) => "a big-endian WAV file (RIFX)",
        _ when start.StartsWith("riff"u8) => "a Wave64 file",
        _ when start.StartsWith("RIFF"u8) && Holds(start, 8, "AVI "u8) => "an AVI video",
        _ when start.StartsWith("caff"u8) => "a Core Audio file",
        _ when start.StartsWith(".snd"u8) => "an AU file",
        _ when start.StartsWith("#!AMR"u8) => "an AMR file",
        _ when start.StartsWith("NIST_1A"u8) => "a NIST SPHERE file",
        _ when Holds(start, 4, "ftyp"u8) => "an MP4 file (M4A, AAC)",
        _ when start.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]) => "a Matroska or WebM file",
        _ when IsAdtsFrame(start) => "a raw AAC file",
        _ => null,
    };

    private static bool Holds(ReadOnlySpan<byte> start, int offset, ReadOnlySpan<byte> text) =>
        start.Length >= offset && start[offset..].StartsWith(text);

    // Eleven bits of synchronisation, two of version, then the layer: 01 is Layer III, 00 is what AAC's ADTS frames have.
    private static bool IsMp3Frame(ReadOnlySpan<byte> start) =>
        start.Length >= 2 && start[0] == 0xFF && (start[1] & 0xE6) == 0xE2;

    private static bool IsAdtsFrame(ReadOnlySpan<byte> start) =>
        start.Length >= 2 && start[0] == 0xFF && (start[1] & 0xF6) == 0xF0;
}
