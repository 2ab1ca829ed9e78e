namespace Data2Vec.Text;

/// <summary>
/// From text to the token ids of a text model and back: an id that begins every input, the text's tokens, an id that ends it. Instances
/// do not change and may be used from any number of threads.
/// </summary>
/// <remarks>
/// Text is text: a literal <c>&lt;s&gt;</c> or <c>[MASK]</c> in it becomes the tokens of its characters. Half a surrogate pair counts as
/// U+FFFD. What is a letter, a digit or punctuation is what the runtime's Unicode version says: characters newer than a Python reference's
/// may be cut differently.
/// </remarks>
public abstract class TextTokenizer
{
    /// <summary>The largest tokenizer file that is read, in bytes.</summary>
    public const int MaxFileBytes = 64 << 20;

    private protected TextTokenizer(int beginId, int padId, int endId, int unknownId, int maskId) =>
        (BeginId, PadId, EndId, UnknownId, MaskId) = (beginId, padId, endId, unknownId, maskId);

    /// <summary>The number of ids.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>The id that begins every input: <c>&lt;s&gt;</c>, <c>[CLS]</c>.</summary>
    public int BeginId { get; }

    /// <summary>The id of padding: <c>&lt;pad&gt;</c>, <c>[PAD]</c>.</summary>
    public int PadId { get; }

    /// <summary>The id that ends every input: <c>&lt;/s&gt;</c>, <c>[SEP]</c>.</summary>
    public int EndId { get; }

    /// <summary>The id of what the vocabulary lacks: <c>&lt;unk&gt;</c>, <c>[UNK]</c>.</summary>
    public int UnknownId { get; }

    /// <summary>The id of <c>&lt;mask&gt;</c> or <c>[MASK]</c>.</summary>
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

    /// <summary>Reads the vocabulary of a BERT model.</summary>
    /// <param name="vocabTxt"><c>vocab.txt</c>: a piece a line, the line of id 0 first, pieces inside words after <c>##</c>.</param>
    /// <param name="options">How text is prepared.</param>
    /// <exception cref="InvalidDataException">The file is damaged or too large, or is no vocabulary of BERT.</exception>
    public static TextTokenizer FromWordPieces(ReadOnlyMemory<byte> vocabTxt, WordPieceOptions options) => WordPieceTokenizer.Read(vocabTxt, options);

    /// <summary>Reads what <see cref="ToAssets"/> wrote of a tokenizer with merges.</summary>
    /// <exception cref="InvalidDataException">An asset is damaged.</exception>
    public static TextTokenizer FromAssets(ReadOnlySpan<byte> vocabulary, ReadOnlySpan<byte> merges)
    {
        MergeList list = MergesFile.Read(merges, "merges");
        return From((TokenizerVocabulary.Read(vocabulary, list, "vocabulary"), list));
    }

    /// <summary>The tokenizer as a model file keeps it; equal bytes for equal tokenizers.</summary>
    public abstract TextTokenizerAssets ToAssets();

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
    /// The text of ids. Byte-level BPE gives what was encoded, unless it had half a surrogate pair or a token that became
    /// <see cref="UnknownId"/>; word pieces give words with one space between.
    /// </summary>
    /// <remarks>
    /// <see cref="BeginId"/>, <see cref="EndId"/> and <see cref="PadId"/> are left out, other ids that no text becomes are written as
    /// their names. Bytes that are not UTF-8, as where the ids are cut inside a character, become U+FFFD.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">An id is not of this vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids)
    {
        List<int> wanted = new(ids.Length);
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)VocabularySize)
            {
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"The ids of this vocabulary are 0 to {VocabularySize - 1}.");
            }

            if (id != BeginId && id != EndId && id != PadId)
            {
                wanted.Add(id);
            }
        }

        return TextOf(wanted);
    }

    /// <summary>Appends the ids of a text.</summary>
    private protected abstract void AppendTokens(ReadOnlySpan<char> text, List<int> ids);

    /// <summary>The text of ids of the vocabulary.</summary>
    private protected abstract string TextOf(List<int> ids);

    private static BytePairTokenizer From((TokenizerVocabulary Vocabulary, MergeList Merges) files) => new(files.Vocabulary, files.Merges);
}
