namespace Data2Vec.Audio.Codecs;

/// <summary>The decoders of compressed recordings: FLAC, Ogg with Opus, Vorbis or FLAC, MP3 and MPEG layer II, also MP3 in WAV files.</summary>
public static class AudioCodecs
{
    /// <summary>All decoders of this package, for <see cref="AudioReadOptions.Decoders"/>.</summary>
    public static IReadOnlyList<AudioDecoder> All { get; } = [new FlacDecoder(), new OggDecoder(), new MpegDecoder()];

    /// <summary>Options for <see cref="AudioFile"/> with all decoders, for example <c>AudioFile.Load("speech.mp3", AudioCodecs.Options)</c>.</summary>
    public static AudioReadOptions Options { get; } = new() { Decoders = All };
}
