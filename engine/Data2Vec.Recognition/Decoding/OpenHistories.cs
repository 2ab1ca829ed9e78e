using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Decoding;

/// <summary>The words of the hypotheses of a search without a lexicon, as numbers: begun words by their letters, and histories of complete ones.</summary>
internal sealed class OpenHistories
{
    /// <summary>The begun word without letters, and the history without words.</summary>
    public const int Empty = 0;

    private const int FirstLimit = 1 << 16;

    private readonly KnownWords _known;
    private readonly string[] _letters;
    private readonly Dictionary<(int Word, int Label), int> _longer = [];
    private readonly Dictionary<string, int> _wordNumbers = new(StringComparer.Ordinal);
    private readonly Dictionary<(int History, int Word), int> _historyNumbers = [];
    private List<BegunWord> _words = [];
    private List<History> _histories = [];
    private int _limit = FirstLimit;

    public OpenHistories(KnownWords known, string[] letters)
    {
        (_known, _letters) = (known, letters);
        Clear();
    }

    /// <summary>Whether <see cref="Compact"/> is due.</summary>
    public bool IsFull => _words.Count + _histories.Count > _limit;

    /// <summary>What is added while a word is begun.</summary>
    public double BegunScore(int word) => word == Empty ? 0 : _words[word].BegunScore;

    /// <summary>The score of the words of a history.</summary>
    public double Score(int history) => _histories[history].Score;

    /// <summary>The score of the end after a history.</summary>
    public double ScoreEnd(int history) => _known.ScoreEnd(_histories[history].State);

    /// <summary>Adds the letters of a label to a begun word.</summary>
    public int Extend(int word, int label)
    {
        if (!_longer.TryGetValue((word, label), out int longer))
        {
            longer = Number(_words[word].Text + _letters[label]);
            _longer.Add((word, label), longer);
        }

        return longer;
    }

    /// <summary>Adds a word to a history.</summary>
    public int Append(int history, int word)
    {
        if (!_historyNumbers.TryGetValue((history, word), out int longer))
        {
            History before = _histories[history];
            BegunWord complete = _words[word];
            double model = before.Model + _known.Score(before.State, complete, out NGramState after);
            double hot = before.Hot + complete.HotScore;
            longer = _histories.Count;
            _histories.Add(new History(history, word, model, hot, after));
            _historyNumbers.Add((history, word), longer);
        }

        return longer;
    }

    /// <summary>The words of a history.</summary>
    public string Text(int history)
    {
        var words = new List<string>();
        for (; history != Empty; history = _histories[history].Parent)
        {
            words.Add(_words[_histories[history].Word].Text);
        }

        words.Reverse();
        return string.Join(' ', words);
    }

    /// <summary>The last words of a history, for comparisons.</summary>
    public void LastWords(int history, Span<int> words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = history == Empty ? Empty : _histories[history].Word;
            history = _histories[history].Parent;
        }
    }

    /// <summary>Forgets what no hypothesis needs, and updates the numbers of the hypotheses.</summary>
    public void Compact(Span<int> histories, Span<int> words)
    {
        List<BegunWord> oldWords = _words;
        List<History> oldHistories = _histories;
        int[] moved = new int[oldHistories.Count];
        Clear();
        var path = new Stack<int>();
        foreach (ref int history in histories)
        {
            int last = history;
            for (; last != Empty && moved[last] == 0; last = oldHistories[last].Parent)
            {
                path.Push(last);
            }

            while (path.TryPop(out int old))
            {
                History kept = oldHistories[old];
                kept = kept with { Parent = moved[kept.Parent], Word = Number(oldWords[kept.Word].Text) };
                moved[old] = _histories.Count;
                _historyNumbers.Add((kept.Parent, kept.Word), _histories.Count);
                _histories.Add(kept);
            }

            history = moved[history];
        }

        foreach (ref int word in words)
        {
            word = Number(oldWords[word].Text);
        }

        _limit = Math.Max(FirstLimit, 2 * (_words.Count + _histories.Count));
    }

    private void Clear()
    {
        _longer.Clear();
        _wordNumbers.Clear();
        _historyNumbers.Clear();
        _words = [default(BegunWord) with { Text = "" }];
        _wordNumbers.Add("", Empty);
        _histories = [new History(Empty, Empty, 0, 0, _known.Start)];
    }

    private int Number(string text)
    {
        if (!_wordNumbers.TryGetValue(text, out int number))
        {
            number = _words.Count;
            _words.Add(_known.Find(text));
            _wordNumbers.Add(text, number);
        }

        return number;
    }

    private readonly record struct History(int Parent, int Word, double Model, double Hot, NGramState State)
    {
        public double Score => Model + Hot;
    }
}
