using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// What each id of a model stands for. An entry is a token of BPE in the byte alphabet, or, behind a space (which that alphabet does
/// not have), the name of something that no text becomes: <c> &lt;s&gt;</c>, <c> &lt;mask&gt;</c>, <c> madeupword0000</c>. A space
/// alone is an id without use. As text, the vocabulary is one entry a line, the line of id 0 first.
/// </summary>
internal sealed class TokenizerVocabulary
{
    public const string Begin = "<s>";
    public const string Pad = "<pad>";
    public const string End = "</s>";
    public const string Unknown = "<unk>";
    public const string Mask = "<mask>";

    private const char NameMark = ' ';

    private readonly List<string> _entries = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    /// <summary>The number of ids.</summary>
    public int Count => _entries.Count;

    /// <summary>The id of a token of BPE, or <paramref name="fallback"/>.</summary>
    public int IdOfToken(string token, int fallback) => _ids.GetValueOrDefault(token, fallback);

    /// <summary>The id of a named entry, or -1.</summary>
    public int IdOfName(string name) => _ids.GetValueOrDefault(NameMark + name, -1);

    /// <summary>Whether an id has a name rather than a token; then <see cref="TextOf"/> is the name.</summary>
    public bool IsName(int id) => _entries[id][0] == NameMark;

    /// <summary>The token in the byte alphabet, or the name (empty for an id without use).</summary>
    public string TextOf(int id) => IsName(id) ? _entries[id][1..] : _entries[id];

    /// <summary>Gives the next id to a token of BPE.</summary>
    public void AddToken(string token, FilePlace place) => AddEntry(token, place);

    /// <summary>Gives the next id to a name.</summary>
    public void AddName(string name, FilePlace place)
    {
        if (name.Length == 0 || name.Any(char.IsControl))
        {
            throw TokenizerFile.Error(place, $"{TokenizerFile.Quote(name)} is empty or has a control character in it");
        }

        AddEntry(NameMark + name, place);
    }

    /// <summary>Gives the next id to nothing.</summary>
    public void AddUnused() => _entries.Add(NameMark.ToString());

    /// <summary>Takes the use from an id, so that its token or name is free again.</summary>
    public void Retire(int id)
    {
        _ids.Remove(_entries[id]);
        _entries[id] = NameMark.ToString();
    }

    /// <summary>Checks that the five special entries are there.</summary>
    public void RequireSpecials(string kind)
    {
        foreach (string name in (string[])[Begin, Pad, End, Unknown, Mask])
        {
            if (IdOfName(name) < 0)
            {
                throw TokenizerFile.Error(kind, $"no special token '{name}'");
            }
        }
    }

    public static TokenizerVocabulary Read(ReadOnlySpan<byte> file, MergeList merges, string kind)
    {
        TokenizerVocabulary vocabulary = new();
        string[] lines = TokenizerFile.ReadLines(file, kind);
        for (int i = 0; i < lines.Length; i++)
        {
            string entry = lines[i];
            FilePlace place = FilePlace.Line(kind, i);
            if (entry is " ")
            {
                vocabulary.AddUnused();
            }
            else if (entry.StartsWith(NameMark))
            {
                vocabulary.AddName(entry[1..], place);
            }
            else if (merges.Contains(entry))
            {
                vocabulary.AddToken(entry, place);
            }
            else
            {
                throw TokenizerFile.Error(place, $"{TokenizerFile.Quote(entry)} is neither a byte nor made by a merge");
            }
        }

        vocabulary.RequireSpecials(kind);
        return vocabulary;
    }

    public byte[] Write() => Encoding.UTF8.GetBytes(string.Join('\n', _entries) + '\n');

    private void AddEntry(string entry, FilePlace place)
    {
        if (!_ids.TryAdd(entry, _entries.Count))
        {
            throw TokenizerFile.Error(place, $"{TokenizerFile.Quote(entry.AsSpan().TrimStart(NameMark))} has an id already, {_ids[entry]}");
        }

        if (_entries.Count >= TokenizerFile.MaxEntries)
        {
            throw TokenizerFile.Error(place, $"more than the {TokenizerFile.MaxEntries} entries supported");
        }

        _entries.Add(entry);
    }
}
