namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>The back-off weights of KenLM's files. A weight of zero is negative where no n-gram continues the words, so that a state can forget them.</summary>
internal static class Backoff
{
    /// <summary>The weight of words that no n-gram continues.</summary>
    public const float None = -0f;

    private const uint NoneBits = 0x8000_0000;

    /// <summary>Whether the words must be in the state.</summary>
    public static bool IsKept(float backoff) => BitConverter.SingleToUInt32Bits(backoff) != NoneBits;

    /// <summary>The weight of words that an n-gram continues.</summary>
    public static float Kept(float backoff) => backoff == 0 ? 0 : backoff;
}
