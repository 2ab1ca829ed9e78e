namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>What probing models and tries share: the memory of their tables, their words, and the last step of a score.</summary>
/// <param name="memory">Holds the tables. It is disposed with the model.</param>
internal abstract class KenLmModel(IDisposable memory) : NGramModel
{
    private WordList? _words;
    private NGramState _begin;
    private int _end;
    private bool _isDisposed;

    public sealed override NGramState BeginOfSentence => _begin;

    public sealed override int EndOfSentence => _end;

    public sealed override IReadOnlyList<string>? ReadWords()
    {
        RequireOpen();
        return _words?.Read();
    }

    protected void RequireOpen() => ObjectDisposedException.ThrowIf(_isDisposed, this);

    /// <summary>Ends the construction, when words can be found and scored.</summary>
    /// <param name="words">The words, if they are known.</param>
    protected void Complete(WordList? words)
    {
        _words = words;
        _end = Find("</s>"u8);
        if (Find("<s>"u8) is var begin and not Unknown)
        {
            Score(Empty, begin, out _begin);
        }
    }

    /// <summary>Adds the back-off weights of the contexts that were tried in vain.</summary>
    /// <param name="probability">log10 of the probability of the longest n-gram found. Its sign may be a flag.</param>
    /// <param name="found">The words of that n-gram.</param>
    /// <param name="state">What came before.</param>
    protected static float BackOff(float probability, int found, in NGramState state)
    {
        float sum = -MathF.Abs(probability);
        for (int i = found - 1; i < state.Length; i++)
        {
            sum += state.Backoffs[i];
        }

        return sum;
    }

    protected sealed override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            memory.Dispose();
        }
    }
}
