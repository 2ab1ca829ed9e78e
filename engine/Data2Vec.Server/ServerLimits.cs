namespace Data2Vec.Server;

/// <summary>The limits of a request. One beyond them gets 413 before any model runs.</summary>
public sealed class ServerLimits
{
    /// <summary>The bytes of a body.</summary>
    public long MaxBodyBytes { get; set; } = 32 << 20;

    /// <summary>The most bytes of request bodies held at once. A request beyond that gets 429.</summary>
    public long MaxBytesInWork { get; set; } = 512 << 20;

    /// <summary>The time that a body may take to arrive. A slower one gets 408.</summary>
    public TimeSpan BodyTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The inputs: texts, recordings or images.</summary>
    public int MaxInputs { get; set; } = 2048;

    /// <summary>The characters of all texts together.</summary>
    public int MaxCharacters { get; set; } = 1 << 20;

    /// <summary>The tokens of all texts together, with the special ones and the overlaps of windows.</summary>
    public int MaxTokens { get; set; } = 1 << 17;

    /// <summary>The pixels of all images together. Each counts at least as many as its model reads.</summary>
    public long MaxPixels { get; set; } = 50_000_000;

    /// <summary>The samples of all recordings together, counted in one channel at the rate of the file, or of the model if that is higher: an hour at 16 kHz, 20 minutes at 48 kHz.</summary>
    public int MaxSamples { get; set; } = 57_600_000;
}
