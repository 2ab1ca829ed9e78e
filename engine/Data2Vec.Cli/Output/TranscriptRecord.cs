using Data2Vec.Audio;

namespace Data2Vec.Cli;

/// <summary>The transcript of an input.</summary>
internal sealed record TranscriptRecord(string Input, Transcript Transcript);
