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
        string path = Path.Combine(Path.GetTempPath(), $"data2vec-bench-initial-{name}-base-{type.ToString().ToLowerInvariant()}.d2v");
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
            writer.Write(parameter.Name, (start, destination) => parameter.Initial.Fill(parameter, 1, start, destination));
        }

        writer.Complete();
    }
}
