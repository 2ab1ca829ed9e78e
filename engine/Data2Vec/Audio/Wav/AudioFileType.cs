namespace Data2Vec.Audio;

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
