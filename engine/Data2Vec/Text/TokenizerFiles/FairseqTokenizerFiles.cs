using System.Globalization;

namespace Data2Vec.Text;

/// <summary>
/// The tokenizer of a fairseq RoBERTa or data2vec model: GPT-2's <c>encoder.json</c> and <c>vocab.bpe</c>, and <c>dict.txt</c>, whose
/// "words" are GPT-2's ids in decimal and whose line order gives the model's ids (<c>fairseq.data.Dictionary</c>).
/// </summary>
internal static class FairseqTokenizerFiles
{
    private const string EncoderKind = "encoder.json";
    private const string DictionaryKind = "dict.txt";
    private const string OverwriteFlag = "#fairseq:overwrite";

    public static (TokenizerVocabulary Vocabulary, MergeList Merges) Read(
        ReadOnlyMemory<byte> encoderJson, ReadOnlySpan<byte> vocabBpe, ReadOnlySpan<byte> dictTxt)
    {
        MergeList merges = MergesFile.Read(vocabBpe, "vocab.bpe");
        string[] encoder = TokenizerFile.ReadJson(encoderJson, EncoderKind, json => JsonVocabulary.Read(json, EncoderKind));
        RequireTokens(encoder, merges);

        TokenizerVocabulary vocabulary = new();
        foreach (string name in (string[])[TokenizerVocabulary.Begin, TokenizerVocabulary.Pad, TokenizerVocabulary.End, TokenizerVocabulary.Unknown])
        {
            vocabulary.AddName(name, default);
        }

        bool anyToken = false;
        string[] lines = TokenizerFile.ReadLines(dictTxt, DictionaryKind);
        for (int i = 0; i < lines.Length; i++)
        {
            FilePlace place = FilePlace.Line(DictionaryKind, i);
            (string word, bool overwrite) = ReadLine(lines[i], place);
            string? token = TokenOf(word, encoder, place);
            bool isToken = token is not null && merges.Contains(token);
            anyToken |= isToken;
            AddWord(vocabulary, token ?? word, isToken, overwrite, place);
        }

        if (!anyToken)
        {
            throw TokenizerFile.Error(DictionaryKind, $"no line names an id of {EncoderKind}; is it the dictionary of another tokenizer?");
        }

        // The masked language model task adds <mask> after loading the dictionary: last, unless a line has it.
        if (vocabulary.IdOfName(TokenizerVocabulary.Mask) < 0)
        {
            vocabulary.AddName(TokenizerVocabulary.Mask, FilePlace.Line(DictionaryKind, lines.Length));
        }

        return (vocabulary, merges);
    }

    private static void RequireTokens(string[] encoder, MergeList merges)
    {
        HashSet<string> known = new(encoder, StringComparer.Ordinal);
        string? missing = merges.Tokens.FirstOrDefault(token => !known.Contains(token));
        if (missing is not null)
        {
            throw TokenizerFile.Error(EncoderKind, $"no id for {TokenizerFile.Quote(missing)}, a byte or what a merge of vocab.bpe makes");
        }
    }

    // "word count", or "word count #fairseq:overwrite"
    private static (string Word, bool Overwrite) ReadLine(string line, FilePlace place)
    {
        ReadOnlySpan<char> rest = line.AsSpan().TrimEnd();
        bool overwrite = rest.EndsWith(' ' + OverwriteFlag, StringComparison.Ordinal);
        if (overwrite)
        {
            rest = rest[..^(OverwriteFlag.Length + 1)];
        }

        int space = rest.LastIndexOf(' ');
        if (space <= 0 || !long.TryParse(rest[(space + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            throw TokenizerFile.Error(place, $"{TokenizerFile.Quote(line)} is not 'token count'");
        }

        return (rest[..space].ToString(), overwrite);
    }

    // The token of a BPE id; null for words that are no decimal number, as the padding madeupword0000.
    private static string? TokenOf(string word, string[] encoder, FilePlace place)
    {
        bool isDecimal = word.All(char.IsAsciiDigit) && (word.Length == 1 || word[0] != '0');
        if (!isDecimal)
        {
            return null;
        }

        return int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id < encoder.Length
            ? encoder[id]
            : throw TokenizerFile.Error(place, $"{TokenizerFile.Quote(word)} is not an id of {EncoderKind}");
    }

    private static void AddWord(TokenizerVocabulary vocabulary, string text, bool isToken, bool overwrite, FilePlace place)
    {
        int earlier = isToken ? vocabulary.IdOfToken(text, -1) : vocabulary.IdOfName(text);
        if (overwrite && earlier is >= 0 and <= 3)
        {
            // Begin, pad, end and unknown are what Dictionary was built with, whatever words the file adds.
            vocabulary.AddUnused();
            return;
        }

        if (overwrite && earlier >= 0)
        {
            vocabulary.Retire(earlier);
        }

        if (isToken)
        {
            vocabulary.AddToken(text, place);
        }
        else
        {
            vocabulary.AddName(text, place);
        }
    }
}
