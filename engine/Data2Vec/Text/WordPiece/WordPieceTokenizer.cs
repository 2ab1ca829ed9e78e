using System.Text;
using System.Text.Json.Nodes;
using PieceOptions = Microsoft.ML.Tokenizers.WordPieceOptions;
using Pieces = Microsoft.ML.Tokenizers.WordPieceTokenizer;

namespace Data2Vec.Text;

/// <summary>
/// BERT's tokenizer (Devlin et al. 2018): <c>[CLS]</c>, the pieces of the words, <c>[SEP]</c>. A word is split from the left into the
/// longest known pieces by Microsoft.ML.Tokenizers. The library's own preparation of text drops symbols and characters above U+FFFF.
/// </summary>
internal sealed class WordPieceTokenizer : TextTokenizer
{
    private const string Name = "vocab.txt", Continuation = "##";

    /// <summary>The longest known word in code points. A code point takes up to two UTF-16 characters.</summary>
    private const int LongestWord = 100;

    private readonly string[] _pieces;
    private readonly ReadOnlyMemory<byte> _file;
    private readonly WordPieceOptions _options;
    private readonly Pieces _tokenizer;

    private WordPieceTokenizer(string[] pieces, Dictionary<string, int> ids, ReadOnlyMemory<byte> file, WordPieceOptions options)
        : base(ids["[CLS]"], ids["[PAD]"], ids["[SEP]"], ids["[UNK]"], ids["[MASK]"])
    {
        (_pieces, _file, _options) = (pieces, file, options);
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', pieces)));
        _tokenizer = Pieces.Create(stream, new PieceOptions { UnknownToken = "[UNK]", MaxInputCharsPerWord = 2 * LongestWord });
    }

    public override int VocabularySize => _pieces.Length;

    /// <summary>Reads a <c>vocab.txt</c>.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static WordPieceTokenizer Read(ReadOnlyMemory<byte> file, WordPieceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] pieces = TokenizerFile.ReadLines(file.Span, Name);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < pieces.Length; i++)
        {
            FilePlace place = FilePlace.Line(Name, i);
            if (pieces[i].Length == 0 || pieces[i].Contains('\r'))
            {
                throw place.Error("the piece is empty or contains a carriage return");
            }

            if (!ids.TryAdd(pieces[i], i))
            {
                throw place.Error($"{pieces[i].Quote()} already has the id {ids[pieces[i]]}");
            }
        }

        string? missing = Array.Find(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], name => !ids.ContainsKey(name));
        return missing is null
            ? new WordPieceTokenizer(pieces, ids, file, options)
            : throw new FilePlace(Name).Error($"the special token '{missing}' is missing");
    }

    public override TextTokenizerAssets ToAssets() => new(_file, null);

    private protected override void AppendTokens(ReadOnlySpan<char> text, List<int> ids)
    {
        var word = new StringBuilder();
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (WordPieceText.IsDropped(rune))
            {
                continue;
            }

            bool isWord = _options.SplitChinese && WordPieceText.IsChinese(rune), isSpace = WordPieceText.IsSpace(rune);
            EndWord(isWord || isSpace);
            foreach (Rune part in isSpace ? [] : _options.Lowercase ? WordPieceText.Fold(rune, _options.StripAccents) : [rune])
            {
                bool isPunctuation = WordPieceText.IsPunctuation(part);
                EndWord(isPunctuation);
                word.Append(part.ToString());
                length++;
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
                ids.Add(UnknownId);
            }
            else if (length > 0)
            {
                ids.AddRange(_tokenizer.EncodeToIds(word.ToString(), considerPreTokenization: false, considerNormalization: false));
            }

            word.Clear();
            length = 0;
        }
    }

    private protected override string TextOf(List<int> ids)
    {
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            string piece = _pieces[id];
            bool continues = piece.StartsWith(Continuation, StringComparison.Ordinal) && piece.Length > Continuation.Length;
            text.Append(continues ? "" : " ").Append(continues ? piece[Continuation.Length..] : piece);
        }

        return text.ToString().TrimStart(' ');
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
