using Data2Vec.Audio;

namespace Data2Vec.Training.Data;

/// <summary>How recordings are read.</summary>
public sealed record SpeechOptions
{
    /// <summary>The sample rate of the model in Hz. Recordings of other rates are resampled.</summary>
    public int SampleRate { get; init; } = Resampler.ModelRate;

    /// <summary>Whether each recording is normalized to mean 0 and variance 1, as a whole.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>The number of frames that the model makes of a number of samples (<see cref="AudioConfig.Frames"/>); null for no check.</summary>
    public Func<int, int>? Frames { get; init; }

    /// <summary>The fewest samples at <see cref="SampleRate"/>. Shorter recordings are skipped.</summary>
    public int MinSamples { get; init; } = 1;

    /// <summary>The most samples at <see cref="SampleRate"/>. Longer recordings are cut at a random place without transcripts, and skipped with transcripts.</summary>
    public int MaxSamples { get; init; } = int.MaxValue;

    /// <summary>The folder that relative paths of a list begin in; null for the one that the list names, or the list's own.</summary>
    public string? Root { get; init; }

    /// <summary>A file that keeps the lengths of recordings, so that they are measured once; null to measure them each time.</summary>
    public string? LengthsFile { get; init; }

    /// <summary>How files are decoded, for example with the decoders of <c>Data2Vec.Audio.Codecs</c>.</summary>
    public AudioReadOptions Audio { get; init; } = new();

    /// <summary>Whether a bad item ends the reading.</summary>
    public bool Strict { get; init; }

    /// <summary>The options for a model.</summary>
    public static SpeechOptions For(AudioConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new SpeechOptions { SampleRate = config.SampleRate, Normalize = config.Normalize, Frames = config.Frames };
    }
}
