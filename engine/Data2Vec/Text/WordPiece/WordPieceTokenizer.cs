using System.Text;
using PieceOptions = Microsoft.ML.Tokenizers.WordPieceOptions;
using Pieces = Microsoft.ML.Tokenizers.WordPieceTokenizer;

namespace Data2Vec.Text;

/// <summary>
/// BERT's tokenizer (Devlin et al. 2018): <c>[CLS]</c>, the words of the text, each cut from the left into the longest pieces there are,
/// <c>[SEP]</c>. The cutting is Microsoft.ML.Tokenizers', whose own preparation of text drops symbols and characters beyond the first 65,536.
/// </summary>
internal sealed class WordPieceTokenizer : TextTokenizer
{
    private const string Kind = "vocab.txt", Inside = "##";

    /// <summary>Longer words are unknown; in code points, of which one may be two characters here.</summary>
    private const int LongestWord = 100;

    private readonly string[] _pieces;
    private readonly ReadOnlyMemory<byte> _file;
    private readonly WordPieceOptions _options;
    private readonly Pieces _tokenizer;

    private WordPieceTokenizer(string[] pieces, Dictionary<string, int> ids, ReadOnlyMemory<byte> file, WordPieceOptions options)
        : base(ids["[CLS]"], ids["[PAD]"], ids["[SEP]"], ids["[UNK]"], ids["[MASK]"])
    {
        _pieces = pieces;
        _file = file;
        _options = options;
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', pieces)));
        _tokenizer = Pieces.Create(stream, new PieceOptions { UnknownToken = "[UNK]", MaxInputCharsPerWord = 2 * LongestWord });
    }

    public override int VocabularySize => _pieces.Length;

    /// <summary>Reads a <c>vocab.txt</c>.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static WordPieceTokenizer Read(ReadOnlyMemory<byte> file, WordPieceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] pieces = TokenizerFile.ReadLines(file.Span, Kind);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < pieces.Length; i++)
        {
            FilePlace place = FilePlace.Line(Kind, i);
            if (pieces[i].Length == 0 || pieces[i].Contains('\r'))
            {
                throw TokenizerFile.Error(place, "the piece is empty, or has a line end inside");
            }

            if (!ids.TryAdd(pieces[i], i))
            {
                throw TokenizerFile.Error(place, $"{TokenizerFile.Quote(pieces[i])} has an id already, {ids[pieces[i]]}");
            }
        }

        foreach (string name in (string[])["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        {
            if (!ids.ContainsKey(name))
            {
                throw TokenizerFile.Error(Kind, $"no special token '{name}'");
            }
        }

        return new WordPieceTokenizer(pieces, ids, file, options);
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

            bool alone = _options.SplitChinese && WordPieceText.IsChinese(rune);
            if (alone || WordPieceText.IsSpace(rune))
            {
                End();
            }

            if (WordPieceText.IsSpace(rune))
            {
                continue;
            }

            foreach (Rune part in _options.Lowercase ? WordPieceText.Fold(rune, _options.StripAccents) : [rune])
            {
                bool punctuation = WordPieceText.IsPunctuation(part);
                if (punctuation)
                {
                    End();
                }

                word.Append(part.ToString());
                length++;
                if (punctuation)
                {
                    End();
                }
            }

            if (alone)
            {
                End();
            }
        }

        End();

        void End()
        {
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
            bool goesOn = piece.StartsWith(Inside, StringComparison.Ordinal) && piece.Length > Inside.Length;
            text.Append(goesOn ? "" : " ").Append(goesOn ? piece[Inside.Length..] : piece);
        }

        return text.ToString().TrimStart(' ');
    }
}
