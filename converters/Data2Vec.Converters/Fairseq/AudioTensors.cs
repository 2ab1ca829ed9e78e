using Data2Vec.Audio;
using Data2Vec.Kernels;

namespace Data2Vec.Converters.Fairseq;

/// <summary>The tensors of a speech model under both their names.</summary>
internal static class AudioTensors
{
    /// <summary>What fine-tuned checkpoints put before the names of the model that was fine-tuned.</summary>
    public const string FineTunedPrefix = "w2v_encoder.w2v_model.";

    /// <summary>The CTC head of fine-tuned checkpoints, a linear layer.</summary>
    public const string CtcHead = "w2v_encoder.proj";

    // Only pre-training uses these: what masked frames are replaced by, and the regression head.
    private static readonly string[] s_leftOut = ["mask_emb", "final_proj."];

    /// <summary>The tensors of a model, in the order they are used.</summary>
    public static IReadOnlyList<TensorMapping> Of(AudioConfig config, string prefix)
    {
        var tensors = new List<TensorMapping>();
        int hidden = config.HiddenSize;
        int features = config.FeatureExtractor[^1].OutputChannels;

        for (int i = 0; i < config.FeatureExtractor.Count; i++)
        {
            Conv1dShape conv = config.FeatureExtractor[i];
            string source = $"{prefix}feature_extractor.conv_layers.{i}";
            tensors.Add(new($"feature_extractor.{i}.conv.weight", $"{source}.0.weight", WeightShape(conv)));
            AddNorm($"feature_extractor.{i}.norm", $"{source}.2.1", conv.OutputChannels);
        }

        AddNorm("feature_projection.norm", $"{prefix}layer_norm", features);
        AddLinear("feature_projection.linear", $"{prefix}post_extract_proj", features, hidden);

        for (int i = 0; i < config.PositionalConvolution.Count; i++)
        {
            Conv1dShape conv = config.PositionalConvolution[i];
            string name = $"positional_convolution.{i}.conv";
            string source = $"{prefix}encoder.pos_conv.{i}.0";
            tensors.Add(new($"{name}.weight", $"{source}.weight", WeightShape(conv), conv.Groups));
            tensors.Add(new($"{name}.bias", $"{source}.bias", [conv.OutputChannels]));
        }

        AddNorm("encoder.norm", $"{prefix}encoder.layer_norm", hidden);

        for (int i = 0; i < config.Layers; i++)
        {
            string name = $"encoder.{i}";
            string source = $"{prefix}encoder.layers.{i}";
            AddLinear($"{name}.attention.query", $"{source}.self_attn.q_proj", hidden, hidden);
            AddLinear($"{name}.attention.key", $"{source}.self_attn.k_proj", hidden, hidden);
            AddLinear($"{name}.attention.value", $"{source}.self_attn.v_proj", hidden, hidden);
            AddLinear($"{name}.attention.output", $"{source}.self_attn.out_proj", hidden, hidden);
            AddNorm($"{name}.attention_norm", $"{source}.self_attn_layer_norm", hidden);
            AddLinear($"{name}.feed_forward.intermediate", $"{source}.fc1", hidden, config.FeedForwardSize);
            AddLinear($"{name}.feed_forward.output", $"{source}.fc2", config.FeedForwardSize, hidden);
            AddNorm($"{name}.feed_forward_norm", $"{source}.final_layer_norm", hidden);
        }

        if (config.Labels is not null)
            AddLinear("ctc", CtcHead, hidden, config.Labels.Count);
        return tensors;

        void AddLinear(string name, string source, int inputs, int outputs)
        {
            tensors.Add(new($"{name}.weight", $"{source}.weight", [outputs, inputs]));
            tensors.Add(new($"{name}.bias", $"{source}.bias", [outputs]));
        }

        void AddNorm(string name, string source, int size)
        {
            tensors.Add(new($"{name}.weight", $"{source}.weight", [size]));
            tensors.Add(new($"{name}.bias", $"{source}.bias", [size]));
        }
    }

    /// <summary>Whether a tensor of a checkpoint is one that inference has no use for.</summary>
    public static bool IsLeftOut(string source, string prefix) =>
        source == prefix + FairseqCheckpoint.TeacherKey
        || (source.StartsWith(prefix, StringComparison.Ordinal)
            && s_leftOut.Any(name => name.EndsWith('.')
                ? source.AsSpan(prefix.Length).StartsWith(name, StringComparison.Ordinal)
                : source.AsSpan(prefix.Length).SequenceEqual(name)));

    private static int[] WeightShape(Conv1dShape conv) =>
        [conv.OutputChannels, conv.InputChannels / conv.Groups, conv.Kernel];
}
