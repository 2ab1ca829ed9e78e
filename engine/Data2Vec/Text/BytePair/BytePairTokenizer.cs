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
        : base(
            vocabulary.IdOfName(TokenizerVocabulary.Begin),
            vocabulary.IdOfName(TokenizerVocabulary.Pad),
            vocabulary.IdOfName(TokenizerVocabulary.End),
            vocabulary.IdOfName(TokenizerVocabulary.Unknown),
            vocabulary.IdOfName(TokenizerVocabulary.Mask))
    {
        (_vocabulary, _merges, _encoder) = (vocabulary, merges, new BytePairEncoder(merges));
        _idOfToken = [.. merges.Tokens.Select(token => vocabulary.IdOfToken(token, UnknownId))];
    }

    public override int VocabularySize => _vocabulary.Count;

    public override TextTokenizerAssets ToAssets() => new(_vocabulary.Write(), _merges.Write());

    private protected override void AppendTokens(ReadOnlySpan<char> text, List<int> ids)
    {
        int start = ids.Count;
        _encoder.Encode(text, ids);
        for (int i = start; i < ids.Count; i++)
        {
            ids[i] = _idOfToken[ids[i]];
        }
    }

    private protected override string TextOf(List<int> ids)
    {
        List<byte> bytes = new(ids.Count * 4);
        foreach (int id in ids)
        {
            string text = _vocabulary.TextOf(id);
            bytes.AddRange(_vocabulary.IsName(id) ? Encoding.UTF8.GetBytes(text) : text.Select(character => (byte)ByteAlphabet.ByteOf(character)));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
