using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Converters.Layouts;
using Data2Vec.Kernels;

namespace Data2Vec.Converters.Fairseq;

/// <summary>data2vec 2.0 models of speech, pretrained or with a CTC head.</summary>
internal static class MultiAudio
{
    public const string Modality = "AUDIO";

    /// <summary>A speech model, with or without a CTC head.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="model">The options of the model itself.</param>
    /// <param name="normalize">Whether its inputs are normalized.</param>
    /// <param name="labels">The labels of a CTC head.</param>
    public static SourceModel Read(FairseqCheckpoint checkpoint, FairseqOptions model, bool? normalize, IReadOnlyList<string>? labels)
    {
        string prefix = labels is null ? "" : AudioModel.FineTunedPrefix;
        string encoder = $"{prefix}modality_encoders.{Modality}.";
        FairseqOptions modality = MultiModel.Options(model, "audio", extraTokens: 0);
        modality.Require("extractor_mode", "layer_norm", "layer_norm");
        modality.Require("use_alibi_encoder", false, true);
        modality.Require("conv_pos_pre_ln", false, false);
        (int hidden, int prenet, int layers, int heads, int feedForward, float epsilon) = MultiModel.Sizes(model, modality);
        if (epsilon != 1e-5f)
        {
            throw new InvalidDataException($"the option norm_eps is {epsilon}; of speech models only 1e-05 is supported");
        }

        int depth = modality.Integer("conv_pos_depth", 5, 1, Limits.Layers);
        int kernel = Math.Max(3, modality.Integer("conv_pos_width", 95, 1, Limits.Size) / depth);
        if (kernel % 2 == 0)
        {
            throw new InvalidDataException($"the options conv_pos_width and conv_pos_depth give a kernel of {kernel}; even kernels are not supported");
        }

        var config = new AudioConfig
        {
            FeatureExtractor = AudioModel.FeatureExtractor(modality, "feature_encoder_spec"),
            PositionalConvolution =
                [.. Enumerable.Repeat(new Conv1dShape(hidden, hidden, kernel, 1, kernel / 2, modality.Divisor("conv_pos_groups", 16, hidden, "embed_dim")), depth)],
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = feedForward,
            Architecture = ModelArchitecture.Data2Vec2Audio,
            Normalize = normalize ?? throw new InvalidDataException("the option normalize of the task is missing"),
            Labels = labels,
        };
        string scale = $"{encoder}alibi_scale";
        int scales = checkpoint.Weights.RequireSize(scale, 5, 0, Limits.Layers), scaledHeads = checkpoint.Weights.RequireSize(scale, 5, 2, Limits.Size);
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
        {
            names.Add($"positional_convolution.{i}.conv", $"relative_positional_encoder.{i + 1}.0");
        }

        MultiModel.AddBlocks(names, prefix, $"{encoder}context_encoder.", prenet, layers);
        names.AddHead("ctc", AudioModel.CtcHead);
        string head = labels is null ? ", pretrained" : $" with a CTC head of {labels.Count} labels";
        return new SourceModel
        {
            Format = FairseqCheckpoint.Format,
            Name = MultiModel.Pretrained,
            Description = $"data2vec 2.0 speech model{head} (fairseq {checkpoint.ModelName})",
            Architecture = ModelArchitecture.Data2Vec2Audio,
            Config = config.ToJson(),
            Tensors = tensors,
            Names = names,
            Weights = checkpoint.Weights,
            LeftOut = MultiModel.LeftOut(prefix, Modality),
            Teacher = MultiModel.Teacher(checkpoint, prefix),
            TeacherName = MultiModel.TeacherName(prefix, Modality, model, modality),
        };
    }
}
