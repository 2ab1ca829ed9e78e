namespace Data2Vec.Recognition.Decoding;

/// <summary>
/// How an <see cref="OpenVocabularyCtcDecoder"/> searches and scores. The defaults are those of pyctcdecode. Scores are natural logarithms unless they say
/// otherwise.
/// </summary>
public sealed record OpenSearchOptions
{
    /// <summary>The number of hypotheses that stay after a frame.</summary>
    public int Beam { get; init; } = 100;

    /// <summary>Hypotheses whose score is this much below the best one are dropped.</summary>
    public double Threshold { get; init; } = 10;

    /// <summary>Labels of a frame with a lower log probability are left out, except for the best one.</summary>
    public double LabelThreshold { get; init; } = -5;

    /// <summary>What the log probability of a word is multiplied with.</summary>
    public double ModelWeight { get; init; } = 0.5;

    /// <summary>What is added for a word. Without a model, nothing is.</summary>
    public double WordScore { get; init; } = 1.5;

    /// <summary>What is added to log10 of the probability of an unknown word, and to the score while a word begins as no known word does.</summary>
    public double UnknownScore { get; init; } = -10;

    /// <summary>Whether the model scores the beginning and the end of the text.</summary>
    public bool ScoreBoundaries { get; init; } = true;

    /// <summary>Whether only the best one stays of hypotheses with the same last words, as many as the model looks back.</summary>
    public bool PruneHistories { get; init; }

    /// <summary>Words that are likely. Phrases are split into words.</summary>
    public IReadOnlyCollection<string> HotWords { get; init; } = [];

    /// <summary>What is added for each word of <see cref="HotWords"/>. While it is begun, a share of it is.</summary>
    public double HotWordScore { get; init; } = 10;

    /// <exception cref="ArgumentException">An option is out of range.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Beam);
        if (!(Threshold >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(Threshold), "The threshold must be at least 0.");
        }

        if (double.IsNaN(LabelThreshold) || !double.IsFinite(ModelWeight + WordScore + UnknownScore + HotWordScore))
        {
            throw new ArgumentException("The weight of the model and the scores must be finite.");
        }
    }
}
