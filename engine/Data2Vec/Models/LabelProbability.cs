namespace Data2Vec;

/// <summary>The probability of one label, or the output of a regression.</summary>
/// <param name="Label">The label.</param>
/// <param name="Probability">
/// From 0 to 1. The probabilities of all labels add up to 1 with <see cref="HeadFunction.Softmax"/>. With <see cref="HeadFunction.None"/> it is the
/// head's output, any number.
/// </param>
public readonly record struct LabelProbability(string Label, float Probability);
