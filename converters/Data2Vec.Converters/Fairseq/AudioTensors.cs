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

    /// <summary>Only pre-training uses these: what masked frames are replaced by, and the regression head.</summary>
    public static readonly string[] LeftOut = ["mask_emb", "final_proj."];

    /// <summary>The tensors of a model, in the order they are used.</summary>
    public static TensorTable Of(AudioConfig config, string prefix)
    {
        var tensors = new TensorTable();
        int hidden = config.HiddenSize;
        int features = config.FeatureExtractor[^1].OutputChannels;

        for (int i = 0; i < config.FeatureExtractor.Count; i++)
        {
            Conv1dShape conv = config.FeatureExtractor[i];
            string source = $"{prefix}feature_extractor.conv_layers.{i}";
            tensors.Add(new($"feature_extractor.{i}.conv.weight", $"{source}.0.weight", WeightShape(conv)));
            tensors.AddNorm($"feature_extractor.{i}.norm", $"{source}.2.1", conv.OutputChannels);
        }

        tensors.AddNorm("feature_projection.norm", $"{prefix}layer_norm", features);
        tensors.AddLinear("feature_projection.linear", $"{prefix}post_extract_proj", features, hidden);

        for (int i = 0; i < config.PositionalConvolution.Count; i++)
        {
            Conv1dShape conv = config.PositionalConvolution[i];
            string name = $"positional_convolution.{i}.conv";
            string source = $"{prefix}encoder.pos_conv.{i}.0";
            tensors.Add(new($"{name}.weight", $"{source}.weight", WeightShape(conv), conv.Groups));
            tensors.Add(new($"{name}.bias", $"{source}.bias", [conv.OutputChannels]));
        }

        tensors.AddNorm("encoder.norm", $"{prefix}encoder.layer_norm", hidden);

        for (int i = 0; i < config.Layers; i++)
            tensors.AddPostNormLayer($"encoder.{i}", $"{prefix}encoder.layers.{i}", hidden, config.FeedForwardSize);

        if (config.Labels is not null)
            tensors.AddLinear("ctc", CtcHead, hidden, config.Labels.Count);
        return tensors;
    }

    private static int[] WeightShape(Conv1dShape conv) =>
        [conv.OutputChannels, conv.InputChannels / conv.Groups, conv.Kernel];
}
