namespace Data2Vec;

/// <summary>The probability of one label.</summary>
/// <param name="Label">The label.</param>
/// <param name="Probability">From 0 to 1. The probabilities of all labels add up to 1.</param>
public readonly record struct LabelProbability(string Label, float Probability);
