using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// The meaning of each id of a model. An entry is a BPE token in the byte alphabet, or a space (which that alphabet lacks) and the name of
/// something that no text encodes to: <c> &lt;s&gt;</c>, <c> &lt;mask&gt;</c>, <c> madeupword0000</c>. A single space marks an unused id.
/// As a file, the vocabulary has one entry per line, starting with id 0.
/// </summary>
internal sealed class TokenizerVocabulary
{
    public const string Begin = "<s>";
    public const string Pad = "<pad>";
    public const string End = "</s>";
    public const string Unknown = "<unk>";
    public const string Mask = "<mask>";

    private const char NameMark = ' ';
    private const string Unused = " ";

    private readonly List<string> _entries = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    public int Count => _entries.Count;

    /// <summary>Creates a vocabulary from tokens in the order of their ids.</summary>
    /// <param name="tokens">The tokens. Those that no merge makes are names.</param>
    /// <param name="merges">The merges, whose results must all have ids.</param>
    /// <param name="file">The name of the file for error messages.</param>
    public static TokenizerVocabulary FromTokens(string[] tokens, MergeList merges, string file)
    {
        TokenizerVocabulary vocabulary = new();
        for (int id = 0; id < tokens.Length; id++)
        {
            vocabulary.Add(tokens[id], merges.Contains(tokens[id]), new FilePlace(file, "id", id));
        }

        if (merges.Tokens.Skip(MergeList.ByteCount).FirstOrDefault(token => vocabulary.IdOfToken(token, -1) < 0) is { } missing)
        {
            throw new FilePlace(file).Error($"no id for {missing.Quote()}, which is the result of a merge");
        }

        return vocabulary.WithSpecials(file);
    }

    /// <summary>Reads the output of <see cref="Write"/>.</summary>
    public static TokenizerVocabulary Read(ReadOnlySpan<byte> content, MergeList merges, string file)
    {
        TokenizerVocabulary vocabulary = new();
        foreach ((int i, string entry) in TokenizerFile.ReadLines(content, file).Index())
        {
            FilePlace place = FilePlace.Line(file, i);
            bool isName = entry.StartsWith(NameMark);
            if (entry is Unused)
            {
                vocabulary.AddUnused();
            }
            else if (isName || merges.Contains(entry))
            {
                vocabulary.Add(isName ? entry[1..] : entry, isToken: !isName, place);
            }
            else
            {
                throw place.Error($"{entry.Quote()} is neither a byte nor the result of a merge");
            }
        }

        return vocabulary.WithSpecials(file);
    }

    public byte[] Write() => Encoding.UTF8.GetBytes(string.Join('\n', _entries) + '\n');

    /// <summary>The id of a BPE token, or <paramref name="fallback"/>.</summary>
    public int IdOfToken(string token, int fallback) => _ids.GetValueOrDefault(token, fallback);

    /// <summary>The id of a name, or -1.</summary>
    public int IdOfName(string name) => _ids.GetValueOrDefault(NameMark + name, -1);

    /// <summary>Whether an id stands for a name or is unused.</summary>
    public bool IsName(int id) => _entries[id][0] == NameMark;

    /// <summary>The token in the byte alphabet, or the name (empty for an unused id).</summary>
    public string TextOf(int id) => IsName(id) ? _entries[id][1..] : _entries[id];

    /// <summary>Assigns the next id to a BPE token or a name.</summary>
    public void Add(string text, bool isToken, FilePlace place)
    {
        if (!isToken && (text.Length == 0 || text.Any(char.IsControl)))
        {
            throw place.Error($"{text.Quote()} is empty or has a control character");
        }

        string entry = isToken ? text : NameMark + text;
        if (!_ids.TryAdd(entry, _entries.Count))
        {
            throw place.Error($"{text.Quote()} already has the id {_ids[entry]}");
        }

        if (_entries.Count >= TokenizerFile.MaxEntries)
        {
            throw place.Error($"more than the {TokenizerFile.MaxEntries} entries supported");
        }

        _entries.Add(entry);
    }

    public void AddUnused() => _entries.Add(Unused);

    /// <summary>Makes an id unused, so that its token or name can get another id.</summary>
    public void Retire(int id)
    {
        _ids.Remove(_entries[id]);
        _entries[id] = Unused;
    }

    private TokenizerVocabulary WithSpecials(string file)
    {
        string? missing = Array.Find([Begin, Pad, End, Unknown, Mask], name => IdOfName(name) < 0);
        return missing is null ? this : throw new FilePlace(file).Error($"the special token '{missing}' is missing");
    }
}
