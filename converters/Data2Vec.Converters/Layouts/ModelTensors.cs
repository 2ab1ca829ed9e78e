using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Text;
using Data2Vec.Vision;

namespace Data2Vec.Converters.Layouts;

/// <summary>The tensors that model files hold, in the order they are used.</summary>
internal static class ModelTensors
{
    /// <summary>Those of a speech model.</summary>
    public static TensorTable Of(AudioConfig config)
    {
        var tensors = new TensorTable();
        int hidden = config.HiddenSize;
        for (int i = 0; i < config.FeatureExtractor.Count; i++)
        {
            Conv1dShape conv = config.FeatureExtractor[i];
            tensors.Add(new($"feature_extractor.{i}.conv.weight", WeightShape(conv)));
            tensors.AddNorm($"feature_extractor.{i}.norm", conv.OutputChannels);
        }

        int features = config.FeatureExtractor[^1].OutputChannels;
        tensors.AddNorm("feature_projection.norm", features);
        tensors.AddLinear("feature_projection.linear", features, hidden);
        for (int i = 0; i < config.PositionalConvolution.Count; i++)
        {
            Conv1dShape conv = config.PositionalConvolution[i];
            tensors.Add(new($"positional_convolution.{i}.conv.weight", WeightShape(conv), conv.Groups));
            tensors.Add(new($"positional_convolution.{i}.conv.bias", [conv.OutputChannels]));
        }

        tensors.AddNorm("encoder.norm", hidden);
        for (int i = 0; i < config.Layers; i++)
        {
            tensors.AddLayer($"encoder.{i}", hidden, config.FeedForwardSize);
        }

        if (config.Labels is not null)
        {
            tensors.AddLinear("ctc", hidden, config.Labels.Count);
        }

        return tensors;
    }

    /// <summary>Those of a text model.</summary>
    public static TensorTable Of(TextConfig config)
    {
        var tensors = new TensorTable();
        int hidden = config.HiddenSize;
        tensors.AddTable("token_embedding", config.VocabularySize, hidden);
        tensors.AddTable("position_embedding", config.Positions, hidden);
        tensors.AddNorm("embedding_norm", hidden);
        for (int i = 0; i < config.Layers; i++)
        {
            tensors.AddLayer($"encoder.{i}", hidden, config.FeedForwardSize);
        }

        if (config.Labels is not null)
        {
            tensors.AddLinear("classifier.dense", hidden, hidden);
            tensors.AddLinear("classifier.output", hidden, config.Labels.Count);
        }

        return tensors;
    }

    /// <summary>What tells a vision model about places, for all layers or for each; one of them it must have.</summary>
    public static readonly string[] PositionBiases = ["relative_position_bias.weight", "encoder.0.relative_position_bias.weight"];

    /// <summary>Those of a vision model.</summary>
    public static TensorTable Of(VisionConfig config)
    {
        int hidden = config.HiddenSize, patch = config.PatchSize;
        var tensors = new TensorTable
        {
            new("patch_embedding.weight", [hidden, config.PatchLength]) { SourceShape = [hidden, 3, patch, patch] },
            new("patch_embedding.bias", [hidden]),
            new("class_token", [hidden]) { SourceShape = [1, 1, hidden] },
        };
        if (config.HasPositionVectors)
        {
            tensors.Add(new("position_embedding.weight", [config.Patches, hidden]) { SourceShape = [1, config.Patches, hidden], Use = TensorUse.Values });
        }

        AddBias("relative_position_bias");
        for (int i = 0; i < config.Layers; i++)
        {
            tensors.AddLayer($"encoder.{i}", hidden, config.FeedForwardSize, keyBiasIsOptional: true);
            tensors.Add(new($"encoder.{i}.attention_scale", [hidden]) { IsOptional = true });
            tensors.Add(new($"encoder.{i}.feed_forward_scale", [hidden]) { IsOptional = true });
            AddBias($"encoder.{i}.relative_position_bias");
        }

        if (config.HasInputNorm || config.HasFinalNorm)
        {
            tensors.AddNorm("encoder.norm", hidden);
        }

        if (config.Labels is not null)
        {
            tensors.AddNorm("classifier.norm", hidden);
            tensors.AddLinear("classifier.output", hidden, config.Labels.Count);
        }

        return tensors;

        void AddBias(string name) => tensors.Add(
            new($"{name}.weight", [config.RelativePositions, config.Heads]) { Use = TensorUse.Values, IsOptional = true });
    }

    /// <summary>Those of a VGG network.</summary>
    public static TensorTable Of(VggConfig config)
    {
        var tensors = new TensorTable();
        int channels = 3;
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            for (int i = 0; i < config.Blocks[block].Count; i++)
            {
                int outputs = config.Blocks[block][i];
                tensors.Add(new($"blocks.{block}.{i}.weight", [outputs, channels, 3, 3]));
                tensors.Add(new($"blocks.{block}.{i}.bias", [outputs]));
                channels = outputs;
            }
        }

        int grid = config.GridSize;
        tensors.Add(new("fc6.weight", [config.IntermediateSize, channels, grid, grid]) { SourceShape = [config.IntermediateSize, channels * grid * grid] });
        tensors.Add(new("fc6.bias", [config.IntermediateSize]));
        tensors.AddLinear("fc7", config.IntermediateSize, config.HiddenSize);
        return tensors;
    }

    private static int[] WeightShape(Conv1dShape conv) =>
        [conv.OutputChannels, conv.InputChannels / conv.Groups, conv.Kernel];
}
