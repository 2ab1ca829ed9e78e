using Data2Vec.Text;

namespace Data2Vec.Converters.Fairseq;

/// <summary>Data2vec text models in fairseq checkpoints, pretrained or with a sentence classification head.</summary>
internal static class TextModel
{
    public const string Name = "data2vec_text";
    private const string Encoder = "encoder.sentence_encoder.";
    private const string Head = "classification_heads.sentence_classification_head";
    private const int MaxSize = 1 << 16;
    private const int MaxLayers = 1_000;
    private const int MaxTokens = 1 << 24;

    // A version number, and what only pre-training uses: the regression head.
    private static readonly string[] s_leftOut = [$"{Encoder}version", "encoder.regression_head."];

    /// <summary>Reads the structure of a text model.</summary>
    /// <param name="checkpoint">A checkpoint of <see cref="Name"/>.</param>
    /// <param name="options">What was given beside it.</param>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static SourceModel Read(FairseqCheckpoint checkpoint, ConversionOptions options)
    {
        int? classes = checkpoint.Size($"{Head}.out_proj.weight", 2, 0, MaxSize);
        IReadOnlyList<string>? labels = LabelFile.For(classes, options.LabelsPath);
        TextConfig config = ReadConfig(checkpoint, labels);
        TextTokenizer? tokenizer = ReadTokenizer(options, config);
        TextTokenizerAssets? assets = tokenizer?.ToAssets();
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return new SourceModel
        {
            Architecture = TextConfig.Architecture,
            Name = Name,
            Description = $"data2vec text model, {head}{(tokenizer is null ? ", without tokenizer" : "")} (fairseq {Name})",
            Config = config.ToJson(),
            Weights = checkpoint.Weights,
            Tensors = Tensors(config),
            LeftOut = s_leftOut,
            TeacherKey = "encoder._ema",
            TeacherPrefix = Encoder,
            Assets = assets is null
                ? new Dictionary<string, ReadOnlyMemory<byte>>()
                : new Dictionary<string, ReadOnlyMemory<byte>>
                {
                    [Data2VecModel.VocabularyAsset] = assets.Vocabulary,
                    [Data2VecModel.MergesAsset] = assets.Merges,
                },
        };
    }

    private static TensorTable Tensors(TextConfig config)
    {
        int hidden = config.HiddenSize;
        var tensors = new TensorTable();
        tensors.AddTable("token_embedding", $"{Encoder}embed_tokens", config.VocabularySize, hidden);
        tensors.AddTable("position_embedding", $"{Encoder}embed_positions", config.Positions, hidden);
        tensors.AddNorm("embedding_norm", $"{Encoder}layernorm_embedding", hidden);
        for (int i = 0; i < config.Layers; i++)
            tensors.AddPostNormLayer($"encoder.{i}", $"{Encoder}layers.{i}", hidden, config.FeedForwardSize);
        if (config.Labels is not null)
        {
            tensors.AddLinear("classifier.dense", $"{Head}.dense", hidden, hidden);
            tensors.AddLinear("classifier.output", $"{Head}.out_proj", hidden, config.Labels.Count);
        }

        return tensors;
    }

    private static TextConfig ReadConfig(FairseqCheckpoint checkpoint, IReadOnlyList<string>? labels)
    {
        FairseqOptions transformer = Group(checkpoint.Model, "transformer");
        FairseqOptions encoder = Group(transformer, "encoder");
        transformer.Require("activation_fn", "gelu", "gelu");
        transformer.Require("layernorm_embedding", false, true);
        transformer.Require("no_scale_embedding", false, true);
        transformer.Require("no_token_positional_embeddings", false, false);
        encoder.Require("learned_pos", false, true);
        encoder.Require("normalize_before", false, false);
        int hidden = encoder.Integer("embed_dim", 768, 1, MaxSize);
        const string Tokens = $"{Encoder}embed_tokens.weight";
        return new TextConfig
        {
            VocabularySize = checkpoint.Size(Tokens, 2, 0, MaxTokens) ?? throw new InvalidDataException($"{Tokens} is missing"),
            MaxTokens = checkpoint.Model.Integer("max_positions", 512, 3, MaxSize),
            HiddenSize = hidden,
            Layers = encoder.Integer("layers", 12, 1, MaxLayers),
            Heads = encoder.Divisor("attention_heads", 12, hidden, "embed_dim"),
            FeedForwardSize = encoder.Integer("ffn_embed_dim", 3072, 1, MaxSize),
            Labels = labels,
        };
    }

    private static FairseqOptions Group(FairseqOptions options, string name) =>
        options.Group(name) ?? throw new InvalidDataException($"the options {name} are missing from the checkpoint");

    private static TextTokenizer? ReadTokenizer(ConversionOptions options, TextConfig config)
    {
        if (options.BytePairFiles is not { } files)
        {
            return options.DictionaryPath is null
                ? null
                : throw new InvalidDataException(
                    "the dictionary of a text model is of use only with its tokenizer; give encoder.json and vocab.bpe too");
        }

        if (options.DictionaryPath is null)
            throw new InvalidDataException("the tokenizer of a text model needs the model's dictionary too (dict.txt)");
        TextTokenizer tokenizer = TextTokenizer.FromFairseq(
            ReadFile(files.EncoderPath), ReadFile(files.MergesPath), ReadFile(options.DictionaryPath));
        return tokenizer.VocabularySize == config.VocabularySize
            ? tokenizer
            : throw new InvalidDataException(
                $"the dictionary gives {tokenizer.VocabularySize} token ids, the special ones included, and the model has {config.VocabularySize}");
    }

    private static byte[] ReadFile(string path) => new FileInfo(path).Length <= TextTokenizer.MaxFileBytes
        ? File.ReadAllBytes(path)
        : throw new InvalidDataException(
            $"{Path.GetFileName(path)}: larger than {TextTokenizer.MaxFileBytes >> 20} MiB, so this is no file of a tokenizer");
}
