using System.Numerics;
using System.Text;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Text;

namespace Data2Vec.Converters.Layouts;

/// <summary>The tokenizers of text models.</summary>
internal static class TokenizerFiles
{
    /// <summary>What numbers of rows are padded to multiples of.</summary>
    private const int LeastPadding = 8, MostPadding = 1024;

    /// <summary>The byte-pair tokenizer of the files given for a conversion, or null if none were given.</summary>
    /// <exception cref="InvalidDataException">A file is damaged or missing, or belongs to another model.</exception>
    public static TextTokenizer? Given(ConversionOptions options, TextConfig config)
    {
        options.RefuseVocabulary();
        if (options.BytePairFiles is not { } files)
        {
            InvalidData.ThrowIf(
                options.DictionaryPath is not null, "a text model needs its tokenizer with the dictionary; give encoder.json and vocab.bpe too");
            return null;
        }

        InvalidData.ThrowIf(options.DictionaryPath is null, "a text model needs its dictionary with the tokenizer; give dict.txt too");
        TextTokenizer tokenizer = TextTokenizer.FromFairseq(ReadFile(files.EncoderPath), ReadFile(files.MergesPath), ReadFile(options.DictionaryPath));
        return tokenizer.VocabularySize == config.VocabularySize
            ? tokenizer
            : throw new InvalidDataException(
                $"the dictionary gives {tokenizer.VocabularySize} token ids, the special ones included, and the model has {config.VocabularySize}");
    }

    /// <summary>The tokenizer in a Hugging Face folder, or null if there is none.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or belongs to another model.</exception>
    public static TextTokenizer? Of(HuggingFaceFolder folder, TextConfig config, List<string> warnings) => HuggingFaceTokenizer.Read(folder, config, warnings);

    /// <summary>Warns of a vocabulary that may be cut off: one with fewer entries than the model has rows.</summary>
    public static void WarnOfMissing(TextTokenizer tokenizer, TextConfig config, List<string> warnings)
    {
        // Many models have some rows more than their vocabulary, so that the number of rows is a multiple of a power of 2.
        int missing = config.VocabularySize - tokenizer.VocabularySize, multiple = Math.Min(1 << BitOperations.TrailingZeroCount(config.VocabularySize), MostPadding);
        if (missing > 0 && (multiple < LeastPadding || missing >= multiple || 2 * missing > config.VocabularySize))
        {
            warnings.Add($"the vocabulary has {tokenizer.VocabularySize} entries and the model {config.VocabularySize} rows for them; the file may be cut off");
        }
    }

    /// <summary>The word-piece tokenizer of the vocabulary given for a conversion, or null if none was given.</summary>
    /// <exception cref="InvalidDataException">The vocabulary is damaged, or other files were given.</exception>
    public static TextTokenizer? WordPieces(ConversionOptions options)
    {
        options.RefuseBytePairs();
        if (options.VocabularyPath is null)
        {
            return null;
        }

        byte[] file = ReadFile(options.VocabularyPath);
        bool isUncased = !Encoding.UTF8.GetString(file).Split('\n').Any(piece => !piece.StartsWith('[') && piece.Any(HasLowerCase));
        return TextTokenizer.FromWordPieces(file, new WordPieceOptions { Lowercase = isUncased, StripAccents = isUncased });
    }

    // The vocabulary of an uncased model may have capitals without a lower case, such as the sign of the real numbers.
    private static bool HasLowerCase(char letter) => char.IsUpper(letter) && char.ToLowerInvariant(letter) != letter;

    /// <summary>The tokenizer as a model file keeps it.</summary>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Assets(TextTokenizer? tokenizer) =>
        tokenizer?.ToAssets().Files ?? new Dictionary<string, ReadOnlyMemory<byte>>();

    private static byte[] ReadFile(string path) => SmallFile.Read(path, TextTokenizer.MaxFileBytes, "file of a tokenizer");
}
