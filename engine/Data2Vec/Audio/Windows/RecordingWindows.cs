namespace Data2Vec.Audio;

/// <summary>
/// The windows that a long recording is cut into. Neighbours overlap by two strides: what the model says about a window's strides is dropped, as it lacks
/// context there, and the rest of the windows follows on one another without a gap. There is no stride at the beginning and the end of the recording.
/// All lengths are rounded to whole frames of the model.
/// </summary>
public sealed record RecordingWindows
{
    private static readonly TimeSpan s_longestByDefault = TimeSpan.FromSeconds(30);

    /// <summary>Windows of 20 s with strides of 2 s, for recordings longer than 30 s.</summary>
    public static RecordingWindows Default { get; } = new() { LongestWhole = s_longestByDefault };

    /// <summary>The length of a window, both strides included.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The stride on each side of a window. A sixth of the window or less is usual. Both together are shorter than the window.</summary>
    public TimeSpan Stride { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest recording that goes through the model whole; null for the length of a window.</summary>
    public TimeSpan? LongestWhole { get; init; }
}
