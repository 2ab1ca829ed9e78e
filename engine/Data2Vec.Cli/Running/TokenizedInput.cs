namespace Data2Vec.Cli;

/// <summary>The tokens of a text, or of a pair of texts.</summary>
/// <param name="Input">The name of the text.</param>
/// <param name="Windows">The token ids of each model input, special tokens included.</param>
/// <param name="Types">The token type of each token of a pair; null for a text.</param>
/// <param name="IsTruncated">Whether tokens were left out.</param>
internal sealed record TokenizedInput(string Input, IReadOnlyList<IReadOnlyList<int>> Windows, IReadOnlyList<int>? Types, bool IsTruncated);
