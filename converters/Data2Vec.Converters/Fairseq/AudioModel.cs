using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Converters.Layouts;
using Data2Vec.Kernels;

namespace Data2Vec.Converters.Fairseq;

/// <summary>Data2vec speech models in fairseq checkpoints, pretrained or with a CTC head.</summary>
internal static class AudioModel
{
    public const string Pretrained = "data2vec_audio";
    public const string FineTuned = "wav2vec_ctc";

    /// <summary>What fine-tuned checkpoints put before the names of the model that was fine-tuned.</summary>
    public const string FineTunedPrefix = "w2v_encoder.w2v_model.";

    /// <summary>The CTC head of fine-tuned checkpoints, a linear layer.</summary>
    public const string CtcHead = "w2v_encoder.proj";
    private const string TeacherKey = "_ema";

    // Only pre-training uses these: what masked frames are replaced by, the regression head, and the teacher.
    private static readonly string[] s_leftOut = ["mask_emb", "final_proj.", TeacherKey];

    /// <summary>Reads the structure of a speech model.</summary>
    /// <param name="checkpoint">A checkpoint of <see cref="Pretrained"/> or <see cref="FineTuned"/>.</param>
    /// <param name="options">What was given beside it.</param>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static SourceModel Read(FairseqCheckpoint checkpoint, ConversionOptions options)
    {
        IReadOnlyList<string>? labels =
            options.DictionaryPath is null ? null : FairseqDictionary.ReadFile(options.DictionaryPath);
        if (checkpoint.ModelName == Pretrained)
        {
            if (labels is not null)
            {
                throw new InvalidDataException("a pretrained model has no CTC head, so that a dictionary is of no use to it");
            }

            return Source(
                checkpoint,
                ReadConfig(checkpoint.Model, checkpoint.Task.Boolean("normalize"), null),
                "",
                "data2vec speech model, pretrained (fairseq data2vec_audio)");
        }

        (FairseqOptions model, FairseqOptions task, string name) = checkpoint.FineTuned("w2v_args");
        if (name is not (Pretrained or MultiModel.Pretrained))
        {
            throw new InvalidDataException($"a CTC model around {ModelNames.Describe(name)}");
        }

        labels ??= FairseqDictionary.FromCheckpoint(checkpoint.Root)
            ?? throw new InvalidDataException(
                "the labels of the CTC head are missing from the checkpoint; give its dictionary (dict.ltr.txt)");
        CheckLabels(checkpoint.Weights, labels);
        bool? normalize = checkpoint.Task.Boolean("normalize") ?? task.Boolean("normalize");
        if (name == MultiModel.Pretrained)
        {
            return MultiAudio.Read(checkpoint, model, normalize, labels);
        }

        return Source(
            checkpoint,
            ReadConfig(model, normalize, labels),
            FineTunedPrefix,
            $"data2vec speech model with a CTC head of {labels.Count} labels (fairseq wav2vec_ctc)");
    }

    private static SourceModel Source(FairseqCheckpoint checkpoint, AudioConfig config, string prefix, string description) => new()
    {
        Architecture = ModelArchitecture.Data2VecAudio,
        Format = FairseqCheckpoint.Format,
        Name = Pretrained,
        Description = description,
        Config = config.ToJson(),
        Tensors = ModelTensors.Of(config),
        Weights = checkpoint.Weights,
        Names = Names(prefix),
        LeftOut = [.. s_leftOut.Select(name => prefix + name)],
        Teacher = checkpoint.Weights.Group(prefix + TeacherKey),
        TeacherName = SourceModel.WithoutPrefix(prefix + "encoder."),
    };

    private static TensorNames Names(string prefix)
    {
        var names = new TensorNames(prefix)
        {
            { "feature_extractor.{i}.conv", "feature_extractor.conv_layers.{i}.0" },
            { "feature_extractor.{i}.norm", "feature_extractor.conv_layers.{i}.2.1" },
            { "feature_projection.norm", "layer_norm" },
            { "feature_projection.linear", "post_extract_proj" },
            { "positional_convolution.{i}.conv", "encoder.pos_conv.{i}.0" },
            { "encoder.norm", "encoder.layer_norm" },
        };
        PostNormLayerNames.AddTo(names, "encoder.layers.{i}");
        names.AddHead("ctc", CtcHead);
        return names;
    }

    private static void CheckLabels(Weights weights, IReadOnlyList<string> labels)
    {
        if (weights.Find($"{CtcHead}.bias") is { Shape: [long outputs] } && outputs != labels.Count)
        {
            throw new InvalidDataException(
                $"the dictionary has {labels.Count} labels, the four special ones included, and the CTC head {outputs} outputs");
        }
    }

    private static AudioConfig ReadConfig(FairseqOptions options, bool? normalize, IReadOnlyList<string>? labels)
    {
        options.Require("extractor_mode", "default", "layer_norm");
        options.Require("activation_fn", "gelu", "gelu");
        options.Require("layer_type", "transformer", "transformer");
        options.Require("attn_type", "", "");
        options.Require("conv_bias", false, false);
        options.Require("layer_norm_first", false, false);

        int hidden = options.Integer("encoder_embed_dim", 768, 1, Limits.Size);
        int heads = options.Divisor("encoder_attention_heads", 12, hidden, "encoder_embed_dim");
        int groups = options.Divisor("conv_pos_groups", 16, hidden, "encoder_embed_dim");
        int depth = options.Integer("pos_conv_depth", 1, 1, Limits.Layers);
        int kernel = Math.Max(3, options.Integer("conv_pos", 128, 1, Limits.Size) / depth);
        if (depth < 2)
        {
            throw new InvalidDataException(
                "the option pos_conv_depth is 1; a single positional convolution with weight normalization is not supported");
        }

        if (kernel % 2 == 0)
        {
            throw new InvalidDataException(
                $"the options conv_pos and pos_conv_depth give a kernel of {kernel}; even kernels are not supported");
        }

        return new AudioConfig
        {
            FeatureExtractor = FeatureExtractor(options, "conv_feature_layers"),
            PositionalConvolution =
                Enumerable.Repeat(new Conv1dShape(hidden, hidden, kernel, 1, kernel / 2, groups), depth).ToArray(),
            HiddenSize = hidden,
            Layers = options.Integer("encoder_layers", 12, 1, Limits.Layers),
            Heads = heads,
            FeedForwardSize = options.Integer("encoder_ffn_embed_dim", 3072, 1, Limits.Size),
            Normalize = normalize ?? throw new InvalidDataException("the option normalize of the task is missing"),
            Labels = labels,
        };
    }

    /// <summary>The convolutions that an option lists.</summary>
    public static IReadOnlyList<Conv1dShape> FeatureExtractor(FairseqOptions options, string name)
    {
        string layers = options.Text(name) ?? throw new InvalidDataException($"the option {name} is missing");
        int channels = 1;
        var extractor = new List<Conv1dShape>();
        foreach ((int outputs, int width, int stride) in ConvolutionList.Parse(layers))
        {
            extractor.Add(new Conv1dShape(channels, outputs, width, stride));
            channels = outputs;
        }

        return extractor;
    }
}
