namespace Data2Vec.Audio;

/// <summary>How sound is transcribed while it comes.</summary>
public sealed record LiveTranscriptionOptions
{
    /// <summary>Finds the words in the model's outputs; null for a <see cref="GreedyCtcDecoder"/>.</summary>
    public CtcDecoder? Decoder { get; init; }

    /// <summary>
    /// The windows. A word becomes final when the window with it is complete, so shorter windows are faster, and longer ones are better.
    /// <see cref="RecordingWindows.LongestWhole"/> does not apply.
    /// </summary>
    public RecordingWindows Windows { get; init; } = new() { Length = TimeSpan.FromSeconds(8), Stride = TimeSpan.FromSeconds(1.5) };

    /// <summary>
    /// The sound between tentative texts, each of which runs a window through the model; <see cref="Timeout.InfiniteTimeSpan"/> for none. Who gives more sound
    /// at a time gets one tentative text for it.
    /// </summary>
    public TimeSpan UpdateInterval { get; init; } = TimeSpan.FromSeconds(1);
}
