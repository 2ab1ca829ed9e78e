namespace Data2Vec;

/// <summary>What a classification head says of one label.</summary>
/// <param name="Label">The label.</param>
/// <param name="Probability">From 0 to 1; over all labels they add up to 1.</param>
public readonly record struct LabelProbability(string Label, float Probability);
