namespace Data2Vec.Text;

/// <summary>A <see cref="TextTokenizer"/> as a model file keeps it, the same whatever files it was made from.</summary>
/// <param name="Vocabulary">
/// UTF-8 text, one entry a line, the line of id 0 first, each line ended by LF. An entry is a token in the byte alphabet of GPT-2
/// ("Ġthe"); or a space and the name of an id that no text becomes (" &lt;s&gt;", " madeupword0000"); or a space alone for an id
/// without use. For word pieces, BERT's <c>vocab.txt</c>.
/// </param>
/// <param name="Merges">
/// UTF-8 text: the line <c>#version: 0.2</c>, then one merge a line in order of rank, two tokens in the byte alphabet with a space
/// between. Null for word pieces.
/// </param>
public sealed record TextTokenizerAssets(ReadOnlyMemory<byte> Vocabulary, ReadOnlyMemory<byte>? Merges);
