using System.Text;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Decoding;

/// <summary>The words that a search without a lexicon knows, and the hot words. Safe for any number of threads.</summary>
internal sealed class KnownWords
{
    private const int AverageLength = 6;
    private static readonly double s_naturalPerLog10 = Math.Log(10);

    private readonly LabelSpeller _speller;
    private readonly string[]? _vocabulary;
    private readonly OpenSearchOptions _options;
    private readonly HashSet<string> _hotWords = new(StringComparer.Ordinal);

    // The length of the shortest hot word that begins so.
    private readonly Dictionary<string, int> _hotBeginnings = new(StringComparer.Ordinal);

    public KnownWords(LabelSpeller speller, NGramModel? model, IEnumerable<string>? vocabulary, OpenSearchOptions options)
        : this(speller, model, vocabulary is null || model is null ? null : Sorted(vocabulary), options)
    {
    }

    public KnownWords(KnownWords other, OpenSearchOptions options)
        : this(other._speller, other.Model, other._vocabulary, options)
    {
    }

    private KnownWords(LabelSpeller speller, NGramModel? model, string[]? vocabulary, OpenSearchOptions options)
    {
        (_speller, Model, _vocabulary, _options) = (speller, model, vocabulary, options);
        foreach (string word in options.HotWords.SelectMany(phrase => phrase.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Select(word => speller.Write(word) ?? word))
        {
            if (_hotWords.Add(word))
            {
                int length = LengthOf(word);
                for (int i = 1; i <= word.Length; i++)
                {
                    string beginning = word[..i];
                    _hotBeginnings[beginning] = Math.Min(length, _hotBeginnings.GetValueOrDefault(beginning, int.MaxValue));
                }
            }
        }
    }

    /// <summary>The model; null for none.</summary>
    public NGramModel? Model { get; }

    /// <summary>The state of the model at the beginning.</summary>
    public NGramState Start => Model is null || !_options.ScoreBoundaries ? default : Model.BeginOfSentence;

    /// <summary>Looks up a word that is begun and may be complete.</summary>
    public BegunWord Find(string text)
    {
        int id = Model?.Find(Encoding.UTF8.GetBytes(text)) ?? NGramModel.Unknown;
        int place = _vocabulary is null ? -1 : Array.BinarySearch(_vocabulary, text, StringComparer.Ordinal);
        bool isBeginning = place >= 0 || (_vocabulary is not null && ~place < _vocabulary.Length && _vocabulary[~place].StartsWith(text, StringComparison.Ordinal));
        double score = 0;
        if (_hotBeginnings.TryGetValue(text, out int length))
        {
            score = _options.HotWordScore * LengthOf(text) / length;
        }
        else if (Model is not null && !isBeginning)
        {
            score = _options.UnknownScore * Math.Max(LengthOf(text), AverageLength) / AverageLength;
        }

        bool isUnknown = id == NGramModel.Unknown || (_vocabulary is not null && place < 0);
        return new BegunWord(text, score, id, isUnknown, _hotWords.Contains(text) ? _options.HotWordScore : 0);
    }

    /// <summary>Scores a word, without what is added for a hot word.</summary>
    public double Score(in NGramState state, in BegunWord word, out NGramState after)
    {
        after = default;
        return Model is null ? 0
            : (_options.ModelWeight * s_naturalPerLog10 * (Model.Score(state, word.ModelWord, out after) + (word.IsUnknown ? _options.UnknownScore : 0))) + _options.WordScore;
    }

    /// <summary>Scores the end of the text.</summary>
    public double ScoreEnd(in NGramState state) => Model is null || !_options.ScoreBoundaries ? 0
        : _options.ModelWeight * s_naturalPerLog10 * Model.Score(state, Model.EndOfSentence, out _);

    private static string[] Sorted(IEnumerable<string> words)
    {
        string[] sorted = [.. words];
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }

    private static int LengthOf(string text)
    {
        int length = 0;
        foreach (Rune _ in text.EnumerateRunes())
        {
            length++;
        }

        return length;
    }
}

/// <summary>A word of a hypothesis, complete or not.</summary>
/// <param name="Text">The letters so far.</param>
/// <param name="BegunScore">What is added while it is begun.</param>
/// <param name="ModelWord">The model's id if it is complete.</param>
/// <param name="IsUnknown">Whether it is no known word.</param>
/// <param name="HotScore">What is added for a hot word.</param>
internal readonly record struct BegunWord(string Text, double BegunScore, int ModelWord, bool IsUnknown, double HotScore);
