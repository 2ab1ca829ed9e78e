using System.Runtime.InteropServices;

namespace Data2Vec.Text;

/// <summary>
/// Converts text to the token ids of a text model and back. An input is a begin id, the tokens of the text and an end id. Instances are
/// immutable and thread-safe.
/// </summary>
/// <remarks>
/// <see cref="AddedTokens"/> in a text become their ids, as in Hugging Face's tokenizers; fairseq's tokenizers have none, and a literal
/// <c>&lt;s&gt;</c> becomes the tokens of its characters. Text with an unpaired surrogate is refused, as by both. The runtime's Unicode version
/// classifies letters, digits and punctuation, so characters newer than those known to a Python reference may be split differently.
/// </remarks>
public abstract class TextTokenizer
{
    /// <summary>The largest supported tokenizer file in bytes.</summary>
    public const int MaxFileBytes = 64 << 20;

    /// <summary>The most tokens of a text that is split into windows.</summary>
    public const int MaxTokens = 1 << 24;

    private readonly AddedTokenSplitter? _added;
    private readonly Lazy<AddedTokenSplitter?> _addedNormalized;
    private readonly int _ownSize;

    private protected TextTokenizer(SpecialIds special, int ownSize, IReadOnlyList<AddedToken> added)
    {
        (BeginId, PadId, EndId, UnknownId, MaskId) = special;
        (_ownSize, AddedTokens) = (ownSize, added);
        VocabularySize = added.Aggregate(ownSize, (size, token) => Math.Max(size, token.Id + 1));
        _added = AddedTokenSplitter.Create(added.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _addedNormalized = new Lazy<AddedTokenSplitter?>(() => AddedTokenSplitter.Create(
            added.Where(token => token.Normalized).Select(token => (Normalize(token.Content, CancellationToken.None), token))));
    }

    /// <summary>The number of ids, the added ones included.</summary>
    public int VocabularySize { get; }

    /// <summary>Tokens that are found in a text before it is split into words.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>Whether a text, and each part of it between added tokens, gets a space before it if it begins with none. Byte-level BPE only.</summary>
    public virtual bool AddPrefixSpace => false;

    /// <summary>The preparation of text for WordPiece; null for other tokenizers.</summary>
    public virtual WordPieceOptions? WordPieces => null;

    /// <summary>The preparation of text for a unigram model; null for other tokenizers.</summary>
    public virtual UnigramOptions? Unigrams => null;

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

    /// <summary>
    /// Reads a Hugging Face <c>tokenizer.json</c>: byte-level BPE with RoBERTa's <c>&lt;s&gt;</c> … <c>&lt;/s&gt;</c>, WordPiece with BERT's
    /// <c>[CLS]</c> … <c>[SEP]</c>, or XLM-R's unigram model with <c>&lt;s&gt;</c> … <c>&lt;/s&gt;</c>.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The file is damaged or too large, or it has a setting that produces other ids: another normalizer, another way to split the text, dropout,
    /// or other special tokens around the text. The message names the setting.
    /// </exception>
    public static TextTokenizer FromTokenizerJson(ReadOnlyMemory<byte> tokenizerJson) => TokenizerJsonFile.Read(tokenizerJson);

    /// <summary>
    /// Reads the unigram model of SentencePiece that XLM-R has (<c>sentencepiece.bpe.model</c>). The ids are those of XLM-R: <c>&lt;s&gt;</c>,
    /// <c>&lt;pad&gt;</c>, <c>&lt;/s&gt;</c> and <c>&lt;unk&gt;</c>, then the pieces from SentencePiece's id 3 on, then <c>&lt;mask&gt;</c>.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The file is damaged or too large, or it has a setting that is not supported: another kind of model, or another treatment of spaces. The message
    /// names the setting.
    /// </exception>
    public static TextTokenizer FromSentencePiece(ReadOnlyMemory<byte> model) => SentencePieceFile.Read(model);

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

    /// <summary>The same tokenizer with other added tokens.</summary>
    /// <param name="addedTokens">All added tokens. Their ids may lie beyond the vocabulary's.</param>
    /// <param name="addPrefixSpace">See <see cref="AddPrefixSpace"/>.</param>
    /// <exception cref="ArgumentException">A prefix space is wanted, and the tokenizer is not a byte-level BPE.</exception>
    /// <exception cref="InvalidDataException">A token is empty, or its id is that of another token.</exception>
    public TextTokenizer With(IReadOnlyList<AddedToken> addedTokens, bool addPrefixSpace)
    {
        ArgumentNullException.ThrowIfNull(addedTokens);
        var contents = new Dictionary<int, string>();
        foreach (AddedToken token in addedTokens)
        {
            string known = token.Id < _ownSize ? OwnText(token.Id) : "";
            string other = contents.TryAdd(token.Id, token.Content) ? known : contents[token.Id];
            if (token.Content.Length == 0 || token.Id < 0 || (other.Length > 0 && other != token.Content))
            {
                throw new InvalidDataException(
                    $"the added token {token.Content.Quote()} has the id {token.Id}{(other.Length > 0 ? $", which is that of {other.Quote()}" : " or is empty")}");
            }
        }

        return WithAdded([.. addedTokens], addPrefixSpace);
    }

    /// <summary>Encodes a text, with <see cref="BeginId"/> and <see cref="EndId"/> around it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="splitSpecialTokens">See <see cref="InputOptions.SplitSpecialTokens"/>.</param>
    /// <param name="cancellationToken">Checked once in a while.</param>
    /// <exception cref="ArgumentException">The text has an unpaired surrogate.</exception>
    public int[] Encode(string text, bool splitSpecialTokens = false, CancellationToken cancellationToken = default) =>
        [BeginId, .. EncodeWithoutSpecials(text, splitSpecialTokens, cancellationToken), EndId];

    /// <summary>Encodes a text without special tokens around it, as input for <see cref="TextChunker"/>.</summary>
    /// <inheritdoc cref="Encode(string, bool, CancellationToken)"/>
    public int[] EncodeWithoutSpecials(string text, bool splitSpecialTokens = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. Tokens(text, int.MaxValue, splitSpecialTokens, cancellationToken)];
    }

    /// <summary>
    /// Encodes a text of any length as one or more model inputs. Only as much of the text is tokenized as the policy needs. See
    /// <see cref="TextChunker.Split"/>.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="maxLength">The most ids in a window, including the two special tokens. The published models accept 512.</param>
    /// <param name="policy">The treatment of texts that do not fit.</param>
    /// <param name="overlap">The number of tokens that each window repeats from the previous one; by default a quarter of a window.</param>
    /// <param name="splitSpecialTokens">See <see cref="InputOptions.SplitSpecialTokens"/>.</param>
    /// <param name="cancellationToken">Checked once in a while.</param>
    /// <exception cref="ArgumentException">The text has an unpaired surrogate.</exception>
    /// <exception cref="TextTooLongException">
    /// The text does not fit and the policy is <see cref="LongTextPolicy.Error"/>, or it has more than <see cref="MaxTokens"/> tokens and the policy is
    /// <see cref="LongTextPolicy.Chunk"/>.
    /// </exception>
    public TextWindows EncodeWindows(
        string text, int maxLength, LongTextPolicy policy, int? overlap = null, bool splitSpecialTokens = false, CancellationToken cancellationToken = default)
    {
        return EncodeWindows(text, maxLength, policy, MaxTokens, splitSpecialTokens, cancellationToken, overlap) ?? throw TooLong();
    }

    /// <summary>Encodes a text as <see cref="EncodeWindows(string, int, LongTextPolicy, int?, bool, CancellationToken)"/> does.</summary>
    /// <returns>Null if all of the text is wanted, and it has more than <paramref name="mostTokens"/> tokens.</returns>
    internal TextWindows? EncodeWindows(
        string text, int maxLength, LongTextPolicy policy, int mostTokens, bool splitSpecialTokens, CancellationToken cancellationToken, int? overlap = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, TextChunker.SmallestWindow);
        int most = policy == LongTextPolicy.Chunk ? mostTokens : maxLength - TextChunker.SpecialTokens;
        List<int> ids = Tokens(text, most + 1, splitSpecialTokens, cancellationToken);
        return policy == LongTextPolicy.Chunk && ids.Count > mostTokens
            ? null
            : TextChunker.Split(CollectionsMarshal.AsSpan(ids), BeginId, EndId, maxLength, policy, overlap);
    }

    internal static TextTooLongException TooLong() =>
        new($"The text has more than {MaxTokens} tokens. Split it, or choose {nameof(LongTextPolicy.Truncate)} to keep its beginning.", MaxTokens);

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

    /// <summary>Appends the ids of a part of a text without added tokens.</summary>
    private protected abstract void AppendTokens(ReadOnlySpan<char> text, TokenCollector tokens);

    /// <summary>The form of a text in which normalized added tokens are searched for.</summary>
    private protected virtual string Normalize(string text, CancellationToken cancellation) => text;

    /// <summary>Converts ids of the vocabulary to text.</summary>
    private protected abstract string TextOf(List<int> ids);

    /// <summary>The text of an id below the size without added tokens; empty for an unused id.</summary>
    private protected abstract string OwnText(int id);

    private protected abstract TextTokenizer WithAdded(IReadOnlyList<AddedToken> added, bool addPrefixSpace);

    /// <summary>The text of an id that is not the tokenizer's own, or null if it is.</summary>
    private protected string? AddedText(int id) =>
        id < _ownSize ? null : AddedTokens.FirstOrDefault(token => token.Id == id)?.Content ?? "";

    private List<int> Tokens(string text, int most, bool splitSpecialTokens, CancellationToken cancellationToken)
    {
        RequirePairs(text);
        var ids = new List<int>(Math.Min(most, (text.Length / 3) + 2));
        var tokens = new TokenCollector(ids, most, cancellationToken);
        tokens.Check();
        AppendParts(_added, text, splitSpecialTokens, tokens, part =>
        {
            if (_addedNormalized.Value is not { } normalizedTokens)
            {
                AppendTokens(text.AsSpan()[part], tokens);
                return;
            }

            string normalized = Normalize(text[part], cancellationToken);
            AppendParts(normalizedTokens, normalized, splitSpecialTokens, tokens, inner => AppendTokens(normalized.AsSpan()[inner], tokens));
        });
        return ids;
    }

    private static void AppendParts(AddedTokenSplitter? splitter, string text, bool splitSpecialTokens, TokenCollector tokens, Action<Range> append)
    {
        for (int position = 0; position < text.Length && !tokens.IsFull;)
        {
            Range found = text.Length..text.Length;
            AddedToken? token = splitter?.Next(text, position, splitSpecialTokens, out found);
            if (found.Start.Value > position)
            {
                append(position..found.Start.Value);
            }

            if (token is not null)
            {
                tokens.Ids.Add(token.Id);
                tokens.Step();
            }

            position = found.End.Value;
        }
    }

    // Python cannot encode such a text as UTF-8, so that fairseq and Hugging Face refuse it.
    private static void RequirePairs(string text)
    {
        for (int i = 0; ; i++)
        {
            int next = text.AsSpan(i).IndexOfAnyInRange('\uD800', '\uDFFF');
            if (next < 0)
            {
                return;
            }

            i += next;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                throw new ArgumentException($"The text is not valid Unicode: half of a surrogate pair is at character {i}. Remove it, or replace it by U+FFFD.", nameof(text));
            }

            i++;
        }
    }

    /// <summary>The ids that all tokenizers have.</summary>
    private protected readonly record struct SpecialIds(int Begin, int Pad, int End, int Unknown, int Mask);
}

/// <summary>A <see cref="TextTokenizer"/> as stored in a model file, independent of the files it came from.</summary>
public sealed class TextTokenizerAssets
{
    internal TextTokenizerAssets(ReadOnlyMemory<byte> vocabulary, ReadOnlyMemory<byte>? merges = null, ReadOnlyMemory<byte>? characterMap = null) =>
        (Vocabulary, Merges, CharacterMap) = (vocabulary, merges, characterMap);

    /// <summary>
    /// UTF-8 text of one entry per line, starting with id 0, each line ended by LF. An entry is a token in GPT-2's byte alphabet ("Ġthe"), a
    /// space and the name of an id that no text encodes to (" &lt;s&gt;", " madeupword0000"), or a single space for an unused id. For
    /// WordPiece, BERT's <c>vocab.txt</c>. For a unigram model, a line is a piece, a space and its score, or a space and a name.
    /// </summary>
    public ReadOnlyMemory<byte> Vocabulary { get; }

    /// <summary>
    /// UTF-8 text: the line <c>#version: 0.2</c>, then one merge per line in order of rank, as two tokens in the byte alphabet separated by a
    /// space. Null for other tokenizers than byte-level BPE.
    /// </summary>
    public ReadOnlyMemory<byte>? Merges { get; }

    /// <summary>The files by the names of the assets of a model file.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Files => new (string Name, ReadOnlyMemory<byte>? File)[]
    {
        (TextModel.VocabularyAsset, Vocabulary), (TextModel.MergesAsset, Merges), (TextModel.CharacterMapAsset, CharacterMap),
    }.Where(file => file.File is not null).ToDictionary(file => file.Name, file => file.File!.Value);

    /// <summary>How a unigram model replaces characters: SentencePiece's <c>precompiled_charsmap</c>. Null if it replaces none, and for other tokenizers.</summary>
    public ReadOnlyMemory<byte>? CharacterMap { get; }
}
