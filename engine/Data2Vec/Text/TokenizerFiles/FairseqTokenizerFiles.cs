using System.Globalization;

namespace Data2Vec.Text;

/// <summary>
/// Reads the tokenizer of a fairseq RoBERTa or data2vec model: GPT-2's <c>encoder.json</c> and <c>vocab.bpe</c>, and <c>dict.txt</c>. The
/// "words" of <c>dict.txt</c> are GPT-2's ids in decimal, and their order determines the model's ids (<c>fairseq.data.Dictionary</c>).
/// </summary>
internal static class FairseqTokenizerFiles
{
    private const string EncoderName = "encoder.json";
    private const string DictionaryName = "dict.txt";
    private const string OverwriteFlag = " #fairseq:overwrite";

    public static BytePairTokenizer Read(
        ReadOnlyMemory<byte> encoderJson, ReadOnlySpan<byte> vocabBpe, ReadOnlySpan<byte> dictTxt)
    {
        MergeList merges = MergeList.Read(vocabBpe, "vocab.bpe");
        string[] encoder = JsonVocabulary.Read(encoderJson, EncoderName);
        if (merges.Tokens.Except(encoder, StringComparer.Ordinal).FirstOrDefault() is { } missing)
        {
            throw new FilePlace(EncoderName).Error($"no id for {missing.Quote()}, which is a byte or the result of a merge in vocab.bpe");
        }

        TokenizerVocabulary vocabulary = new();
        foreach (string name in (string[])[TokenizerVocabulary.Begin, TokenizerVocabulary.Pad, TokenizerVocabulary.End, TokenizerVocabulary.Unknown])
        {
            vocabulary.Add(name, isToken: false, default);
        }

        bool anyToken = false;
        string[] lines = TokenizerFile.ReadLines(dictTxt, DictionaryName);
        for (int i = 0; i < lines.Length; i++)
        {
            FilePlace place = FilePlace.Line(DictionaryName, i);
            (string word, bool overwrite) = ReadLine(lines[i], place);
            string? token = TokenOf(word, encoder, place);
            bool isToken = token is not null && merges.Contains(token);
            anyToken |= isToken;
            AddWord(vocabulary, token ?? word, isToken, overwrite, place);
        }

        if (!anyToken)
        {
            throw new FilePlace(DictionaryName).Error($"no line names an id of {EncoderName}; the dictionary may belong to another tokenizer");
        }

        // The masked language model task adds <mask> after it loads the dictionary, unless the dictionary has it.
        if (vocabulary.IdOfName(TokenizerVocabulary.Mask) < 0)
        {
            vocabulary.Add(TokenizerVocabulary.Mask, isToken: false, FilePlace.Line(DictionaryName, lines.Length));
        }

        return new BytePairTokenizer(vocabulary, merges);
    }

    // "word count", or "word count #fairseq:overwrite"
    private static (string Word, bool Overwrite) ReadLine(string line, FilePlace place)
    {
        ReadOnlySpan<char> rest = line.AsSpan().TrimEnd();
        bool overwrite = rest.EndsWith(OverwriteFlag, StringComparison.Ordinal);
        if (overwrite)
        {
            rest = rest[..^OverwriteFlag.Length];
        }

        int space = rest.LastIndexOf(' ');
        return space > 0 && long.TryParse(rest[(space + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? (rest[..space].ToString(), overwrite)
            : throw place.Error($"{line.Quote()} is not 'token count'");
    }

    // The token of a BPE id, or null for words other than decimal numbers, for example the padding madeupword0000.
    private static string? TokenOf(string word, string[] encoder, FilePlace place) =>
        !word.All(char.IsAsciiDigit) || (word.Length > 1 && word[0] == '0') ? null
        : int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id < encoder.Length ? encoder[id]
        : throw place.Error($"{word.Quote()} is not an id of {EncoderName}");

    private static void AddWord(TokenizerVocabulary vocabulary, string text, bool isToken, bool overwrite, FilePlace place)
    {
        int earlier = isToken ? vocabulary.IdOfToken(text, -1) : vocabulary.IdOfName(text);
        if (overwrite && earlier is >= 0 and <= 3)
        {
            // Begin, pad, end and unknown keep the ids that Dictionary is created with, regardless of the file.
            vocabulary.AddUnused();
            return;
        }

        if (overwrite && earlier >= 0)
        {
            vocabulary.Retire(earlier);
        }

        vocabulary.Add(text, isToken, place);
    }
}
