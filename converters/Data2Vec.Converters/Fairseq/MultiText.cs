using Data2Vec.Architectures;
using Data2Vec.Converters.Layouts;
using Data2Vec.Text;

namespace Data2Vec.Converters.Fairseq;

/// <summary>data2vec 2.0 models of texts, pretrained or with a classification head.</summary>
internal static class MultiText
{
    public const string Modality = "TEXT";
    private const string TextHead = "classification_heads.sentence_classification_head";

    /// <summary>A model, with or without a classification head; with no block of its own before the shared ones it is what data2vec was.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="model">The options of the model itself.</param>
    /// <param name="prefix">What stands before its names in a fine-tuned one; nothing in a pretrained one.</param>
    /// <param name="options">What was given beside it.</param>
    public static SourceModel Read(FairseqCheckpoint checkpoint, FairseqOptions model, string prefix, ConversionOptions options)
    {
        string encoder = $"{prefix}modality_encoders.{Modality}.";
        FairseqOptions modality = MultiModel.Options(model, "text", extraTokens: 0);
        modality.Require("use_alibi_encoder", false, false);
        modality.Require("learned_pos", true, true);
        modality.Require("no_scale_embedding", true, true);
        modality.Require("layernorm_embedding", true, true);
        modality.Require("no_token_positional_embeddings", false, false);
        (int hidden, int prenet, int layers, int heads, int feedForward, float epsilon) = MultiModel.Sizes(model, modality);
        if (prenet != 0)
        {
            throw new InvalidDataException($"the option prenet_depth is {prenet}; of text models only 0 is supported");
        }

        if (epsilon != 1e-5f)
        {
            throw new InvalidDataException($"the option norm_eps is {epsilon}; of text models only 1e-05 is supported");
        }

        int? classes = prefix.Length > 0 ? checkpoint.Weights.RequireSize($"{TextHead}.out_proj.weight", 2, 0, Limits.Size) : null;
        var config = new TextConfig
        {
            VocabularySize = checkpoint.Weights.RequireSize($"{encoder}local_encoder.embed_tokens.weight", 2, 0, Limits.Tokens),
            MaxTokens = modality.Integer("max_source_positions", 512, 3, Limits.Size),
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = feedForward,
            Labels = LabelFile.For(classes, options.LabelsPath),
        };
        var names = new TensorNames($"{encoder}local_encoder.")
        {
            { "token_embedding", "embed_tokens" },
            { "position_embedding", "embed_positions" },
            { "embedding_norm", "layernorm_embedding" },
        };
        MultiModel.AddBlocks(names, prefix, "", prenet, layers);
        names.AddHead("classifier.dense", $"{TextHead}.dense");
        names.AddHead("classifier.output", $"{TextHead}.out_proj");
        TextTokenizer? tokenizer = TokenizerFiles.Given(options, config);
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return new SourceModel
        {
            Format = FairseqCheckpoint.Format,
            Name = MultiModel.Pretrained,
            Description = $"data2vec 2.0 text model, {head}{(tokenizer is null ? ", without tokenizer" : "")} (fairseq {checkpoint.ModelName})",
            Architecture = ModelArchitecture.Data2VecText,
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            Names = names,
            Assets = TokenizerFiles.Assets(tokenizer),
            Weights = checkpoint.Weights,
            LeftOut = MultiModel.LeftOut(prefix, Modality),
            Teacher = MultiModel.Teacher(checkpoint, prefix),
            TeacherName = MultiModel.TeacherName(prefix, Modality, model, modality),
        };
    }
}
