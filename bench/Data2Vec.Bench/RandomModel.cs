using Data2Vec.Architectures;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

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

    /// <summary>The text model of the same size, with RoBERTa's vocabulary.</summary>
    public static readonly TextConfig TextBase = new()
    {
        VocabularySize = 50_265,
        MaxTokens = 512,
        HiddenSize = 768,
        Layers = 12,
        Heads = 12,
        FeedForwardSize = 3072,
    };

    /// <summary>The vision model of the same size: 224 x 224 pixels in patches of 16.</summary>
    public static readonly VisionConfig VisionBase = new()
    {
        Preprocessing = ImagePreprocessing.ResizeThenCentreCrop(
            256, 224, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation),
        ImageSize = 224,
        PatchSize = 16,
        HiddenSize = 768,
        Layers = 12,
        Heads = 12,
        FeedForwardSize = 3072,
        HasFinalNorm = true,
    };

    /// <summary>VGG-16 (Simonyan and Zisserman 2015).</summary>
    public static readonly VggConfig Vgg16 = new()
    {
        Preprocessing = VisionBase.Preprocessing,
        ImageSize = 224,
        Blocks = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]],
        IntermediateSize = 4096,
        HiddenSize = 4096,
    };

    /// <summary>Where the speech model lies; it is written when it is not there.</summary>
    public static string Speech(ElementType type = ElementType.F32) => Provide("speech", type, ModelArchitecture.Data2VecAudio, SpeechBase.ToJson, tensors =>
    {
        AudioConfig config = SpeechBase;
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
        Layers(tensors, config.Layers, config.HiddenSize, config.FeedForwardSize);
    });

    /// <summary>Where the text model lies; it is written when it is not there.</summary>
    public static string Text(ElementType type = ElementType.F32) => Provide("text", type, ModelArchitecture.Data2VecText, TextBase.ToJson, tensors =>
    {
        const int RowsBeforePositions = 2;
        TextConfig config = TextBase;
        tensors.Add(new TensorDeclaration("token_embedding.weight", ElementType.F32, [config.VocabularySize, config.HiddenSize]));
        tensors.Add(new TensorDeclaration(
            "position_embedding.weight", ElementType.F32, [config.MaxTokens + RowsBeforePositions, config.HiddenSize]));
        Norm(tensors, "embedding_norm", config.HiddenSize);
        Layers(tensors, config.Layers, config.HiddenSize, config.FeedForwardSize);
    });

    /// <summary>Where the vision model lies; it is written when it is not there.</summary>
    public static string Vision(ElementType type = ElementType.F32) => Provide("vision", type, ModelArchitecture.Data2VecVision, VisionBase.ToJson, tensors =>
    {
        VisionConfig config = VisionBase;
        int distances = 2 * config.GridSize - 1;
        Linear(tensors, "patch_embedding", 3 * config.PatchSize * config.PatchSize, config.HiddenSize);
        tensors.Add(new TensorDeclaration("class_token", ElementType.F32, [config.HiddenSize]));
        tensors.Add(new TensorDeclaration("relative_position_bias.weight", ElementType.F32, [distances * distances + 3, config.Heads]));
        Layers(tensors, config.Layers, config.HiddenSize, config.FeedForwardSize);
        for (int i = 0; i < config.Layers; i++)
        {
            tensors.Add(new TensorDeclaration($"encoder.{i}.attention_scale", ElementType.F32, [config.HiddenSize]));
            tensors.Add(new TensorDeclaration($"encoder.{i}.feed_forward_scale", ElementType.F32, [config.HiddenSize]));
        }

        Norm(tensors, "encoder.norm", config.HiddenSize);
    });

    /// <summary>Where the VGG network lies; it is written when it is not there.</summary>
    public static string Vgg(ElementType type = ElementType.F32) => Provide("vgg", type, ModelArchitecture.Vgg, Vgg16.ToJson, tensors =>
    {
        VggConfig config = Vgg16;
        int channels = 3;
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            for (int i = 0; i < config.Blocks[block].Count; i++)
            {
                Square($"blocks.{block}.{i}", config.Blocks[block][i], 3);
            }
        }

        Square("fc6", config.IntermediateSize, config.GridSize);
        Linear(tensors, "fc7", config.IntermediateSize, config.HiddenSize);

        void Square(string name, int outputs, int kernel)
        {
            tensors.Add(new TensorDeclaration($"{name}.weight", ElementType.F32, [outputs, channels, kernel, kernel], WeightLayout.Panels));
            tensors.Add(new TensorDeclaration($"{name}.bias", ElementType.F32, [outputs]));
            channels = outputs;
        }
    });

    private static string Provide(string name, ElementType type, string architecture, Func<JsonObject> config, Action<List<TensorDeclaration>> declare)
    {
        string path = Path.Combine(Path.GetTempPath(), $"data2vec-bench-{name}-base-{type.ToString().ToLowerInvariant()}.d2v");
        if (!File.Exists(path))
        {
            var tensors = new List<TensorDeclaration>();
            declare(tensors);
            if (type != ElementType.F32)
            {
                tensors = [.. tensors.Select(tensor => tensor.Shape.Count > 1 && !tensor.Name.StartsWith("relative_position", StringComparison.Ordinal)
                    ? type == ElementType.I8 && tensor.Shape.Count > 2
                        ? new TensorDeclaration(tensor.Name, type, tensor.Shape)
                        : tensor with { Type = type }
                    : tensor)];
            }

            Write(path, architecture, config(), tensors);
        }

        return path;
    }

    private static void Write(string path, string architecture, JsonObject config, List<TensorDeclaration> tensors)
    {
        using D2vWriter writer = D2vWriter.Create(path, new D2vContents { Architecture = architecture, Config = config, Tensors = tensors });
        foreach (TensorDeclaration tensor in tensors)
        {
            bool gain = tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal);
            float scale = tensor.Shape.Count == 1 ? 0.1f : 1f / MathF.Sqrt(tensor.Shape.Skip(1).Aggregate(1, (a, b) => a * b));
            uint seed = (uint)tensor.Name.Aggregate(17, (hash, letter) => hash * 31 + letter);
            writer.Write(tensor.Name, (long start, Span<float> destination) =>
            {
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = (gain ? 1f : 0f) + scale * 2 * (Noise(seed, (uint)(start + i)) - 0.5f);
                }
            });
        }

        writer.Complete();
    }

    private static void Layers(List<TensorDeclaration> tensors, int layers, int hidden, int feedForward)
    {
        for (int i = 0; i < layers; i++)
        {
            foreach (string name in new[] { "query", "key", "value", "output" })
            {
                Linear(tensors, $"encoder.{i}.attention.{name}", hidden, hidden);
            }

            Norm(tensors, $"encoder.{i}.attention_norm", hidden);
            Linear(tensors, $"encoder.{i}.feed_forward.intermediate", hidden, feedForward);
            Linear(tensors, $"encoder.{i}.feed_forward.output", feedForward, hidden);
            Norm(tensors, $"encoder.{i}.feed_forward_norm", hidden);
        }
    }

    /// <summary>A number from 0 to 1 that depends on the place alone, as some formats are written in two passes.</summary>
    private static float Noise(uint seed, uint place)
    {
        uint bits = (place + seed) * 0x9E3779B9;
        bits = (bits ^ (bits >> 16)) * 0x85EBCA6B;
        bits = (bits ^ (bits >> 13)) * 0xC2B2AE35;
        return ((bits ^ (bits >> 16)) >> 8) / (float)(1 << 24);
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
