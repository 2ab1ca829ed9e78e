using System.Text;
using System.Text.Json.Nodes;
using PieceOptions = Microsoft.ML.Tokenizers.WordPieceOptions;
using Pieces = Microsoft.ML.Tokenizers.WordPieceTokenizer;

namespace Data2Vec.Text;

/// <summary>
/// BERT's tokenizer (Devlin et al. 2018): <c>[CLS]</c>, the pieces of the words, <c>[SEP]</c>. MPNet's has RoBERTa's names for them. A word is split from the
/// left into the longest known pieces by Microsoft.ML.Tokenizers. The library's own preparation of text drops symbols and characters above U+FFFF.
/// </summary>
internal sealed class WordPieceTokenizer : TextTokenizer
{
    /// <summary>The token for what is unknown.</summary>
    public const string Unknown = "[UNK]";

    private static readonly Names s_bert = new("[CLS]", "[PAD]", "[SEP]", "[MASK]");

    /// <summary>The vocabulary of MPNet has BERT's tokens too, but does not use them.</summary>
    private static readonly Names s_mpNet = new(TokenizerVocabulary.Begin, TokenizerVocabulary.Pad, TokenizerVocabulary.End, TokenizerVocabulary.Mask);

    /// <summary>The special tokens that a vocabulary may have.</summary>
    public static IReadOnlyList<string> Special { get; } = [.. s_bert.All, .. s_mpNet.All];

    private const string Name = "vocab.txt", Continuation = "##";

    /// <summary>The longest known word in code points. A code point takes up to two UTF-16 characters.</summary>
    private const int LongestWord = 100;

    private readonly string[] _pieces;
    private readonly SpecialIds _special;
    private readonly ReadOnlyMemory<byte> _file;
    private readonly WordPieceOptions _options;
    private readonly Pieces _tokenizer;

    private WordPieceTokenizer(string[] pieces, SpecialIds special, ReadOnlyMemory<byte> file, WordPieceOptions options, Pieces tokenizer, IReadOnlyList<AddedToken> added)
        : base(special, pieces.Length, added) => (_pieces, _special, _file, _options, _tokenizer) = (pieces, special, file, options, tokenizer);

    public override WordPieceOptions WordPieces => _options;

    /// <summary>Whether the special tokens are BERT's, with one separator between the texts of a pair.</summary>
    public bool IsBerts => _pieces[BeginId] == s_bert.Begin;

    /// <summary>The piece of an id.</summary>
    public string Piece(int id) => _pieces[id];

    /// <summary>Reads a <c>vocab.txt</c>.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static WordPieceTokenizer Read(ReadOnlyMemory<byte> file, WordPieceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Create(TokenizerFile.ReadLines(file.Span, Name), options, Name, "line", 1);
    }

    /// <summary>Creates a tokenizer from pieces in the order of their ids.</summary>
    /// <param name="pieces">The pieces.</param>
    /// <param name="options">The preparation of text.</param>
    /// <param name="source">The name of the file for error messages.</param>
    /// <param name="unit">What messages call the place of a piece.</param>
    /// <param name="first">The number of the first place.</param>
    /// <exception cref="InvalidDataException">They are not a BERT vocabulary.</exception>
    public static WordPieceTokenizer Create(string[] pieces, WordPieceOptions options, string source, string unit, int first)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < pieces.Length; i++)
        {
            var place = new FilePlace(source, unit, i + first);
            if (pieces[i].Length == 0 || pieces[i].AsSpan().ContainsAny('\r', '\n'))
            {
                throw place.Error("the piece is empty or contains a line end");
            }

            if (!ids.TryAdd(pieces[i], i))
            {
                throw place.Error($"{pieces[i].Quote()} already has the id {ids[pieces[i]]}");
            }
        }

        Names names = pieces is [TokenizerVocabulary.Begin, ..] ? s_mpNet : s_bert;
        string? missing = names.All.FirstOrDefault(name => !ids.ContainsKey(name));
        if (missing is not null)
        {
            throw new FilePlace(source).Error($"the special token '{missing}' is missing");
        }

        byte[] file = Encoding.UTF8.GetBytes(string.Join('\n', pieces) + '\n');
        using var stream = new MemoryStream(file, 0, file.Length - 1);
        Pieces tokenizer = Pieces.Create(stream, new PieceOptions { UnknownToken = Unknown, MaxInputCharsPerWord = 2 * LongestWord });
        var special = new SpecialIds(ids[names.Begin], ids[names.Pad], ids[names.End], ids[Unknown], ids[names.Mask]);
        return new WordPieceTokenizer(pieces, special, file, options, tokenizer, []);
    }

    public override TextTokenizerAssets ToAssets() => new(_file, null);

    private protected override TextTokenizer WithAdded(IReadOnlyList<AddedToken> added, bool addPrefixSpace) => addPrefixSpace
        ? throw new ArgumentException("A prefix space applies to byte-level BPE only.", nameof(addPrefixSpace))
        : new WordPieceTokenizer(_pieces, _special, _file, _options, _tokenizer, added);

    private protected override string OwnText(int id) => _pieces[id];

    private protected override void AppendTokens(ReadOnlySpan<char> text, TokenCollector tokens)
    {
        var word = new StringBuilder();
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            tokens.Step();
            if (tokens.IsFull)
            {
                return;
            }

            if (WordPieceText.IsDropped(rune))
            {
                continue;
            }

            bool isWord = _options.SplitChinese && WordPieceText.IsChinese(rune), isSpace = WordPieceText.IsSpace(rune);
            EndWord(isWord || isSpace);
            foreach (Rune part in isSpace ? [] : Fold(rune))
            {
                bool isPunctuation = WordPieceText.IsPunctuation(part);
                EndWord(isPunctuation);
                if (length++ <= LongestWord)
                {
                    word.Append(part.ToString());
                }

                EndWord(isPunctuation);
            }

            EndWord(isWord);
        }

        EndWord(true);

        void EndWord(bool ends)
        {
            if (!ends)
            {
                return;
            }

            if (length > LongestWord)
            {
                tokens.Ids.Add(UnknownId);
            }
            else if (length > 0)
            {
                tokens.Ids.AddRange(_tokenizer.EncodeToIds(word.ToString(), considerPreTokenization: false, considerNormalization: false));
            }

            word.Clear();
            length = 0;
        }
    }

    private protected override string Normalize(string text, CancellationToken cancellation)
    {
        const int RunesPerCheck = 1 << 16;
        var normalized = new StringBuilder(text.Length);
        int done = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (++done % RunesPerCheck == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            if (WordPieceText.IsSpace(rune))
            {
                normalized.Append(' ');
            }
            else if (!WordPieceText.IsDropped(rune))
            {
                string around = _options.SplitChinese && WordPieceText.IsChinese(rune) ? " " : "";
                normalized.Append(around).AppendJoin("", Fold(rune)).Append(around);
            }
        }

        return normalized.ToString();
    }

    private IEnumerable<Rune> Fold(Rune rune) => _options.Lowercase ? WordPieceText.Fold(rune, _options.StripAccents) : [rune];

    private protected override string TextOf(List<int> ids)
    {
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            string piece = AddedText(id) ?? _pieces[id];
            bool continues = piece.StartsWith(Continuation, StringComparison.Ordinal) && piece.Length > Continuation.Length;
            text.Append(continues ? "" : " ").Append(continues ? piece[Continuation.Length..] : piece);
        }

        return text.ToString().TrimStart(' ');
    }

    /// <summary>The names of special tokens, without that for what is unknown.</summary>
    private sealed record Names(string Begin, string Pad, string End, string Mask)
    {
        public IReadOnlyList<string> All => [Pad, Unknown, Begin, End, Mask];
    }
}

/// <summary>How BERT's tokenizer prepares text (<c>BasicTokenizer</c> in its code).</summary>
public sealed record WordPieceOptions
{
    /// <summary>Whether text is converted to lower case, as for the uncased models.</summary>
    public bool Lowercase { get; init; }

    /// <summary>Whether accents are removed. Requires <see cref="Lowercase"/>.</summary>
    public bool StripAccents { get; init; }

    /// <summary>Whether each Chinese character becomes a separate word.</summary>
    public bool SplitChinese { get; init; } = true;

    /// <summary>Reads the options from the configuration in a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static WordPieceOptions? FromJson(JsonFields config)
    {
        if (!config.Has("word_pieces"))
        {
            return null;
        }

        JsonFields json = config.Object("word_pieces");
        var options = new WordPieceOptions
        {
            Lowercase = json.Flag("lowercase"),
            StripAccents = json.Flag("strip_accents"),
            SplitChinese = json.Flag("split_chinese"),
        };
        return options.StripAccents && !options.Lowercase
            ? throw new InvalidDataException("the configuration strips accents without lower case, which is not supported")
            : options;
    }

    internal JsonObject ToJson() => new()
    {
        ["lowercase"] = Lowercase,
        ["strip_accents"] = StripAccents,
        ["split_chinese"] = SplitChinese,
    };
}
