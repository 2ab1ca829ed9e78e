namespace Data2Vec.Text;

/// <summary>
/// The merges of a byte-level BPE in order of rank. A piece of text begins as bytes, tokens 0 to 255; the merge of rank r puts two
/// tokens together into token 256 + r. Numbering tokens this way makes the merges all there is to BPE, whatever ids a file gave.
/// </summary>
internal sealed class MergeList
{
    /// <summary>The number of tokens that are a single byte.</summary>
    public const int ByteCount = 256;

    private readonly List<string> _tokens = new(ByteCount);
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<(int Left, int Right)> _merges = [];

    public MergeList()
    {
        for (int value = 0; value < ByteCount; value++)
        {
            AddToken(ByteAlphabet.CharacterOf((byte)value).ToString());
        }
    }

    /// <summary>All tokens in the byte alphabet: 256 bytes, then what each merge makes.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>The two tokens that each merge puts together.</summary>
    public IReadOnlyList<(int Left, int Right)> Merges => _merges;

    /// <summary>Whether text can become this token.</summary>
    public bool Contains(string token) => _ids.ContainsKey(token);

    /// <summary>Adds the merge of the next rank.</summary>
    /// <exception cref="InvalidDataException">
    /// A part is no token yet, or the merge makes a token that an earlier one makes. Training never writes either, and without them
    /// "lowest rank first" has one meaning: merging one pair at a time (as here) and all equal pairs at once (as GPT-2) agree.
    /// </exception>
    public void Add(string left, string right, FilePlace place)
    {
        if (!_ids.TryGetValue(left, out int leftId) || !_ids.TryGetValue(right, out int rightId))
        {
            string unknown = _ids.ContainsKey(left) ? right : left;
            throw TokenizerFile.Error(place, $"{TokenizerFile.Quote(unknown)} is neither a byte nor made by an earlier merge");
        }

        string made = left + right;
        if (_ids.ContainsKey(made))
        {
            throw TokenizerFile.Error(place, $"{TokenizerFile.Quote(made)} is already made by an earlier merge");
        }

        if (_merges.Count >= TokenizerFile.MaxEntries)
        {
            throw TokenizerFile.Error(place, $"more than the {TokenizerFile.MaxEntries} merges supported");
        }

        _merges.Add((leftId, rightId));
        AddToken(made);
    }

    private void AddToken(string token)
    {
        _ids.Add(token, _tokens.Count);
        _tokens.Add(token);
    }
}
