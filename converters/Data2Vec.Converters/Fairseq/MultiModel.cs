using Data2Vec.Converters.Layouts;

namespace Data2Vec.Converters.Fairseq;

/// <summary>
/// data2vec 2.0 models (Baevski et al. 2023) in fairseq checkpoints: one encoder of one kind of input, and blocks that would be
/// the same for all; pretrained, or with a head.
/// </summary>
internal static class MultiModel
{
    public const string Pretrained = "data2vec_multi";
    public const string ImageClassification = "mae_image_classification";
    public const string TextClassification = "data2vec_text_classification";

    /// <summary>What fine-tuned models of images and texts put before the names of the model that was fine-tuned.</summary>
    private const string FineTunedPrefix = "model.";
    private const string TeacherKey = "_ema";

    /// <summary>fairseq's default of <c>norm_eps</c>.</summary>
    private const double DefaultEpsilon = 1e-6;

    /// <summary>Reads a pretrained model.</summary>
    public static SourceModel Read(FairseqCheckpoint checkpoint, ConversionOptions options)
    {
        switch (checkpoint.Model.Text("supported_modality"))
        {
            case MultiAudio.Modality:
                options.RefuseForSpeech();
                if (options.DictionaryPath is not null)
                {
                    throw new InvalidDataException("a pretrained model has no CTC head, so that a dictionary is of no use to it");
                }

                return MultiAudio.Read(checkpoint, checkpoint.Model, checkpoint.Task.Boolean("normalize"), null);
            case MultiVision.Modality:
                options.RefuseForImages();
                return MultiVision.Read(checkpoint, checkpoint.Model, "", options);
            case MultiText.Modality:
                return MultiText.Read(checkpoint, checkpoint.Model, "", options);
            case var other:
                throw new InvalidDataException(
                    $"a data2vec 2.0 model of the modality '{PyTorch.PickleText.Quote(other ?? "")}'; AUDIO, IMAGE and TEXT are supported");
        }
    }

    /// <summary>Reads a model of images or texts with a classification head.</summary>
    public static SourceModel ReadFineTuned(FairseqCheckpoint checkpoint, ConversionOptions options)
    {
        (FairseqOptions model, _, string name) = checkpoint.FineTuned("pretrained_model_args");
        if (name != Pretrained)
        {
            throw new InvalidDataException($"a classification model around {ModelNames.Describe(name)}");
        }

        if (checkpoint.ModelName == TextClassification)
        {
            checkpoint.Model.Require("pooler_activation_fn", "tanh", "tanh");
            return MultiText.Read(checkpoint, model, FineTunedPrefix, options);
        }

        options.RefuseForImages();
        checkpoint.Model.Require("linear_classifier", false, false);
        checkpoint.Model.Require("use_fc_norm", true, true);
        checkpoint.Model.RequireMember("prediction_mode", "MEAN_POOLING", 1);
        return MultiVision.Read(checkpoint, model, FineTunedPrefix, options);
    }

    /// <summary>Names that inference has no use for: the decoder and the teacher are for pre-training alone.</summary>
    public static string[] LeftOut(string prefix, string modality)
    {
        string local = Local(prefix, modality);
        return [prefix + TeacherKey, $"{prefix}shared_decoder.", $"{local}decoder.", $"{local}encoder_mask", $"{prefix}recon_proj.", $"{local}recon_proj."];
    }

    /// <summary>The teacher's weights, or null where there are none.</summary>
    public static Weights? Teacher(FairseqCheckpoint checkpoint, string prefix) => checkpoint.Weights.Group(prefix + TeacherKey);

    /// <summary>What the teacher calls a weight: it has the shared blocks alone, or all but what only the student trains.</summary>
    public static Func<string, string?> TeacherName(string prefix, string modality, FairseqOptions model, FairseqOptions encoder)
    {
        if (model.Boolean("ema_encoder_only") ?? true)
        {
            return SourceModel.WithoutPrefix($"{prefix}blocks.");
        }

        string local = Local(prefix, modality);
        bool ownLocal = encoder.Boolean("ema_local_encoder") ?? false;
        return name =>
        {
            bool isLocal = name.StartsWith($"{local}local_encoder.", StringComparison.Ordinal) || name.StartsWith($"{local}project_features.", StringComparison.Ordinal);
            return ownLocal || !isLocal ? name[prefix.Length..] : null;
        };
    }

    /// <summary>The options of the one kind of input that a model has.</summary>
    public static FairseqOptions Options(FairseqOptions model, string name, int extraTokens)
    {
        model.Require("layer_norm_first", false, false);
        model.Require("norm_affine", true, true);
        FairseqOptions modality = model.Group("modalities")?.Group(name)
            ?? throw new InvalidDataException($"the options modalities.{name} are missing from the checkpoint");
        modality.Require("learned_alibi", false, false);
        int tokens = modality.Integer("num_extra_tokens", 0, 0, Limits.Size);
        return tokens == extraTokens
            ? modality
            : throw new InvalidDataException($"the option num_extra_tokens is {tokens}; of this kind of model only {extraTokens} is supported");
    }

    /// <summary>The sizes of the transformer, the blocks of the one kind of input first.</summary>
    public static (int Hidden, int Prenet, int Layers, int Heads, int FeedForward, float Epsilon) Sizes(FairseqOptions model, FairseqOptions modality)
    {
        int hidden = model.Integer("embed_dim", 768, 1, Limits.Size);
        int heads = model.Divisor("num_heads", 12, hidden, "embed_dim");
        if (modality.Integer("num_alibi_heads", heads, 1, Limits.Size) != heads)
        {
            throw new InvalidDataException("the option num_alibi_heads is not num_heads");
        }

        int prenet = modality.Integer("prenet_depth", 4, 0, Limits.Layers);
        return (hidden, prenet, prenet + model.Integer("depth", 8, 1, Limits.Layers), heads, model.FeedForwardSize(hidden), (float)model.Number("norm_eps", DefaultEpsilon));
    }

    /// <summary>The blocks of the one kind of input, then those that all would have; each its own, as their names differ.</summary>
    public static void AddBlocks(TensorNames names, string prefix, string context, int prenet, int layers)
    {
        string[] parts = ["query", "key", "value"];
        for (int i = 0; i < layers; i++)
        {
            string block = i < prenet ? $"{context}blocks.{i}" : $"{prefix}blocks.{i - prenet}";
            for (int part = 0; part < parts.Length; part++)
            {
                foreach (string kind in new[] { "weight", "bias" })
                {
                    names.AddHead($"encoder.{i}.attention.{parts[part]}.{kind}", new TensorPlace($"{block}.attn.qkv.{kind}", part, parts.Length));
                }
            }

            names.AddHead($"encoder.{i}.attention.output", $"{block}.attn.proj");
            names.AddHead($"encoder.{i}.attention_norm", $"{block}.norm1");
            names.AddHead($"encoder.{i}.feed_forward.intermediate", $"{block}.mlp.fc1");
            names.AddHead($"encoder.{i}.feed_forward.output", $"{block}.mlp.fc2");
            names.AddHead($"encoder.{i}.feed_forward_norm", $"{block}.norm2");
        }
    }

    private static string Local(string prefix, string modality) => $"{prefix}modality_encoders.{modality}.";
}
