using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Kernels;

namespace Data2Vec.Tests.Models;

/// <summary>Small speech models that differ from data2vec's in everything that a configuration can say.</summary>
internal static class SpeechStructures
{
    private static readonly AudioConfig s_base = new()
    {
        Architecture = ModelArchitecture.Wav2Vec2,
        FeatureExtractor = [new Conv1dShape(1, 16, 10, 5), new Conv1dShape(16, 24, 3, 2)],
        ExtractorNorm = ExtractorNorm.Group,
        PositionalConvolution = [new Conv1dShape(24, 24, 8, 1, 4, 4)],
        HasPositionalNorm = false,
        HiddenSize = 24,
        Layers = 2,
        Heads = 3,
        FeedForwardSize = 48,
        Normalize = false,
    };

    public static IReadOnlyList<AudioConfig> All { get; } =
    [
        s_base with { Labels = ["", "a", "b"] },
        s_base with { ExtractorNorm = ExtractorNorm.Layer, HasExtractorBias = true, NormalizesFirst = true, Normalize = true },
        s_base with { Architecture = ModelArchitecture.Hubert, HasPositionalScale = true, HasFeatureNorm = false },
        s_base with { Architecture = ModelArchitecture.Hubert, HasFeatureProjection = false, NormalizesFirst = true },
        s_base with { Architecture = ModelArchitecture.WavLm, DistanceBuckets = new DistanceBuckets(12, 9, true) },
        s_base with { Architecture = ModelArchitecture.WavLm, DistanceBuckets = new DistanceBuckets(12, 9, false), NormalizesFirst = true },
        s_base with { HasFeatureProjection = false, HasFeatureNorm = false, PositionalConvolution = [new Conv1dShape(24, 24, 1, 1, 0, 2)] },
        s_base with
        {
            Architecture = ModelArchitecture.Data2VecAudio, NormalizesFirst = true, HasPositionalNorm = true,
            PositionalConvolution = [.. Enumerable.Repeat(new Conv1dShape(24, 24, 6, 1, 3, 2), 3)],
        },
    ];
}
