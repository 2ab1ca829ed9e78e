namespace Data2Vec.Cli;

/// <summary>How much of a text, or of a pair of texts, a model reads.</summary>
/// <param name="Tokens">Its tokens, without special ones.</param>
/// <param name="IsTruncated">Whether the end is left out.</param>
/// <param name="Windows">The windows that the model reads one after another.</param>
internal sealed record TextExtent(int Tokens, bool IsTruncated, int Windows);
