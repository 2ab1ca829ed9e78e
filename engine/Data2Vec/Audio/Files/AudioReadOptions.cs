namespace Data2Vec.Audio;

/// <summary>Options of <see cref="AudioFile"/>.</summary>
public sealed record AudioReadOptions
{
    /// <summary>The default of <see cref="MaxSamples"/>: 9 hours at 16 kHz, 3 hours at 48 kHz.</summary>
    public const int DefaultMaxSamples = 1 << 29;

    /// <summary>Decoders of further formats, for example <c>AudioCodecs.All</c> of the package <c>Data2Vec.Audio.Codecs</c>.</summary>
    public IReadOnlyList<AudioDecoder> Decoders { get; init; } = [];

    /// <summary>Receives a sentence for each unusual thing that does not keep a file from being read, for example channels that cancel out.</summary>
    public Action<string>? Warning { get; init; }

    /// <summary>
    /// The most samples of a recording, counted in one channel. A longer recording is refused, because a few bytes of a compressed file can stand for hours of
    /// silence.
    /// </summary>
    public int MaxSamples { get; init; } = DefaultMaxSamples;
}
