namespace Data2Vec.Text;

/// <summary>
/// Converts text to the token ids of a text model and back. An input is a begin id, the tokens of the text and an end id. Instances are
/// immutable and thread-safe.
/// </summary>
/// <remarks>
/// Special tokens in the text have no special meaning: a literal <c>&lt;s&gt;</c> or <c>[MASK]</c> becomes the tokens of its characters. An
/// unpaired surrogate counts as U+FFFD. The runtime's Unicode version classifies letters, digits and punctuation, so characters newer than
/// those known to a Python reference may be split differently.
/// </remarks>
public abstract class TextTokenizer
{
    /// <summary>The largest supported tokenizer file in bytes.</summary>
    public const int MaxFileBytes = 64 << 20;

    private protected TextTokenizer(int beginId, int padId, int endId, int unknownId, int maskId) =>
        (BeginId, PadId, EndId, UnknownId, MaskId) = (beginId, padId, endId, unknownId, maskId);

    /// <summary>The number of ids.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>The id that begins every input: <c>&lt;s&gt;</c> or <c>[CLS]</c>.</summary>
    public int BeginId { get; }

    /// <summary>The id of padding: <c>&lt;pad&gt;</c> or <c>[PAD]</c>.</summary>
    public int PadId { get; }

    /// <summary>The id that ends every input: <c>&lt;/s&gt;</c> or <c>[SEP]</c>.</summary>
    public int EndId { get; }

    /// <summary>The id of tokens that the vocabulary lacks: <c>&lt;unk&gt;</c> or <c>[UNK]</c>.</summary>
    public int UnknownId { get; }

    /// <summary>The id of <c>&lt;mask&gt;</c> or <c>[MASK]</c>.</summary>
    public int MaskId { get; }

    /// <summary>Reads the three files of a fairseq model.</summary>
    /// <param name="encoderJson">GPT-2's <c>encoder.json</c>: tokens and their BPE ids.</param>
    /// <param name="vocabBpe">GPT-2's <c>vocab.bpe</c>: the merges.</param>
    /// <param name="dictTxt">The model's <c>dict.txt</c>: BPE ids in decimal, in the order of the model's ids from 4.</param>
    /// <exception cref="InvalidDataException">A file is damaged or too large, or the files do not belong together.</exception>
    public static TextTokenizer FromFairseq(ReadOnlyMemory<byte> encoderJson, ReadOnlyMemory<byte> vocabBpe, ReadOnlyMemory<byte> dictTxt) =>
        FairseqTokenizerFiles.Read(encoderJson, vocabBpe.Span, dictTxt.Span);

    /// <summary>Reads the two files of a Hugging Face RoBERTa tokenizer, whose ids are those of the model.</summary>
    /// <param name="vocabJson"><c>vocab.json</c>: tokens and their ids, including special tokens.</param>
    /// <param name="mergesTxt"><c>merges.txt</c>.</param>
    /// <exception cref="InvalidDataException">A file is damaged or too large, or the files do not belong together.</exception>
    public static TextTokenizer FromVocabAndMerges(ReadOnlyMemory<byte> vocabJson, ReadOnlyMemory<byte> mergesTxt)
    {
        const string Name = "vocab.json";
        MergeList merges = MergeList.Read(mergesTxt.Span, "merges.txt");
        return new BytePairTokenizer(TokenizerVocabulary.FromTokens(JsonVocabulary.Read(vocabJson, Name), merges, Name), merges);
    }

    /// <summary>Reads a Hugging Face <c>tokenizer.json</c> with a byte-level BPE model and RoBERTa's <c>&lt;s&gt;</c> … <c>&lt;/s&gt;</c>.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is damaged or too large, or it has a setting that produces other ids: a normalizer, an added leading space, another way to split the
    /// text, dropout, words split off before BPE, or other special tokens around the text. The message names the setting.
    /// </exception>
    public static TextTokenizer FromTokenizerJson(ReadOnlyMemory<byte> tokenizerJson) => TokenizerJsonFile.Read(tokenizerJson);

    /// <summary>Reads the vocabulary of a BERT model.</summary>
    /// <param name="vocabTxt"><c>vocab.txt</c>: one piece per line, starting with id 0. Pieces within words begin with <c>##</c>.</param>
    /// <param name="options">The preparation of the text.</param>
    /// <exception cref="InvalidDataException">The file is damaged or too large, or is not a BERT vocabulary.</exception>
    public static TextTokenizer FromWordPieces(ReadOnlyMemory<byte> vocabTxt, WordPieceOptions options) => WordPieceTokenizer.Read(vocabTxt, options);

    /// <summary>Reads the output of <see cref="ToAssets"/> for a tokenizer with merges.</summary>
    /// <exception cref="InvalidDataException">An asset is damaged.</exception>
    public static TextTokenizer FromAssets(ReadOnlySpan<byte> vocabulary, ReadOnlySpan<byte> merges)
    {
        MergeList list = MergeList.Read(merges, "merges");
        return new BytePairTokenizer(TokenizerVocabulary.Read(vocabulary, list, "vocabulary"), list);
    }

    /// <summary>Converts the tokenizer to the assets of a model file. Equal tokenizers give equal bytes.</summary>
    public abstract TextTokenizerAssets ToAssets();

    /// <summary>Encodes a text, with <see cref="BeginId"/> and <see cref="EndId"/> around it.</summary>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = new((text.Length / 3) + 2);
        Encode(text, ids);
        return [.. ids];
    }

    /// <summary>Appends the ids of a text, with <see cref="BeginId"/> and <see cref="EndId"/> around it.</summary>
    public void Encode(ReadOnlySpan<char> text, List<int> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        destination.Add(BeginId);
        AppendTokens(text, destination);
        destination.Add(EndId);
    }

    /// <summary>Encodes a text without special tokens, as input for <see cref="TextChunker"/>.</summary>
    public int[] EncodeWithoutSpecials(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = new(text.Length / 3);
        AppendTokens(text, ids);
        return [.. ids];
    }

    /// <summary>Encodes a text of any length as one or more model inputs. See <see cref="TextChunker.Split"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxLength">The most ids in a window, including the two special tokens. The published models accept 512.</param>
    /// <param name="policy">The treatment of texts that do not fit.</param>
    /// <param name="overlap">The number of tokens that each window repeats from the previous one; by default a quarter of a window.</param>
    /// <exception cref="TextTooLongException">The text does not fit and the policy is <see cref="LongTextPolicy.Error"/>.</exception>
    public TextWindows EncodeWindows(string text, int maxLength, LongTextPolicy policy, int? overlap = null) =>
        TextChunker.Split(EncodeWithoutSpecials(text), BeginId, EndId, maxLength, policy, overlap);

    /// <summary>
    /// Converts ids to text. Byte-level BPE returns the encoded text, except for unpaired surrogates and tokens that became
    /// <see cref="UnknownId"/>. WordPiece returns words separated by spaces.
    /// </summary>
    /// <remarks>
    /// <see cref="BeginId"/>, <see cref="EndId"/> and <see cref="PadId"/> are dropped. Other ids that no text encodes to are written as their
    /// names. Invalid UTF-8, for example from ids that end within a character, becomes U+FFFD.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
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

    /// <summary>Converts ids of the vocabulary to text.</summary>
    private protected abstract string TextOf(List<int> ids);
}

/// <summary>A <see cref="TextTokenizer"/> as stored in a model file, independent of the files it came from.</summary>
public sealed class TextTokenizerAssets
{
    internal TextTokenizerAssets(ReadOnlyMemory<byte> vocabulary, ReadOnlyMemory<byte>? merges) => (Vocabulary, Merges) = (vocabulary, merges);

    /// <summary>
    /// UTF-8 text of one entry per line, starting with id 0, each line ended by LF. An entry is a token in GPT-2's byte alphabet ("Ġthe"), a
    /// space and the name of an id that no text encodes to (" &lt;s&gt;", " madeupword0000"), or a single space for an unused id. For
    /// WordPiece, BERT's <c>vocab.txt</c>.
    /// </summary>
    public ReadOnlyMemory<byte> Vocabulary { get; }

    /// <summary>
    /// UTF-8 text: the line <c>#version: 0.2</c>, then one merge per line in order of rank, as two tokens in the byte alphabet separated by a
    /// space. Null for WordPiece.
    /// </summary>
    public ReadOnlyMemory<byte>? Merges { get; }
}
