using Data2Vec.Architectures;
using Data2Vec.Converters.Layouts;
using Data2Vec.Text;

namespace Data2Vec.Converters.HuggingFace;

/// <summary><c>Data2VecTextModel</c>, <c>…ForMaskedLM</c> and <c>…ForSequenceClassification</c>.</summary>
internal static class HuggingFaceText
{
    public const string Prefix = "data2vec_text.";
    private const string Head = "classifier";

    // Heads for other tasks than classification, and the numbers of the positions, which follow from the tokens.
    private static readonly string[] s_leftOut = ["pooler.", "embeddings.position_ids"];

    public static SourceModel Read(HuggingFaceFolder folder, ConversionOptions options)
    {
        string prefix = HuggingFaceModel.PrefixOf(folder.Weights, Prefix);
        int? classes = folder.Weights.Size($"{Head}.out_proj.weight", 2, 0, Limits.Size);
        TextConfig config = ReadConfig(folder.Config, false, LabelFile.For(classes, options.LabelsPath, folder.Config.Labels));
        TextTokenizer? tokenizer = TokenizerFiles.Given(options, config) ?? Tokenizer(folder, config);
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return new SourceModel
        {
            Architecture = ModelArchitecture.Data2VecText,
            Format = HuggingFaceModel.Format,
            Name = "data2vec-text",
            Description = $"data2vec text model, {head}{(tokenizer is null ? ", without tokenizer" : "")} (Hugging Face Data2VecText)",
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            Weights = folder.Weights,
            Names = Names(prefix),
            LeftOut = ["lm_head.", .. s_leftOut.Select(name => prefix + name)],
            Assets = TokenizerFiles.Assets(tokenizer),
        };
    }

    private static TensorNames Names(string prefix)
    {
        TensorNames names = EncoderNames(prefix);
        names.AddHead("classifier.dense", $"{Head}.dense");
        names.AddHead("classifier.output", $"{Head}.out_proj");
        return names;
    }

    /// <summary>What the layout calls the tensors of an encoder, data2vec's or BERT's.</summary>
    public static TensorNames EncoderNames(string prefix)
    {
        const string Layer = "encoder.layer.{i}";
        return new TensorNames(prefix)
        {
            { "token_embedding", "embeddings.word_embeddings" },
            // All tokens are of one type, so that its vector goes with every position's.
            { "position_embedding", new TensorPlace("embeddings.position_embeddings") { AddedRow = "embeddings.token_type_embeddings.weight" } },
            { "embedding_norm", "embeddings.LayerNorm" },
            { "encoder.{i}.attention.query", $"{Layer}.attention.self.query" },
            { "encoder.{i}.attention.key", $"{Layer}.attention.self.key" },
            { "encoder.{i}.attention.value", $"{Layer}.attention.self.value" },
            { "encoder.{i}.attention.output", $"{Layer}.attention.output.dense" },
            { "encoder.{i}.attention_norm", $"{Layer}.attention.output.LayerNorm" },
            { "encoder.{i}.feed_forward.intermediate", $"{Layer}.intermediate.dense" },
            { "encoder.{i}.feed_forward.output", $"{Layer}.output.dense" },
            { "encoder.{i}.feed_forward_norm", $"{Layer}.output.LayerNorm" },
        };
    }

    /// <summary>The structure of an encoder, data2vec's or BERT's.</summary>
    /// <exception cref="InvalidDataException">It is not supported.</exception>
    public static TextConfig ReadConfig(HuggingFaceOptions config, bool isBert, IReadOnlyList<string>? labels)
    {
        config.Require("hidden_act", "gelu");
        config.Require("position_embedding_type", "absolute");
        config.Require("is_decoder", false, false);
        config.Require("add_cross_attention", false, false);
        int hidden = config.Integer("hidden_size", 768, 1, Limits.Size);
        var known = new TextConfig
        {
            Architecture = isBert ? ModelArchitecture.Bert : ModelArchitecture.Data2VecText,
            VocabularySize = config.Integer("vocab_size", 30_522, 5, Limits.Tokens),
            MaxTokens = config.Integer("max_position_embeddings", 512, 5, Limits.Size),
            HiddenSize = hidden,
            Layers = config.Integer("num_hidden_layers", 12, 1, Limits.Layers),
            Heads = config.Divisor("num_attention_heads", 12, hidden),
            FeedForwardSize = config.Integer("intermediate_size", 3072, 1, Limits.Size),
            Epsilon = config.Number("layer_norm_eps", 1e-12f),
            Labels = labels,
        };
        int padding = config.Integer("pad_token_id", known.PaddingId, 0, Limits.Tokens);
        return padding == known.PaddingId
            ? known with { MaxTokens = known.MaxTokens - known.FirstPosition }
            : throw config.Bad("pad_token_id", $"is {padding}; only {known.PaddingId} is supported");
    }

    private static TextTokenizer? Tokenizer(HuggingFaceFolder folder, TextConfig config)
    {
        TextTokenizer? tokenizer;
        if (folder.FilePath("vocab.json") is { } vocabulary && folder.FilePath("merges.txt") is { } merges)
        {
            tokenizer = TextTokenizer.FromVocabAndMerges(TokenizerFiles.ReadFile(vocabulary), TokenizerFiles.ReadFile(merges));
        }
        else if (folder.FilePath("tokenizer.json") is { } file)
        {
            tokenizer = TextTokenizer.FromTokenizerJson(TokenizerFiles.ReadFile(file));
        }
        else
        {
            return null;
        }

        return TokenizerFiles.Checked(tokenizer, config);
    }
}
