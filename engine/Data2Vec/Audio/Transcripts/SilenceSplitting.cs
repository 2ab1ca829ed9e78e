namespace Data2Vec.Audio;

/// <summary>
/// How a recording is split at pauses, which are found by their energy. What counts as quiet follows the loud and the quiet parts nearby. Where nobody pauses for
/// <see cref="LongestSegment"/>, the quietest place is taken. Quiet parts are left out.
/// </summary>
public sealed record SilenceSplitting
{
    /// <summary>The shortest pause.</summary>
    public TimeSpan ShortestPause { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest part, at least 1 s.</summary>
    public TimeSpan LongestSegment { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The quiet that is kept on both sides of a part.</summary>
    public TimeSpan Padding { get; init; } = TimeSpan.FromSeconds(0.2);
}
