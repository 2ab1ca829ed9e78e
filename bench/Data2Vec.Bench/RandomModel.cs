using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Bench;

/// <summary>Writes models of a real size with random weights: where only time and memory matter.</summary>
internal static class RandomModel
{
    /// <summary>data2vec-base: 12 layers, 768 wide (Baevski et al. 2022).</summary>
    public static readonly AudioConfig SpeechBase = new()
    {
        FeatureExtractor =
        [
            new Conv1dShape(1, 512, 10, 5), .. Enumerable.Repeat(new Conv1dShape(512, 512, 3, 2), 4), .. Enumerable.Repeat(new Conv1dShape(512, 512, 2, 2), 2),
        ],
        PositionalConvolution = [.. Enumerable.Repeat(new Conv1dShape(768, 768, 19, 1, 9, 16), 5)],
        HiddenSize = 768,
        Layers = 12,
        Heads = 12,
        FeedForwardSize = 3072,
        Normalize = true,
    };

    /// <summary>Where the model lies; it is written when it is not there.</summary>
    public static string Speech()
    {
        string path = Path.Combine(Path.GetTempPath(), "data2vec-bench-speech-base.d2v");
        if (!File.Exists(path))
        {
            Write(path, SpeechBase);
        }

        return path;
    }

    private static void Write(string path, AudioConfig config)
    {
        var tensors = new List<TensorDeclaration>();
        for (int i = 0; i < config.FeatureExtractor.Count; i++)
        {
            Conv(tensors, $"feature_extractor.{i}.conv", config.FeatureExtractor[i], bias: false);
            Norm(tensors, $"feature_extractor.{i}.norm", config.FeatureExtractor[i].OutputChannels);
        }

        int features = config.FeatureExtractor[^1].OutputChannels;
        Norm(tensors, "feature_projection.norm", features);
        Linear(tensors, "feature_projection.linear", features, config.HiddenSize);
        for (int i = 0; i < config.PositionalConvolution.Count; i++)
        {
            Conv(tensors, $"positional_convolution.{i}.conv", config.PositionalConvolution[i], bias: true);
        }

        Norm(tensors, "encoder.norm", config.HiddenSize);
        for (int i = 0; i < config.Layers; i++)
        {
            foreach (string name in new[] { "query", "key", "value", "output" })
            {
                Linear(tensors, $"encoder.{i}.attention.{name}", config.HiddenSize, config.HiddenSize);
            }

            Norm(tensors, $"encoder.{i}.attention_norm", config.HiddenSize);
            Linear(tensors, $"encoder.{i}.feed_forward.intermediate", config.HiddenSize, config.FeedForwardSize);
            Linear(tensors, $"encoder.{i}.feed_forward.output", config.FeedForwardSize, config.HiddenSize);
            Norm(tensors, $"encoder.{i}.feed_forward_norm", config.HiddenSize);
        }

        using D2vWriter writer = D2vWriter.Create(path, new D2vContents { Architecture = AudioConfig.Architecture, Config = config.ToJson(), Tensors = tensors });
        foreach (TensorDeclaration tensor in tensors)
        {
            bool gain = tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal);
            float scale = tensor.Shape.Count == 1 ? 0.1f : 1f / MathF.Sqrt(tensor.Shape.Skip(1).Aggregate(1, (a, b) => a * b));
            uint state = (uint)tensor.Name.Aggregate(17, (hash, letter) => hash * 31 + letter) | 1;
            writer.Write(tensor.Name, (long _, Span<float> destination) =>
            {
                foreach (ref float value in destination)
                {
                    state = state * 1664525 + 1013904223;
                    value = (gain ? 1f : 0f) + scale * 2 * ((state >> 8) / (float)(1 << 24) - 0.5f);
                }
            });
        }

        writer.Complete();
    }

    private static void Norm(List<TensorDeclaration> tensors, string name, int size)
    {
        tensors.Add(new TensorDeclaration($"{name}.weight", ElementType.F32, [size]));
        tensors.Add(new TensorDeclaration($"{name}.bias", ElementType.F32, [size]));
    }

    private static void Linear(List<TensorDeclaration> tensors, string name, int inputs, int outputs)
    {
        tensors.Add(new TensorDeclaration($"{name}.weight", ElementType.F32, [outputs, inputs], WeightLayout.Panels));
        tensors.Add(new TensorDeclaration($"{name}.bias", ElementType.F32, [outputs]));
    }

    private static void Conv(List<TensorDeclaration> tensors, string name, Conv1dShape shape, bool bias)
    {
        tensors.Add(new TensorDeclaration(
            $"{name}.weight", ElementType.F32, [shape.OutputChannels, shape.InputChannels / shape.Groups, shape.Kernel], WeightLayout.Panels, shape.Groups));
        if (bias)
        {
            tensors.Add(new TensorDeclaration($"{name}.bias", ElementType.F32, [shape.OutputChannels]));
        }
    }
}
