namespace Data2Vec.Text;

/// <summary>Two texts that a model reads together, such as a premise and a hypothesis, or a question and a passage.</summary>
/// <param name="First">The first text.</param>
/// <param name="Second">The second text.</param>
public readonly record struct TextPair(string First, string Second);
