namespace Data2Vec.Converters.Checkpoints;

/// <summary>What is accepted of the sizes that checkpoints give.</summary>
internal static class Limits
{
    /// <summary>The most features, channels, positions or outputs.</summary>
    public const int Size = 1 << 16;

    /// <summary>The most layers.</summary>
    public const int Layers = 1_000;

    /// <summary>The most token ids.</summary>
    public const int Tokens = 1 << 24;
}
