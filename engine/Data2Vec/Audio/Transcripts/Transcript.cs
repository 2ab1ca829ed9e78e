namespace Data2Vec.Audio;

/// <summary>What was spoken in a recording, and when.</summary>
/// <param name="Text">The whole text.</param>
/// <param name="Duration">The duration of the recording.</param>
/// <param name="Segments">The parts that were transcribed alone, in order: one, or those between pauses.</param>
public sealed record Transcript(string Text, TimeSpan Duration, IReadOnlyList<TranscriptSegment> Segments)
{
    /// <summary>All words in order.</summary>
    public IEnumerable<TranscriptWord> Words => Segments.SelectMany(segment => segment.Words);
}

/// <summary>A part of a recording that was transcribed alone.</summary>
/// <param name="Start">Its start in the recording.</param>
/// <param name="End">Its end.</param>
/// <param name="Text">What was spoken.</param>
/// <param name="Words">The words in order.</param>
public sealed record TranscriptSegment(TimeSpan Start, TimeSpan End, string Text, IReadOnlyList<TranscriptWord> Words);

/// <summary>A spoken word. Times are those of the model's frames: frame i starts at i times the samples of a frame, divided by the sample rate.</summary>
/// <param name="Text">The word.</param>
/// <param name="Start">The start of the frame in which its first label begins.</param>
/// <param name="End">The end of the last frame of its last label.</param>
/// <param name="Confidence">How sure the model is, 0 to 1; see <see cref="CtcWord"/>.</param>
public sealed record TranscriptWord(string Text, TimeSpan Start, TimeSpan End, double Confidence);
