using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// From text to the token ids of a data2vec text model and back: <c>&lt;s&gt;</c>, GPT-2's byte-level BPE mapped through the model's
/// dictionary, <c>&lt;/s&gt;</c> (fairseq's <c>RobertaHubInterface.encode</c>). No leading space is added. Instances do not change
/// and may be used from any number of threads.
/// </summary>
/// <remarks>
/// Text is text: a literal <c>&lt;s&gt;</c> or <c>&lt;mask&gt;</c> in it becomes the tokens of its characters. Half a surrogate pair
/// counts as U+FFFD (GPT-2's own code cannot encode it). A token that the dictionary lacks becomes <see cref="UnknownId"/>. What is a
/// letter or a digit is what the runtime's Unicode version says: characters newer than a Python reference's may be cut differently.
/// </remarks>
public sealed class TextTokenizer
{
    /// <summary>The largest tokenizer file that is read, in bytes.</summary>
    public const int MaxFileBytes = 64 << 20;

    private readonly TokenizerVocabulary _vocabulary;
    private readonly MergeList _merges;
    private readonly BytePairEncoder _encoder;
    private readonly int[] _idOfToken;

    private TextTokenizer(TokenizerVocabulary vocabulary, MergeList merges)
    {
        _vocabulary = vocabulary;
        _merges = merges;
        _encoder = new(merges);
        BeginId = vocabulary.IdOfName(TokenizerVocabulary.Begin);
        PadId = vocabulary.IdOfName(TokenizerVocabulary.Pad);
        EndId = vocabulary.IdOfName(TokenizerVocabulary.End);
        UnknownId = vocabulary.IdOfName(TokenizerVocabulary.Unknown);
        MaskId = vocabulary.IdOfName(TokenizerVocabulary.Mask);
        _idOfToken = [.. merges.Tokens.Select(token => vocabulary.IdOfToken(token, UnknownId))];
    }

    /// <summary>The number of ids: special tokens, dictionary and padding words.</summary>
    public int VocabularySize => _vocabulary.Count;

    /// <summary>The id of <c>&lt;s&gt;</c>, which begins every input.</summary>
    public int BeginId { get; }

    /// <summary>The id of <c>&lt;pad&gt;</c>.</summary>
    public int PadId { get; }

    /// <summary>The id of <c>&lt;/s&gt;</c>, which ends every input.</summary>
    public int EndId { get; }

    /// <summary>The id of <c>&lt;unk&gt;</c>.</summary>
    public int UnknownId { get; }

    /// <summary>The id of <c>&lt;mask&gt;</c>.</summary>
    public int MaskId { get; }

    /// <summary>Reads the three files of a fairseq model.</summary>
    /// <param name="encoderJson">GPT-2's <c>encoder.json</c>: token to BPE id.</param>
    /// <param name="vocabBpe">GPT-2's <c>vocab.bpe</c>: the merges.</param>
    /// <param name="dictTxt">The model's <c>dict.txt</c>: BPE ids in decimal, in the order of the model's ids from 4.</param>
    /// <exception cref="InvalidDataException">A file is damaged, too large, or they do not belong together.</exception>
    public static TextTokenizer FromFairseq(ReadOnlyMemory<byte> encoderJson, ReadOnlyMemory<byte> vocabBpe, ReadOnlyMemory<byte> dictTxt) =>
        From(FairseqTokenizerFiles.Read(encoderJson, vocabBpe.Span, dictTxt.Span));

    /// <summary>Reads the two files of a Hugging Face RoBERTa tokenizer, whose ids are the model's.</summary>
    /// <param name="vocabJson"><c>vocab.json</c>: token to id, with the special tokens.</param>
    /// <param name="mergesTxt"><c>merges.txt</c>.</param>
    /// <exception cref="InvalidDataException">A file is damaged, too large, or they do not belong together.</exception>
    public static TextTokenizer FromVocabAndMerges(ReadOnlyMemory<byte> vocabJson, ReadOnlyMemory<byte> mergesTxt) =>
        From(HuggingFaceTokenizerFiles.Read(vocabJson, mergesTxt.Span));

    /// <summary>
    /// Reads a Hugging Face <c>tokenizer.json</c> with a byte-level BPE model and RoBERTa's <c>&lt;s&gt;</c> … <c>&lt;/s&gt;</c>.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The file is damaged or too large, or asks for something that gives other ids, which the message names: a normalizer, an added
    /// leading space, another way to cut the text, dropout, words cut out before BPE, other special tokens around the text.
    /// </exception>
    public static TextTokenizer FromTokenizerJson(ReadOnlyMemory<byte> tokenizerJson) => From(TokenizerJsonFile.Read(tokenizerJson));

    /// <summary>Reads what <see cref="ToAssets"/> wrote.</summary>
    /// <exception cref="InvalidDataException">An asset is damaged.</exception>
    public static TextTokenizer FromAssets(ReadOnlySpan<byte> vocabulary, ReadOnlySpan<byte> merges)
    {
        MergeList list = MergesFile.Read(merges, "merges");
        return new(TokenizerVocabulary.Read(vocabulary, list, "vocabulary"), list);
    }

    /// <summary>The tokenizer as a model file keeps it; equal bytes for equal tokenizers.</summary>
    public TextTokenizerAssets ToAssets() => new(_vocabulary.Write(), MergesFile.Write(_merges));

    /// <summary>The ids of a text between <see cref="BeginId"/> and <see cref="EndId"/>.</summary>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = new((text.Length / 3) + 2);
        Encode(text, ids);
        return [.. ids];
    }

    /// <summary>Appends the ids of a text between <see cref="BeginId"/> and <see cref="EndId"/>.</summary>
    public void Encode(ReadOnlySpan<char> text, List<int> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        destination.Add(BeginId);
        AppendTokens(text, destination);
        destination.Add(EndId);
    }

    /// <summary>The ids of a text alone, as <see cref="TextChunker"/> takes them.</summary>
    public int[] EncodeWithoutSpecials(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = new(text.Length / 3);
        AppendTokens(text, ids);
        return [.. ids];
    }

    /// <summary>The inputs of the model for a text of any length, as <see cref="TextChunker.Split"/> cuts them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxLength">The most ids in a window, the two special ones included: 512 for the published models.</param>
    /// <param name="policy">What to do where the text does not fit.</param>
    /// <param name="overlap">Tokens that each window repeats of the one before it; by default a quarter of a window.</param>
    /// <exception cref="TextTooLongException">The text does not fit and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    public TextWindows EncodeWindows(string text, int maxLength, LongTextPolicy policy, int? overlap = null) =>
        TextChunker.Split(EncodeWithoutSpecials(text), BeginId, EndId, maxLength, policy, overlap);

    /// <summary>
    /// The text of ids: what was encoded, unless it had half a surrogate pair or a token that became <see cref="UnknownId"/>.
    /// </summary>
    /// <remarks>
    /// <see cref="BeginId"/>, <see cref="EndId"/> and <see cref="PadId"/> are left out, other ids that no text becomes are written as
    /// their names. Bytes that are not UTF-8, as where the ids are cut inside a character, become U+FFFD.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">An id is not of this vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids)
    {
        List<byte> bytes = new(ids.Length * 4);
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)VocabularySize)
            {
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"The ids of this vocabulary are 0 to {VocabularySize - 1}.");
            }

            if (!_vocabulary.IsName(id))
            {
                bytes.AddRange(_vocabulary.TextOf(id).Select(character => (byte)ByteAlphabet.ByteOf(character)));
            }
            else if (id != BeginId && id != EndId && id != PadId)
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(_vocabulary.TextOf(id)));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static TextTokenizer From((TokenizerVocabulary Vocabulary, MergeList Merges) files) => new(files.Vocabulary, files.Merges);

    private void AppendTokens(ReadOnlySpan<char> text, List<int> ids)
    {
        int start = ids.Count;
        _encoder.Encode(text, ids);
        for (int i = start; i < ids.Count; i++)
        {
            ids[i] = _idOfToken[ids[i]];
        }
    }
}
