using Data2Vec.Architectures;
using System.Text;
using Data2Vec.Converters.Layouts;
using Data2Vec.Text;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>
/// BERT (Devlin et al. 2018): <c>BertModel</c>, <c>…ForMaskedLM</c> and <c>…ForSequenceClassification</c> of Hugging Face, and checkpoints of 2019,
/// when the package was called pytorch-transformers, which have no configuration: their structure is told by the weights.
/// </summary>
internal static class BertModel
{
    public const string Prefix = "bert.";
    private const string Name = "bert", Head = "classifier";

    /// <summary>Features of a head in every published BERT; the weights do not tell.</summary>
    private const int HeadSize = 64;

    /// <summary>Reads a folder's model.</summary>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static SourceModel Read(HuggingFaceFolder folder, ConversionOptions options)
    {
        string prefix = HuggingFaceModel.PrefixOf(folder.Weights, Prefix);
        TextConfig config = HuggingFaceText.ReadConfig(folder.Config, true, Labels(folder.Weights, options, folder.Config.Labels));
        TextTokenizer? tokenizer = TokenizerOf(options, ref config);
        if (tokenizer is null && folder.FilePath("vocab.txt") is { } vocabulary)
        {
            tokenizer = Read(TokenizerFiles.ReadFile(vocabulary), Preparation(folder), ref config);
        }

        return Model(folder.Weights, prefix, config, tokenizer, "Hugging Face");
    }

    /// <summary>Whether weights without a configuration are such a model's.</summary>
    public static bool IsOne(Weights weights) => weights.Contains($"{Prefix}embeddings.token_type_embeddings.weight");

    /// <summary>Reads a model without a configuration.</summary>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static SourceModel Read(Weights weights, ConversionOptions options)
    {
        TextConfig config = ReadConfig(weights, Prefix) with { Labels = Labels(weights, options, null) };
        TextTokenizer? tokenizer = TokenizerOf(options, ref config);
        return Model(weights, Prefix, config, tokenizer, "pytorch-transformers");
    }

    /// <summary>The structure that the weights tell.</summary>
    /// <exception cref="InvalidDataException">It is not supported.</exception>
    public static TextConfig ReadConfig(Weights weights, string prefix)
    {
        string words = $"{prefix}embeddings.word_embeddings.weight";
        int hidden = weights.RequireSize(words, 2, 1, Limits.Size), layers = 0;
        if (hidden % HeadSize != 0)
        {
            throw new InvalidDataException($"{words} has vectors of {hidden} numbers, which are not heads of {HeadSize}");
        }

        while (layers < Limits.Layers && weights.Contains($"{prefix}encoder.layer.{layers}.intermediate.dense.weight"))
        {
            layers++;
        }

        return new TextConfig
        {
            Architecture = ModelArchitecture.Bert,
            VocabularySize = weights.RequireSize(words, 2, 0, Limits.Tokens),
            MaxTokens = weights.RequireSize($"{prefix}embeddings.position_embeddings.weight", 2, 0, Limits.Size),
            HiddenSize = hidden,
            Layers = layers,
            Heads = hidden / HeadSize,
            FeedForwardSize = weights.RequireSize($"{prefix}encoder.layer.0.intermediate.dense.weight", 2, 0, Limits.Size),
            Epsilon = 1e-12f,
        };
    }

    /// <summary>What the layout calls the tensors; the gains and biases of norms had other names in 2019's first checkpoints.</summary>
    public static TensorNames Names(Weights weights, string prefix)
    {
        TensorNames names = HuggingFaceText.EncoderNames(prefix);
        if (weights.Contains($"{prefix}embeddings.LayerNorm.gamma"))
        {
            foreach ((string name, TensorPlace place) in names.Where(entry => entry.Key.EndsWith("_norm", StringComparison.Ordinal)).ToArray())
            {
                names.AddHead($"{name}.weight", $"{place.Name}.gamma");
                names.AddHead($"{name}.bias", $"{place.Name}.beta");
            }
        }

        names.Add("classifier.dense", "pooler.dense");
        names.AddHead("classifier.output", Head);
        return names;
    }

    /// <summary>Names that inference has no use for.</summary>
    public static IReadOnlyList<string> LeftOut(string prefix, bool hasHead) =>
        [$"{prefix}embeddings.position_ids", .. hasHead ? Array.Empty<string>() : [$"{prefix}pooler."]];

    /// <summary>The tokenizer that was given for a conversion, which <paramref name="config"/> then describes; or null.</summary>
    /// <exception cref="InvalidDataException">The vocabulary is damaged, or not the model's.</exception>
    public static TextTokenizer? TokenizerOf(ConversionOptions options, ref TextConfig config)
    {
        options.RefuseBytePairs();
        if (options.VocabularyPath is null)
        {
            return null;
        }

        byte[] file = TokenizerFiles.ReadFile(options.VocabularyPath);
        bool isUncased = !Encoding.UTF8.GetString(file).Split('\n').Any(piece => !piece.StartsWith('[') && piece.Any(char.IsUpper));
        return Read(file, new WordPieceOptions { Lowercase = isUncased, StripAccents = isUncased }, ref config);
    }

    private static IReadOnlyList<string>? Labels(Weights weights, ConversionOptions options, Func<int, IReadOnlyList<string>?>? known) =>
        LabelFile.For(weights.Size($"{Head}.weight", 2, 0, Limits.Size), options.LabelsPath, known);

    private static SourceModel Model(Weights weights, string prefix, TextConfig config, TextTokenizer? tokenizer, string layout)
    {
        string head = config.Labels is { } labels ? $"with a classification head of {labels.Count} labels" : "pretrained";
        return new SourceModel
        {
            Architecture = ModelArchitecture.Bert,
            Format = HuggingFaceModel.Format,
            Name = Name,
            Description = $"BERT, {head}{(tokenizer is null ? ", without tokenizer" : "")} ({layout})",
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            Weights = weights,
            Names = Names(weights, prefix),
            LeftOut = ["cls.", .. LeftOut(prefix, config.Labels is not null)],
            Assets = TokenizerFiles.Assets(tokenizer),
        };
    }

    private static TextTokenizer Read(byte[] vocabulary, WordPieceOptions preparation, ref TextConfig config)
    {
        TextTokenizer tokenizer = TextTokenizer.FromWordPieces(vocabulary, preparation);
        config = config with { WordPieces = preparation };
        return TokenizerFiles.Checked(tokenizer, config);
    }

    /// <summary>How transformers' <c>BertTokenizer</c> prepares text.</summary>
    private static WordPieceOptions Preparation(HuggingFaceFolder folder)
    {
        HuggingFaceOptions? options = folder.Options("tokenizer_config.json");
        bool lowercase = options?.Flag("do_lower_case", true) ?? true, strip = options?.Flag("strip_accents", lowercase) ?? lowercase;
        if (strip && !lowercase)
        {
            throw options!.Bad("strip_accents", "is true without do_lower_case, which is not supported");
        }

        return new WordPieceOptions { Lowercase = lowercase, StripAccents = strip, SplitChinese = options?.Flag("tokenize_chinese_chars", true) ?? true };
    }
}
