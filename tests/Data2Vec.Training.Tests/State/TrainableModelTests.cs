using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Training.Runs;

namespace Data2Vec.Training.Tests.State;

/// <summary>Models that cannot be trained are refused by name.</summary>
public class TrainableModelTests
{
    [Theory]
    [InlineData(ModelArchitecture.Wav2Vec2, ExtractorNorm.Group, false, "wav2vec2 models cannot be trained")]
    [InlineData(ModelArchitecture.Hubert, ExtractorNorm.Layer, true, "hubert models cannot be trained")]
    [InlineData(ModelArchitecture.WavLm, ExtractorNorm.Layer, false, "wavlm models cannot be trained")]
    [InlineData(ModelArchitecture.Data2VecAudio, ExtractorNorm.Layer, true, "data2vec-audio models of another structure")]
    [InlineData(ModelArchitecture.Data2VecAudio, ExtractorNorm.Group, false, "data2vec-audio models of another structure")]
    public void Speech_models_of_other_kinds_are_refused(string architecture, ExtractorNorm norm, bool normalizesFirst, string reason)
    {
        AudioConfig config = Config(architecture) with { ExtractorNorm = norm, NormalizesFirst = normalizesFirst };
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => ModelStart.New(config)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_published_structure_is_trained() => Assert.NotNull(ModelStart.New(Config(ModelArchitecture.Data2VecAudio)));

    private static AudioConfig Config(string architecture) => new()
    {
        Architecture = architecture,
        FeatureExtractor = [new Conv1dShape(1, 8, 10, 5)],
        PositionalConvolution = [new Conv1dShape(8, 8, 3, 1, 1)],
        HiddenSize = 8,
        Layers = 1,
        Heads = 2,
        FeedForwardSize = 16,
        Normalize = true,
    };
}
