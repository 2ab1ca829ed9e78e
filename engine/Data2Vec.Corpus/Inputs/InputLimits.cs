using Data2Vec.Audio;
using Data2Vec.Vision.Images;

namespace Data2Vec.Corpus;

/// <summary>The largest inputs. A larger one becomes a row with an error.</summary>
public sealed record InputLimits
{
    /// <summary>The most pixels of an image.</summary>
    public long MaxPixels { get; init; } = ImageLimits.Default.MaxPixels;

    /// <summary>The most samples of a recording in one channel.</summary>
    public int MaxSamples { get; init; } = AudioReadOptions.DefaultMaxSamples;
}
