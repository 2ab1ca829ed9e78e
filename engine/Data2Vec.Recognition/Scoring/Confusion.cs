namespace Data2Vec.Recognition.Scoring;

/// <summary>An error that a recognizer makes.</summary>
/// <param name="Reference">The word that was said; null for an inserted word.</param>
/// <param name="Hypothesis">The word that was recognized; null for a deleted word.</param>
/// <param name="Count">How often it occurs.</param>
public sealed record Confusion(string? Reference, string? Hypothesis, int Count);
