using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Parameters;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Bench;

/// <summary>Writes models of real size with initial values, for measurements of time and memory.</summary>
internal static class RandomModel
{
    /// <summary>The features of the hidden states that are far larger than all others in models with outliers.</summary>
    private const int OutlierFeatures = 6;

    /// <summary>
    /// Whether the models are like trained ones in that a few features of their hidden states are tens of times larger than the rest: the gains of the
    /// normalizations are 6 to 30 times as large there. Layer scales are 0.1, not the smaller ones that training starts from.
    /// </summary>
    public static bool HasOutliers { get; set; }

    /// <summary>The option of the commands that sets <see cref="HasOutliers"/>.</summary>
    public const string OutliersOption = "--outliers";

    /// <summary>What a child process is started with, so that it uses the same models.</summary>
    public static string[] Options => HasOutliers ? [OutliersOption] : [];

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

    /// <summary>ViT-B/16 (Dosovitskiy et al. 2021).</summary>
    public static readonly VitConfig VitBase = new()
    {
        Preprocessing = VisionBase.Preprocessing,
        ImageSize = 224,
        PatchSize = 16,
        HiddenSize = 768,
        Layers = 12,
        Heads = 12,
        FeedForwardSize = 3072,
        Epsilon = 1e-6f,
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

    /// <summary>The path of the speech model, which is written on first use.</summary>
    public static string Speech(ElementType type = ElementType.F32) => Provide("speech", type, SpeechBase);

    /// <summary>The path of the text model, which is written on first use.</summary>
    public static string Text(ElementType type = ElementType.F32) => Provide("text", type, TextBase);

    /// <summary>The path of the vision model, which is written on first use.</summary>
    public static string Vision(ElementType type = ElementType.F32) => Provide("vision", type, VisionBase);

    /// <summary>The path of ViT-B/16, which is written on first use.</summary>
    public static string Vit(ElementType type = ElementType.F32) => Provide("vit", type, VitBase);

    /// <summary>The path of the VGG network, which is written on first use.</summary>
    public static string Vgg(ElementType type = ElementType.F32) => Provide("vgg", type, Vgg16);

    private static string Provide(string name, ElementType type, ModelConfig config)
    {
        // The number changes when files of a format have other tensors than before.
        const int Version = 2;
        string kind = HasOutliers ? "outliers" : "initial";
        string path = Path.Combine(Path.GetTempPath(), $"data2vec-bench-{kind}-{name}-base-{type.ToString().ToLowerInvariant()}-{Version}.d2v");
        if (!File.Exists(path))
        {
            Write(path, type, config);
        }

        return path;
    }

    private static void Write(string path, ElementType type, ModelConfig config)
    {
        // The layers share one table of relative positions, as in the published models.
        Parameter[] parameters = [.. config.ListParameters().Where(parameter =>
            !parameter.Name.StartsWith("encoder.", StringComparison.Ordinal) || !parameter.Name.EndsWith("relative_position_bias.weight", StringComparison.Ordinal))];
        using D2vWriter writer = D2vWriter.Create(path, new D2vContents
        {
            Architecture = config.Architecture,
            Config = config.ToJson(),
            Tensors = [.. parameters.Select(parameter => parameter.Declare(type))],
        });
        foreach (Parameter parameter in parameters)
        {
            writer.Write(parameter.Name, (start, destination) =>
            {
                parameter.Initial.Fill(parameter, 1, start, destination);
                if (HasOutliers)
                {
                    AddOutliers(parameter, config.HiddenSize, start, destination);
                }
            });
        }

        writer.Complete();
    }

    private static void AddOutliers(Parameter parameter, int hidden, long start, Span<float> values)
    {
        const float LayerScale = 0.1f, LeastFactor = 6, MostFactor = 30;
        if (parameter.Role != ParameterRole.Norm || parameter.Count != hidden)
        {
            return;
        }

        if (parameter.Name.EndsWith("_scale", StringComparison.Ordinal))
        {
            values.Fill(LayerScale);
            return;
        }

        // The features are the same in all layers; the factors are not.
        int[] features = [.. Enumerable.Range(0, hidden)];
        new Random(1).Shuffle(features);
        var random = new Random(parameter.Name.Aggregate(1, (hash, letter) => unchecked(31 * hash + letter)));
        foreach (int feature in features.AsSpan(0, OutlierFeatures))
        {
            float factor = LeastFactor + (MostFactor - LeastFactor) * random.NextSingle();
            if (parameter.Name.EndsWith("norm.weight", StringComparison.Ordinal) && feature >= start && feature < start + values.Length)
            {
                values[(int)(feature - start)] *= factor;
            }
        }
    }
}
