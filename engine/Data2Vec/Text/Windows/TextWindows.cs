namespace Data2Vec.Text;

/// <summary>What became of a text: the windows that go through the model, and what was done to get them.</summary>
/// <param name="Windows">One window or more, in the order of the text.</param>
/// <param name="TokenCount">The tokens of the whole text, without special ones.</param>
/// <param name="TruncatedCount">How many of them, at the end, no window has; only <see cref="LongTextPolicy.Truncate"/> leaves any out.</param>
/// <param name="Applied">The policy that was needed, or null where the text fitted.</param>
public sealed record TextWindows(IReadOnlyList<TextWindow> Windows, int TokenCount, int TruncatedCount, LongTextPolicy? Applied);
