namespace Data2Vec.Audio;

/// <summary>News from a <see cref="LiveTranscription"/>.</summary>
/// <param name="IsFinal">
/// Whether the text stays. Final texts follow on one another. A tentative text is what follows the final ones for now; the next update replaces it.
/// </param>
/// <param name="Text">The text.</param>
/// <param name="Start">Where the text begins in the sound so far: the start of the first word.</param>
/// <param name="End">The end of the last word.</param>
/// <param name="Words">The words with their times.</param>
public sealed record TranscriptUpdate(bool IsFinal, string Text, TimeSpan Start, TimeSpan End, IReadOnlyList<TranscriptWord> Words);
