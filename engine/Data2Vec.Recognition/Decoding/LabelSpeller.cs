using Data2Vec.Audio;

namespace Data2Vec.Recognition.Decoding;

/// <summary>Finds labels by their names, and spells words with them.</summary>
internal sealed class LabelSpeller
{
    private const int MaxExamples = 12;

    private readonly Dictionary<string, int> _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly int[] _lengths;
    private readonly int _longest;
    private readonly bool _marksBeginnings, _marksEnds;

    /// <exception cref="ArgumentException">There are too many labels.</exception>
    public LabelSpeller(CtcLabels labels)
    {
        if (labels.Texts.Count > ushort.MaxValue)
        {
            throw new ArgumentException($"A lexicon takes {ushort.MaxValue} labels at most, and there are {labels.Texts.Count}.", nameof(labels));
        }

        Delimiter = DelimiterOf(labels);
        _lengths = [.. labels.Texts.Select(text => text.Length)];
        for (int i = 0; i < labels.Texts.Count; i++)
        {
            if (i != labels.Blank && labels.Texts[i].Length > 0)
            {
                _labels.TryAdd(labels.Texts[i], i);
                _longest = Math.Max(_longest, labels.Texts[i].Length);
                bool isPiece = !string.IsNullOrWhiteSpace(labels.Texts[i]);
                _marksBeginnings |= isPiece && char.IsWhiteSpace(labels.Texts[i][0]);
                _marksEnds |= isPiece && char.IsWhiteSpace(labels.Texts[i][^1]);
            }
        }

        _lookup = _labels.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The label that parts words, or -1.</summary>
    public int Delimiter { get; }

    /// <summary>Some of the labels, for messages.</summary>
    public string Examples => string.Join(' ', _labels.Keys.Select(text => text == " " && !_marksBeginnings ? "|" : text.Replace(' ', '▁')).Take(MaxExamples)) + (_labels.Count > MaxExamples ? " ..." : "");

    /// <summary>The label that parts words, or -1.</summary>
    public static int DelimiterOf(CtcLabels labels)
    {
        for (int i = 0; i < labels.Texts.Count; i++)
        {
            if (i != labels.Blank && labels.Texts[i].Length > 0 && string.IsNullOrWhiteSpace(labels.Texts[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Finds a label as lexicons write it: <c>|</c> is the word delimiter, <c>▁</c> a space, and <c>@@</c> says that the word goes on.</summary>
    /// <returns>The label, or -1.</returns>
    public int Find(string name) =>
        _labels.TryGetValue(name, out int label) ? label
        : name == "|" ? Delimiter
        : name.StartsWith('▁') && _labels.TryGetValue($" {name[1..]}", out label) ? label
        : name.EndsWith("@@", StringComparison.Ordinal) && _labels.TryGetValue(name[..^2], out label) ? label
        : _labels.TryGetValue($"{name} ", out label) ? label
        : -1;

    /// <summary>Spells a word, in the other case if the labels have only that one.</summary>
    /// <returns>The labels; null if they cannot spell it.</returns>
    public ushort[]? Spell(string word) => Cases(word).Select(SpellAs).FirstOrDefault(spelling => spelling is not null);

    /// <summary>Writes a word as the labels do: in the other case if they have only that one.</summary>
    /// <returns>The word; null if the labels cannot spell it.</returns>
    public string? Write(string word) => Cases(word).FirstOrDefault(written => SpellAs(written) is not null);

    /// <summary>A word as it is, in upper case, and in lower case.</summary>
    public static IEnumerable<string> Cases(string word) => [word, word.ToUpperInvariant(), word.ToLowerInvariant()];

    private ushort[]? SpellAs(string word)
    {
        // Models of pieces mark the beginning or the end of a word. Those of letters have a label between words, or nothing.
        bool isParted = Delimiter >= 0 && !_marksBeginnings && !_marksEnds;
        string text = _marksBeginnings ? $" {word}" : _marksEnds ? $"{word} " : word;
        if (word.Length == 0 || ShortestPieces(text) is not { } spelling)
        {
            return null;
        }

        return isParted ? [.. spelling, (ushort)Delimiter] : [.. spelling];
    }

    /// <summary>As few labels as possible that are a text together, long ones first.</summary>
    private List<ushort>? ShortestPieces(string text)
    {
        // The number of labels that the rest of the text takes, and the first one.
        Span<(int Count, int Label)> rest = text.Length < 256 ? stackalloc (int, int)[text.Length + 1] : new (int, int)[text.Length + 1];
        rest[text.Length] = (0, -1);
        for (int start = text.Length - 1; start >= 0; start--)
        {
            rest[start] = (int.MaxValue, -1);
            for (int length = Math.Min(_longest, text.Length - start); length > 0; length--)
            {
                if (rest[start + length].Count < rest[start].Count - 1 && _lookup.TryGetValue(text.AsSpan(start, length), out int label))
                {
                    rest[start] = (rest[start + length].Count + 1, label);
                }
            }
        }

        if (rest[0].Count == int.MaxValue)
        {
            return null;
        }

        var pieces = new List<ushort>(rest[0].Count + 1);
        for (int start = 0; start < text.Length; start += _lengths[rest[start].Label])
        {
            pieces.Add((ushort)rest[start].Label);
        }

        return pieces;
    }
}
