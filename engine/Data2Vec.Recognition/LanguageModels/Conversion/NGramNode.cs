namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>An n-gram of a trie.</summary>
/// <param name="words">Its words, newest first.</param>
/// <param name="basis">The number of words of its longest end that the model has. If it is all, the model has the n-gram.</param>
/// <param name="probability">The log-probability of that end.</param>
/// <param name="backoff">The back-off weight, as KenLM writes it.</param>
/// <param name="hasChildren">Whether a longer n-gram ends with it.</param>
internal readonly ref struct NGramNode(ReadOnlySpan<int> words, int basis, float probability, float backoff, bool hasChildren)
{
    public ReadOnlySpan<int> Words { get; } = words;

    public int Basis { get; } = basis;

    public float Probability { get; } = probability;

    public float Backoff { get; } = backoff;

    public bool HasChildren { get; } = hasChildren;

    public int Order => Words.Length;

    public bool IsBlank => Basis < Order;
}

/// <summary>Takes the n-grams of a trie, parents before children and children by their words.</summary>
internal interface INGramVisitor
{
    void Visit(NGramNode node);
}
