namespace Data2Vec.Recognition.LanguageModels;

/// <summary>An n-gram language model with back-off (Katz 1987). Safe for any number of threads.</summary>
public abstract class NGramModel : IDisposable
{
    /// <summary>The id of words that the model does not know.</summary>
    public const int Unknown = 0;

    /// <summary>The number of words of its longest n-gram.</summary>
    public abstract int Order { get; }

    /// <summary>The state in which nothing is known of what comes before.</summary>
    public static NGramState Empty => default;

    /// <summary>The state at the beginning of a sentence.</summary>
    public abstract NGramState BeginOfSentence { get; }

    /// <summary>The id of the end of a sentence.</summary>
    public abstract int EndOfSentence { get; }

    /// <summary>Finds a word.</summary>
    /// <param name="word">The word in UTF-8.</param>
    /// <returns>Its id, or <see cref="Unknown"/>.</returns>
    public abstract int Find(ReadOnlySpan<byte> word);

    /// <summary>Scores the next word.</summary>
    /// <param name="state">What comes before.</param>
    /// <param name="word">The id of the word.</param>
    /// <param name="after">Receives the state after the word: the longest end of the history that an n-gram continues.</param>
    /// <returns>log10 of the word's probability.</returns>
    public abstract float Score(in NGramState state, int word, out NGramState after);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the file.</summary>
    /// <param name="disposing">Whether it is called by <see cref="Dispose()"/>.</param>
    protected abstract void Dispose(bool disposing);
}
