using Data2Vec.Audio;
using Data2Vec.Converters.Layouts;
using Data2Vec.Kernels;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

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
    private const string TextHead = "classification_heads.sentence_classification_head";
    private const int MaxSize = 1 << 16;
    private const int MaxLayers = 1_000;
    private const int MaxTokens = 1 << 24;

    /// <summary>fairseq's default of <c>norm_eps</c>.</summary>
    private const double DefaultEpsilon = 1e-6;

    /// <summary>Reads a pretrained model.</summary>
    public static SourceModel Read(FairseqCheckpoint checkpoint, ConversionOptions options)
    {
        switch (checkpoint.Model.Text("supported_modality"))
        {
            case "AUDIO":
                options.RefuseForSpeech();
                if (options.DictionaryPath is not null)
                    throw new InvalidDataException("a pretrained model has no CTC head, so that a dictionary is of no use to it");
                return Audio(checkpoint, checkpoint.Model, checkpoint.Task.Boolean("normalize"), null);
            case "IMAGE":
                options.RefuseForImages();
                return Image(checkpoint, checkpoint.Model, "", options);
            case "TEXT":
                return Text(checkpoint, checkpoint.Model, "", options);
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
            throw new InvalidDataException($"a classification model around {ModelNames.Describe(name)}");
        if (checkpoint.ModelName == TextClassification)
        {
            checkpoint.Model.Require("pooler_activation_fn", "tanh", "tanh");
            return Text(checkpoint, model, FineTunedPrefix, options);
        }

        options.RefuseForImages();
        checkpoint.Model.Require("linear_classifier", false, false);
        checkpoint.Model.Require("use_fc_norm", true, true);
        checkpoint.Model.RequireMember("prediction_mode", "MEAN_POOLING", 1);
        return Image(checkpoint, model, FineTunedPrefix, options);
    }

    /// <summary>A speech model, with or without a CTC head.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="model">The options of the model itself.</param>
    /// <param name="normalize">Whether its inputs are normalized.</param>
    /// <param name="labels">The labels of a CTC head.</param>
    public static SourceModel Audio(FairseqCheckpoint checkpoint, FairseqOptions model, bool? normalize, IReadOnlyList<string>? labels)
    {
        string prefix = labels is null ? "" : AudioModel.FineTunedPrefix;
        string encoder = $"{prefix}modality_encoders.AUDIO.";
        FairseqOptions modality = Modality(model, "audio", extraTokens: 0);
        modality.Require("extractor_mode", "layer_norm", "layer_norm");
        modality.Require("use_alibi_encoder", false, true);
        modality.Require("conv_pos_pre_ln", false, false);
        (int hidden, int prenet, int layers, int heads, int feedForward, float epsilon) = Sizes(model, modality);
        if (epsilon != 1e-5f)
            throw new InvalidDataException($"the option norm_eps is {epsilon}; of speech models only 1e-05 is supported");
        int depth = modality.Integer("conv_pos_depth", 5, 1, MaxLayers);
        int kernel = Math.Max(3, modality.Integer("conv_pos_width", 95, 1, MaxSize) / depth);
        if (kernel % 2 == 0)
            throw new InvalidDataException($"the options conv_pos_width and conv_pos_depth give a kernel of {kernel}; even kernels are not supported");
        var config = new AudioConfig
        {
            FeatureExtractor = AudioModel.FeatureExtractor(modality, "feature_encoder_spec"),
            PositionalConvolution =
                [.. Enumerable.Repeat(new Conv1dShape(hidden, hidden, kernel, 1, kernel / 2, modality.Divisor("conv_pos_groups", 16, hidden, "embed_dim")), depth)],
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = feedForward,
            Alibi = true,
            Normalize = normalize ?? throw new InvalidDataException("the option normalize of the task is missing"),
            Labels = labels,
        };
        string scale = $"{encoder}alibi_scale";
        int scales = checkpoint.Weights.RequireSize(scale, 5, 0, MaxLayers), scaledHeads = checkpoint.Weights.RequireSize(scale, 5, 2, MaxSize);
        TensorTable tensors = ModelTensors.Of(config);
        tensors.Add(new("encoder.alibi_scale", [scales, scaledHeads]) { SourceShape = [scales, 1, scaledHeads, 1, 1], Use = TensorUse.Values });
        var names = new TensorNames(encoder)
        {
            { "feature_extractor.{i}.conv", "local_encoder.conv_layers.{i}.0" },
            { "feature_extractor.{i}.norm", "local_encoder.conv_layers.{i}.2.1" },
            { "feature_projection.norm", "project_features.1" },
            { "feature_projection.linear", "project_features.2" },
            { "encoder.norm", "context_encoder.norm" },
            { "encoder.alibi_scale", "alibi_scale" },
        };
        for (int i = 0; i < depth; i++)
            names.Add($"positional_convolution.{i}.conv", $"relative_positional_encoder.{i + 1}.0");
        AddBlocks(names, prefix, $"{encoder}context_encoder.", prenet, layers);
        names.AddHead("ctc", AudioModel.CtcHead);
        string head = labels is null ? ", pretrained" : $" with a CTC head of {labels.Count} labels";
        return Source(checkpoint, prefix, "AUDIO", $"data2vec 2.0 speech model{head}", modality, model) with
        {
            Architecture = AudioConfig.AlibiArchitecture,
            Config = config.ToJson(),
            Tensors = tensors,
            Names = names,
        };
    }

    private static SourceModel Image(FairseqCheckpoint checkpoint, FairseqOptions model, string prefix, ConversionOptions options)
    {
        string encoder = $"{prefix}modality_encoders.IMAGE.";
        FairseqOptions modality = Modality(model, "image", extraTokens: 1);
        modality.Require("use_alibi_encoder", false, false);
        modality.Require("fixed_positions", true, true);
        (int hidden, int prenet, int layers, int heads, int feedForward, float epsilon) = Sizes(model, modality);
        if (modality.Integer("embed_dim", hidden, 1, MaxSize) != hidden)
            throw new InvalidDataException("the option embed_dim of the images is not the model's");
        int? classes = prefix.Length > 0 ? checkpoint.Weights.RequireSize("head.weight", 2, 0, MaxSize) : null;
        IReadOnlyList<string>? labels = LabelFile.For(classes, options.LabelsPath);
        (int image, int patch) = VisionModel.Grid(modality, "input_size", "in_chans");
        var config = new VisionConfig
        {
            Preprocessing = Preprocessing(image),
            ImageSize = image,
            PatchSize = patch,
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = feedForward,
            Epsilon = epsilon,
            PostNorm = true,
            FinalNorm = false,
            Labels = labels,
        };
        var names = new TensorNames(encoder)
        {
            { "patch_embedding", "local_encoder.proj" },
            { "class_token", "extra_tokens" },
            { "position_embedding.weight", "fixed_positional_encoder.positions" },
            { "encoder.norm", "context_encoder.norm" },
        };
        AddBlocks(names, prefix, $"{encoder}context_encoder.", prenet, layers);
        names.AddHead("classifier.norm", "fc_norm");
        names.AddHead("classifier.output", "head");
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return Source(checkpoint, prefix, "IMAGE", $"data2vec 2.0 vision model, {head}", modality, model) with
        {
            Architecture = VisionConfig.PostNormArchitecture,
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            Names = names,
        };
    }

    // What there is of data2vec 2.0 for texts, with no block of its own before the shared ones, is what data2vec was.
    private static SourceModel Text(FairseqCheckpoint checkpoint, FairseqOptions model, string prefix, ConversionOptions options)
    {
        string encoder = $"{prefix}modality_encoders.TEXT.";
        FairseqOptions modality = Modality(model, "text", extraTokens: 0);
        modality.Require("use_alibi_encoder", false, false);
        modality.Require("learned_pos", true, true);
        modality.Require("no_scale_embedding", true, true);
        modality.Require("layernorm_embedding", true, true);
        modality.Require("no_token_positional_embeddings", false, false);
        (int hidden, int prenet, int layers, int heads, int feedForward, float epsilon) = Sizes(model, modality);
        if (prenet != 0)
            throw new InvalidDataException($"the option prenet_depth is {prenet}; of text models only 0 is supported");
        if (epsilon != 1e-5f)
            throw new InvalidDataException($"the option norm_eps is {epsilon}; of text models only 1e-05 is supported");
        int? classes = prefix.Length > 0 ? checkpoint.Weights.RequireSize($"{TextHead}.out_proj.weight", 2, 0, MaxSize) : null;
        var config = new TextConfig
        {
            VocabularySize = checkpoint.Weights.RequireSize($"{encoder}local_encoder.embed_tokens.weight", 2, 0, MaxTokens),
            MaxTokens = modality.Integer("max_source_positions", 512, 3, MaxSize),
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
        AddBlocks(names, prefix, "", prenet, layers);
        names.AddHead("classifier.dense", $"{TextHead}.dense");
        names.AddHead("classifier.output", $"{TextHead}.out_proj");
        TextTokenizer? tokenizer = TokenizerFiles.Given(options, config);
        string head = classes is null ? "pretrained" : $"with a classification head of {classes} labels";
        return Source(checkpoint, prefix, "TEXT", $"data2vec 2.0 text model, {head}{(tokenizer is null ? ", without tokenizer" : "")}", modality, model) with
        {
            Architecture = TextConfig.Architecture,
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            Names = names,
            Assets = TokenizerFiles.Assets(tokenizer),
        };
    }

    /// <summary>What all kinds have in common; the rest is filled in by each.</summary>
    private static SourceModel Source(
        FairseqCheckpoint checkpoint, string prefix, string modality, string description, FairseqOptions encoder, FairseqOptions model)
    {
        string local = $"{prefix}modality_encoders.{modality}.";
        string blocks = $"{prefix}blocks.";
        bool blocksAlone = model.Boolean("ema_encoder_only") ?? true, ownLocal = encoder.Boolean("ema_local_encoder") ?? false;
        return new SourceModel
        {
            Architecture = "",
            Config = [],
            Tensors = [],
            Names = [],
            Format = FairseqCheckpoint.Format,
            Name = Pretrained,
            Description = $"{description} (fairseq {checkpoint.ModelName})",
            Weights = checkpoint.Weights,
            // The decoder and the teacher are for pre-training alone.
            LeftOut = [prefix + TeacherKey, $"{prefix}shared_decoder.", $"{local}decoder.", $"{local}encoder_mask", $"{prefix}recon_proj.", $"{local}recon_proj."],
            Teacher = checkpoint.Weights.Group(prefix + TeacherKey),
            TeacherName = name =>
            {
                if (blocksAlone)
                    return name.StartsWith(blocks, StringComparison.Ordinal) ? name[blocks.Length..] : null;
                bool isLocal = name.StartsWith($"{local}local_encoder.", StringComparison.Ordinal) || name.StartsWith($"{local}project_features.", StringComparison.Ordinal);
                return ownLocal || !isLocal ? name[prefix.Length..] : null;
            },
        };
    }

    /// <summary>The options of the one kind of input that a model has.</summary>
    private static FairseqOptions Modality(FairseqOptions model, string name, int extraTokens)
    {
        model.Require("layer_norm_first", false, false);
        model.Require("norm_affine", true, true);
        FairseqOptions modality = model.Group("modalities")?.Group(name)
            ?? throw new InvalidDataException($"the options modalities.{name} are missing from the checkpoint");
        modality.Require("learned_alibi", false, false);
        int tokens = modality.Integer("num_extra_tokens", 0, 0, MaxSize);
        return tokens == extraTokens
            ? modality
            : throw new InvalidDataException($"the option num_extra_tokens is {tokens}; of this kind of model only {extraTokens} is supported");
    }

    private static (int Hidden, int Prenet, int Layers, int Heads, int FeedForward, float Epsilon) Sizes(FairseqOptions model, FairseqOptions modality)
    {
        int hidden = model.Integer("embed_dim", 768, 1, MaxSize);
        int heads = model.Divisor("num_heads", 12, hidden, "embed_dim");
        if (modality.Integer("num_alibi_heads", heads, 1, MaxSize) != heads)
            throw new InvalidDataException("the option num_alibi_heads is not num_heads");
        int prenet = modality.Integer("prenet_depth", 4, 0, MaxLayers);
        double feedForward = Math.Floor(hidden * model.Number("mlp_ratio", 4));
        if (feedForward is < 1 or > MaxSize)
            throw new InvalidDataException($"the option mlp_ratio gives a feed-forward size of {feedForward}; it must be from 1 to {MaxSize}");
        return (hidden, prenet, prenet + model.Integer("depth", 8, 1, MaxLayers), heads, (int)feedForward, (float)model.Number("norm_eps", DefaultEpsilon));
    }

    /// <summary>The blocks of the one kind of input, then those that all would have; each its own, as their names differ.</summary>
    private static void AddBlocks(TensorNames names, string prefix, string context, int prenet, int layers)
    {
        string[] parts = ["query", "key", "value"];
        for (int i = 0; i < layers; i++)
        {
            string block = i < prenet ? $"{context}blocks.{i}" : $"{prefix}blocks.{i - prenet}";
            for (int part = 0; part < parts.Length; part++)
            {
                foreach (string kind in new[] { "weight", "bias" })
                    names.AddHead($"encoder.{i}.attention.{parts[part]}.{kind}", new TensorPlace($"{block}.attn.qkv.{kind}", part, parts.Length));
            }

            names.AddHead($"encoder.{i}.attention.output", $"{block}.attn.proj");
            names.AddHead($"encoder.{i}.attention_norm", $"{block}.norm1");
            names.AddHead($"encoder.{i}.feed_forward.intermediate", $"{block}.mlp.fc1");
            names.AddHead($"encoder.{i}.feed_forward.output", $"{block}.mlp.fc2");
            names.AddHead($"encoder.{i}.feed_forward_norm", $"{block}.norm2");
        }
    }

    // fairseq's evaluation brings the shorter side to 256 for 224 pixels and crops; above 224 it crops nothing off.
    private static ImagePreprocessing Preprocessing(int size)
    {
        const int Usual = 224;
        return ImagePreprocessing.ResizeThenCentreCrop(
            size <= Usual ? (int)(size / (Usual / 256.0)) : size, size, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation);
    }
}
