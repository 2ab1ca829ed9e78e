using System.Globalization;
using System.Text;

namespace Data2Vec.Text;

/// <summary>The pieces of a unigram model with their scores, and names of ids that no text produces.</summary>
internal sealed class UnigramVocabulary
{
    private const double UnknownPenalty = 10;

    private readonly List<(string Text, double? Score)> _entries = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);

    // A trie: the node below a node by a character, and the piece that ends at a node.
    private readonly Dictionary<long, int> _children = [];
    private readonly List<int> _pieces = [-1];
    private double _least = double.PositiveInfinity;

    public int Count => _entries.Count;

    /// <summary>The score of a character that no piece covers.</summary>
    public double UnknownScore => (double.IsFinite(_least) ? _least : 0) - UnknownPenalty;

    /// <summary>The piece or name of an id.</summary>
    public string TextOf(int id) => _entries[id].Text;

    /// <summary>The id of a name.</summary>
    /// <exception cref="InvalidDataException">There is no such name.</exception>
    public int RequireName(string name, FilePlace place) =>
        _names.TryGetValue(name, out int id) ? id : throw place.Error($"the special token '{name}' is missing");

    /// <summary>Assigns the next id to a piece, or to a name if there is no score.</summary>
    /// <exception cref="InvalidDataException">The entry cannot be kept, or another one is equal to it.</exception>
    public void Add(string text, double? score, FilePlace place)
    {
        if (_entries.Count >= TokenizerFile.MaxEntries)
        {
            throw place.Error($"more than the {TokenizerFile.MaxEntries} entries supported");
        }

        if (text.AsSpan().ContainsAny('\r', '\n') || score is { } number && !double.IsFinite(number))
        {
            throw place.Error($"the piece {text.Quote()} has a line end, or a score that is not finite");
        }

        // Spaces become another character before pieces are found.
        if (score is null || text.Length == 0 || text.Contains(' ', StringComparison.Ordinal))
        {
            _names.TryAdd(text, _entries.Count);
            _entries.Add((text, null));
            return;
        }

        int node = 0;
        foreach (char character in text)
        {
            if (!_children.TryGetValue(Key(node, character), out int child))
            {
                child = _pieces.Count;
                _children.Add(Key(node, character), child);
                _pieces.Add(-1);
            }

            node = child;
        }

        if (_pieces[node] >= 0)
        {
            throw place.Error($"{text.Quote()} already has the id {_pieces[node]}");
        }

        _pieces[node] = _entries.Count;
        _entries.Add((text, score));
        _least = Math.Min(_least, score.Value);
    }

    /// <summary>Finds the pieces that begin a text, the shorter ones first.</summary>
    /// <param name="text">The text.</param>
    /// <param name="found">Receives the length, the id and the score of a piece.</param>
    public void Find(ReadOnlySpan<char> text, Action<int, int, double> found)
    {
        int node = 0;
        for (int i = 0; i < text.Length && _children.TryGetValue(Key(node, text[i]), out node); i++)
        {
            if (_pieces[node] is >= 0 and var id)
            {
                found(i + 1, id, _entries[id].Score!.Value);
            }
        }
    }

    /// <summary>Reads the output of <see cref="Write"/>.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static UnigramVocabulary Read(ReadOnlySpan<byte> content, string file)
    {
        UnigramVocabulary vocabulary = new();
        foreach ((int i, string line) in TokenizerFile.ReadLines(content, file).Index())
        {
            FilePlace place = FilePlace.Line(file, i);
            int space = line.LastIndexOf(' ');
            if (line.StartsWith(' '))
            {
                vocabulary.Add(line[1..], null, place);
            }
            else if (space > 0 && double.TryParse(line.AsSpan(space + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double score))
            {
                vocabulary.Add(line[..space], score, place);
            }
            else
            {
                throw place.Error("expected a piece, a space and its score");
            }
        }

        return vocabulary;
    }

    public byte[] Write()
    {
        var text = new StringBuilder();
        foreach ((string entry, double? score) in _entries)
        {
            text.Append(score is null ? " " : "").Append(entry);
            if (score is { } number)
            {
                text.Append(' ').Append(number.ToString("R", CultureInfo.InvariantCulture));
            }

            text.Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static long Key(int node, char character) => ((long)node << 16) | character;
}
