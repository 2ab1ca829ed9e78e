using Data2Vec.Text;

namespace Data2Vec.Converters.Layouts;

/// <summary>The tokenizers of text models.</summary>
internal static class TokenizerFiles
{
    /// <summary>The tokenizer of the files that were given for a conversion, or null where none were.</summary>
    /// <exception cref="InvalidDataException">A file is damaged or missing, or they are not those of the model.</exception>
    public static TextTokenizer? Given(ConversionOptions options, TextConfig config)
    {
        options.RefuseVocabulary();
        if (options.BytePairFiles is not { } files)
        {
            return options.DictionaryPath is null
                ? null
                : throw new InvalidDataException(
                    "the dictionary of a text model is of use only with its tokenizer; give encoder.json and vocab.bpe too");
        }

        if (options.DictionaryPath is null)
        {
            throw new InvalidDataException("the tokenizer of a text model needs the model's dictionary too (dict.txt)");
        }

        TextTokenizer tokenizer = TextTokenizer.FromFairseq(
            ReadFile(files.EncoderPath), ReadFile(files.MergesPath), ReadFile(options.DictionaryPath));
        return tokenizer.VocabularySize == config.VocabularySize
            ? tokenizer
            : throw new InvalidDataException(
                $"the dictionary gives {tokenizer.VocabularySize} token ids, the special ones included, and the model has {config.VocabularySize}");
    }

    /// <summary>A tokenizer that lay beside a model, after it was seen to be the model's.</summary>
    /// <exception cref="InvalidDataException">It has ids that the model does not have, or another one for padding.</exception>
    public static TextTokenizer Checked(TextTokenizer tokenizer, TextConfig config) =>
        tokenizer.VocabularySize <= config.VocabularySize && tokenizer.PadId == config.PaddingId
            ? tokenizer
            : throw new InvalidDataException($"the tokenizer gives {tokenizer.VocabularySize} token ids, with {tokenizer.PadId} for padding, and the model has {config.VocabularySize}, with {config.PaddingId}");

    /// <summary>The tokenizer as a model file keeps it.</summary>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Assets(TextTokenizer? tokenizer) =>
        tokenizer?.ToAssets() is { } assets
            ? new (string Name, ReadOnlyMemory<byte>? Content)[] { (TextModel.VocabularyAsset, assets.Vocabulary), (TextModel.MergesAsset, assets.Merges) }
                .Where(asset => asset.Content is not null).ToDictionary(asset => asset.Name, asset => asset.Content!.Value)
            : new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>A file of a tokenizer.</summary>
    public static byte[] ReadFile(string path) => SmallFile.Read(path, TextTokenizer.MaxFileBytes, "file of a tokenizer");
}
