using System.Runtime.InteropServices;
using Data2Vec.Audio;
using Data2Vec.IO;

namespace Data2Vec.Recognition.Decoding;

/// <summary>Words and how they are spelled with the labels of a model.</summary>
public sealed class Lexicon
{
    private const long MaxFileBytes = 1L << 30;

    // Of a lexicon for another model, the labels spell a few short words.
    private const double LeastSpelled = 0.1;

    private readonly List<string> _words = [];
    private readonly Dictionary<string, int> _indices = new(StringComparer.Ordinal);
    private readonly List<ushort> _labels = [];
    private readonly List<int> _ends = [];
    private readonly List<int> _spellingWords = [], _firstSpellings = [];
    private readonly LabelSpeller _speller;
    private readonly HashSet<(int Word, string Spelling)> _furtherSpellings = [];

    private Lexicon(LabelSpeller speller) => _speller = speller;

    /// <summary>The words.</summary>
    public IReadOnlyList<string> Words => _words;

    /// <summary>The number of words of a word list that were left out, since the labels cannot spell them.</summary>
    public int Skipped { get; private set; }

    /// <summary>The word of each spelling.</summary>
    internal List<int> SpellingWords => _spellingWords;

    /// <summary>
    /// Reads a file with a word in each line, and after it its spelling in labels: <c>WORD W O R D |</c>, parted by white space. A word has as many lines
    /// as spellings. Where there is no spelling, the word is spelled as by <see cref="FromWords"/>.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="labels">The labels of the model.</param>
    /// <exception cref="InvalidDataException">A label is not one of the model, or hardly any word can be spelled. The message names the file or the line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Lexicon Read(string path, CtcLabels labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var lexicon = new Lexicon(new LabelSpeller(labels));
        int number = 0;
        foreach (string line in TextFile.ReadLines(path, MaxFileBytes))
        {
            number++;
            lexicon.AddLine(line, problem => new InvalidDataException($"{path}: line {number}: {problem}"));
        }

        return lexicon.NotEmpty($"{path}: ");
    }

    /// <summary>Spells words with the labels of a model: by letters, or else by the longest labels that fit, and the word delimiter after it if there is one.</summary>
    /// <param name="words">The words. Those that the labels cannot spell are left out.</param>
    /// <param name="labels">The labels of the model.</param>
    /// <exception cref="InvalidDataException">Hardly any word can be spelled.</exception>
    public static Lexicon FromWords(IEnumerable<string> words, CtcLabels labels)
    {
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(labels);
        var lexicon = new Lexicon(new LabelSpeller(labels));
        foreach (string word in words)
        {
            lexicon.AddWord(word);
        }

        return lexicon.NotEmpty("");
    }

    /// <summary>The labels of a spelling.</summary>
    internal ReadOnlySpan<ushort> Spelling(int index)
    {
        int start = index == 0 ? 0 : _ends[index - 1];
        return CollectionsMarshal.AsSpan(_labels)[start.._ends[index]];
    }

    /// <summary>A lexicon with more words. Words that it has already, perhaps in another case, stay as they are.</summary>
    internal Lexicon With(IEnumerable<string> words)
    {
        string[] missing = [.. words.Select(Write).Where(word => !_indices.ContainsKey(word))];
        if (missing.Length == 0)
        {
            return this;
        }

        var more = new Lexicon(_speller) { Skipped = Skipped };
        for (int i = 0; i < _spellingWords.Count; i++)
        {
            more.Add(_words[_spellingWords[i]], Spelling(i));
        }

        foreach (string word in missing)
        {
            more.AddWord(word);
        }

        return more;
    }

    /// <summary>The index of a word; -1 without it.</summary>
    internal int IndexOf(string word) => _indices.TryGetValue(word, out int index) ? index : -1;

    /// <summary>Writes a word as the lexicon does, or else as the labels do.</summary>
    internal string Write(string word) => LabelSpeller.Cases(word).FirstOrDefault(_indices.ContainsKey) ?? _speller.Write(word) ?? word;

    private void AddLine(string line, Func<string, InvalidDataException> bad)
    {
        string[] fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length == 1)
        {
            AddWord(fields[0]);
        }
        else if (fields.Length > 1)
        {
            Span<ushort> spelling = fields.Length <= 256 ? stackalloc ushort[fields.Length - 1] : new ushort[fields.Length - 1];
            for (int i = 0; i < spelling.Length; i++)
            {
                int label = _speller.Find(fields[i + 1]);
                spelling[i] = label >= 0
                    ? (ushort)label
                    : throw bad($"the model has no label '{fields[i + 1]}', with which '{fields[0]}' is spelled; its labels are {_speller.Examples}");
            }

            Add(fields[0], spelling);
        }
    }

    private void AddWord(string word)
    {
        if (_speller.Spell(word) is { } spelling)
        {
            Add(word, spelling);
        }
        else
        {
            Skipped++;
        }
    }

    private void Add(string word, ReadOnlySpan<ushort> spelling)
    {
        if (!_indices.TryGetValue(word, out int index))
        {
            index = _words.Count;
            _words.Add(word);
            _indices.Add(word, index);
            _firstSpellings.Add(_ends.Count);
        }
        else if (Spelling(_firstSpellings[index]).SequenceEqual(spelling) || !_furtherSpellings.Add((index, string.Join(' ', spelling.ToArray()))))
        {
            return;
        }

        foreach (ushort label in spelling)
        {
            _labels.Add(label);
        }

        _ends.Add(_labels.Count);
        _spellingWords.Add(index);
    }

    private Lexicon NotEmpty(string prefix)
    {
        int all = _words.Count + Skipped;
        return all == 0 ? throw new InvalidDataException($"{prefix}the lexicon has no words")
            : _words.Count == 0 ? throw new InvalidDataException($"{prefix}none of the {all} words of the lexicon can be spelled with the labels of the model, which are {_speller.Examples}")
            : _words.Count < LeastSpelled * all ? throw new InvalidDataException(
                $"{prefix}only {_words.Count} of the {all} words of the lexicon can be spelled with the labels of the model, which are {_speller.Examples}")
            : this;
    }
}
