using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// The tokenizer of data2vec: <c>&lt;s&gt;</c>, GPT-2's byte-level BPE mapped through the model's dictionary, <c>&lt;/s&gt;</c> (fairseq's
/// <c>RobertaHubInterface.encode</c>). It adds no leading space. Unlike GPT-2's code, it accepts unpaired surrogates.
/// </summary>
internal sealed class BytePairTokenizer : TextTokenizer
{
    private readonly TokenizerVocabulary _vocabulary;
    private readonly MergeList _merges;
    private readonly BytePairEncoder _encoder;
    private readonly int[] _idOfToken;

    public BytePairTokenizer(TokenizerVocabulary vocabulary, MergeList merges)
        : this(vocabulary, merges, new BytePairEncoder(merges), [], false)
    {
    }

    private BytePairTokenizer(
        TokenizerVocabulary vocabulary, MergeList merges, BytePairEncoder encoder, IReadOnlyList<AddedToken> added, bool addPrefixSpace)
        : base(
            new SpecialIds(
                vocabulary.IdOfName(TokenizerVocabulary.Begin),
                vocabulary.IdOfName(TokenizerVocabulary.Pad),
                vocabulary.IdOfName(TokenizerVocabulary.End),
                vocabulary.IdOfName(TokenizerVocabulary.Unknown),
                vocabulary.IdOfName(TokenizerVocabulary.Mask)),
            vocabulary.Count,
            added)
    {
        (_vocabulary, _merges, _encoder, AddPrefixSpace) = (vocabulary, merges, encoder, addPrefixSpace);
        _idOfToken = [.. merges.Tokens.Select(token => vocabulary.IdOfToken(token, UnknownId))];
    }

    public override bool AddPrefixSpace { get; }

    public override TextTokenizerAssets ToAssets() => new(_vocabulary.Write(), _merges.Write());

    private protected override TextTokenizer WithAdded(IReadOnlyList<AddedToken> added, bool addPrefixSpace) =>
        new BytePairTokenizer(_vocabulary, _merges, _encoder, added, addPrefixSpace);

    private protected override void AppendTokens(ReadOnlySpan<char> text, TokenCollector tokens)
    {
        int start = tokens.Ids.Count;
        _encoder.Encode(AddPrefixSpace && text is not [' ', ..] ? $" {text}" : text, tokens);
        for (int i = start; i < tokens.Ids.Count; i++)
        {
            tokens.Ids[i] = _idOfToken[tokens.Ids[i]];
        }
    }

    private protected override string OwnText(int id) => _vocabulary.TextOf(id);

    private protected override string TextOf(List<int> ids)
    {
        List<byte> bytes = new(ids.Count * 4);
        foreach (int id in ids)
        {
            string text = AddedText(id) ?? _vocabulary.TextOf(id);
            bool isText = id >= _vocabulary.Count || _vocabulary.IsName(id);
            bytes.AddRange(isText ? Encoding.UTF8.GetBytes(text) : text.Select(character => (byte)ByteAlphabet.ByteOf(character)));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
