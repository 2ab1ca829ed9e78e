namespace Data2Vec.Recognition.Scoring;

/// <summary>The scores of all transcripts of a test together. Rates are errors by the words of all references, never means of the rates of sentences.</summary>
public sealed class TranscriptScores
{
    /// <summary>Adds up scores.</summary>
    /// <param name="transcripts">The transcripts.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public TranscriptScores(IReadOnlyList<ScoredTranscript> transcripts)
    {
        ArgumentNullException.ThrowIfNull(transcripts);
        if (transcripts.Count == 0)
        {
            throw new ArgumentException("There are no transcripts.", nameof(transcripts));
        }

        Transcripts = transcripts;
        foreach (ScoredTranscript transcript in transcripts)
        {
            Words += transcript.Words;
            Characters += transcript.Characters;
            WrongSentences += transcript.Words.Errors > 0 ? 1 : 0;
            RareWords = transcript.RareWords is { } rare ? rare + (RareWords ?? default) : RareWords;
        }
    }

    /// <summary>The transcripts.</summary>
    public IReadOnlyList<ScoredTranscript> Transcripts { get; }

    /// <summary>The errors of words.</summary>
    public EditCounts Words { get; }

    /// <summary>The errors of characters.</summary>
    public EditCounts Characters { get; }

    /// <summary>The transcripts that have an error.</summary>
    public int WrongSentences { get; }

    /// <summary>The share of transcripts that have an error.</summary>
    public double SentenceErrorRate => WrongSentences / (double)Transcripts.Count;

    /// <summary>The errors of rare words; null if no rare words were given.</summary>
    public EditCounts? RareWords { get; }

    /// <summary>The errors of all other words; null if no rare words were given.</summary>
    public EditCounts? OtherWords => RareWords is not { } rare ? null : new EditCounts(
        Words.Substitutions - rare.Substitutions, Words.Insertions - rare.Insertions, Words.Deletions - rare.Deletions, Words.ReferenceLength - rare.ReferenceLength);

    /// <summary>The most frequent errors of a kind, most frequent first, then in the order of the words.</summary>
    /// <param name="kind">The kind of errors.</param>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<Confusion> Confusions(EditKind kind, int most = int.MaxValue) =>
    [
        .. Transcripts.SelectMany(transcript => transcript.Pairs()).Where(pair => pair.Edit == kind)
            .GroupBy(pair => (pair.Reference, pair.Hypothesis))
            .Select(pairs => new Confusion(pairs.Key.Reference, pairs.Key.Hypothesis, pairs.Count()))
            .OrderByDescending(confusion => confusion.Count)
            .ThenBy(confusion => confusion.Reference, StringComparer.Ordinal).ThenBy(confusion => confusion.Hypothesis, StringComparer.Ordinal)
            .Take(most),
    ];

    /// <summary>
    /// An interval of the word error rate by the bootstrap (Bisani and Ney 2004): the rates of as many utterances, drawn with replacement, many times. The same
    /// numbers give the same interval.
    /// </summary>
    /// <param name="samples">How often utterances are drawn.</param>
    /// <param name="level">The share of the drawn rates that lie in the interval.</param>
    /// <param name="seed">The seed of the random numbers.</param>
    public (double Low, double High) Bootstrap(int samples = 1000, double level = 0.95, int seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        if (!(level is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(level), level, "The level is a share between 0 and 1.");
        }

        (long Errors, long Words)[] utterances = [.. Transcripts.Select(transcript => (transcript.Words.Errors, transcript.Words.ReferenceLength))];
        var random = new Random(seed);
        double[] rates = new double[samples];
        for (int sample = 0; sample < samples; sample++)
        {
            long errors = 0, words = 0;
            for (int i = 0; i < utterances.Length; i++)
            {
                (long drawnErrors, long drawnWords) = utterances[random.Next(utterances.Length)];
                errors += drawnErrors;
                words += drawnWords;
            }

            rates[sample] = errors == 0 ? 0 : errors / (double)words;
        }

        Array.Sort(rates);
        return (At((1 - level) / 2), At((1 + level) / 2));

        double At(double share)
        {
            // Between two rates the quantile is interpolated.
            double place = share * (samples - 1);
            int below = (int)place;
            return below + 1 < samples && place > below ? rates[below] + ((place - below) * (rates[below + 1] - rates[below])) : rates[below];
        }
    }
}
