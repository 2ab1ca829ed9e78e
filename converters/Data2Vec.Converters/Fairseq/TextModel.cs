using Data2Vec.Architectures;
using Data2Vec.Converters.Layouts;
using Data2Vec.Text;

namespace Data2Vec.Converters.Fairseq;

/// <summary>Data2vec text models in fairseq checkpoints, pretrained or with a sentence classification head.</summary>
internal static class TextModel
{
    public const string Name = "data2vec_text";
    private const string Encoder = "encoder.sentence_encoder.";
    private const string Head = "classification_heads.sentence_classification_head";

    private const string TeacherKey = "encoder._ema";

    // A version number, and what only pre-training uses: the regression head and the teacher.
    private static readonly string[] s_leftOut = [$"{Encoder}version", "encoder.regression_head.", TeacherKey];

    private static readonly TensorNames s_names = Names();

    /// <summary>Reads the structure of a text model.</summary>
    /// <param name="checkpoint">A checkpoint of <see cref="Name"/>.</param>
    /// <param name="options">What was given beside it.</param>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static SourceModel Read(FairseqCheckpoint checkpoint, ConversionOptions options)
    {
        int? classes = checkpoint.Weights.Size($"{Head}.out_proj.weight", 2, 0, Limits.Size);
        IReadOnlyList<string>? labels = LabelFile.For(classes, options.LabelsPath);
        TextConfig config = ReadConfig(checkpoint, labels);
        TextTokenizer? tokenizer = TokenizerFiles.Given(options, config);
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return new SourceModel
        {
            Architecture = ModelArchitecture.Data2VecText,
            Format = FairseqCheckpoint.Format,
            Name = Name,
            Description = $"data2vec text model, {head}{(tokenizer is null ? ", without tokenizer" : "")} (fairseq {Name})",
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            Weights = checkpoint.Weights,
            Names = s_names,
            LeftOut = s_leftOut,
            Teacher = checkpoint.Weights.Group(TeacherKey),
            TeacherName = SourceModel.WithoutPrefix(Encoder),
            Assets = TokenizerFiles.Assets(tokenizer),
        };
    }

    private static TensorNames Names()
    {
        var names = new TensorNames(Encoder)
        {
            { "token_embedding", "embed_tokens" },
            { "position_embedding", "embed_positions" },
            { "embedding_norm", "layernorm_embedding" },
        };
        PostNormLayerNames.AddTo(names, "layers.{i}");
        names.AddHead("classifier.dense", $"{Head}.dense");
        names.AddHead("classifier.output", $"{Head}.out_proj");
        return names;
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
        int hidden = encoder.Integer("embed_dim", 768, 1, Limits.Size);
        return new TextConfig
        {
            VocabularySize = checkpoint.Weights.RequireSize($"{Encoder}embed_tokens.weight", 2, 0, Limits.Tokens),
            MaxTokens = checkpoint.Model.Integer("max_positions", 512, 3, Limits.Size),
            HiddenSize = hidden,
            Layers = encoder.Integer("layers", 12, 1, Limits.Layers),
            Heads = encoder.Divisor("attention_heads", 12, hidden, "embed_dim"),
            FeedForwardSize = encoder.Integer("ffn_embed_dim", 3072, 1, Limits.Size),
            Labels = labels,
        };
    }

    private static FairseqOptions Group(FairseqOptions options, string name) =>
        options.Group(name) ?? throw new InvalidDataException($"the options {name} are missing from the checkpoint");
}
