using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Extensions.AI.Tests;

/// <summary>A small configuration of each kind of model.</summary>
internal static class Kinds
{
    public static TextConfig Text { get; } = new() { VocabularySize = 40, MaxTokens = 16, HiddenSize = 24, Layers = 2, Heads = 2, FeedForwardSize = 40 };

    public static TextConfig Bert { get; } = Text with { Architecture = ModelArchitecture.Bert };

    public static AudioConfig Speech { get; } = new()
    {
        FeatureExtractor = [new Conv1dShape(1, 16, 10, 5), new Conv1dShape(16, 16, 3, 2)],
        PositionalConvolution = [new Conv1dShape(24, 24, 5, 1, 2, 4)],
        HiddenSize = 24,
        Layers = 2,
        Heads = 3,
        FeedForwardSize = 48,
        Normalize = true,
    };

    public static VisionConfig Vision { get; } = new()
    {
        Preprocessing = ImagePreprocessing.Squash(16, ImagePreprocessing.Half, ImagePreprocessing.Half),
        ImageSize = 16,
        PatchSize = 4,
        HiddenSize = 24,
        Layers = 2,
        Heads = 2,
        FeedForwardSize = 40,
        HasFinalNorm = true,
    };

    public static VggConfig Vgg { get; } = new()
    {
        Preprocessing = ImagePreprocessing.Squash(8, ImagePreprocessing.Half, ImagePreprocessing.Half),
        ImageSize = 8,
        Blocks = [[4, 4], [8]],
        IntermediateSize = 16,
        HiddenSize = 12,
    };
}
