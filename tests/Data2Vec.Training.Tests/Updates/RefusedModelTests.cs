using Data2Vec.Kernels.Cpu;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.Schedules;
using Data2Vec.Training.Tests.Network;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Tests.Updates;

/// <summary>Models that run and cannot be trained.</summary>
public sealed class RefusedModelTests
{
    [Theory, InlineData("vit"), InlineData("beit")]
    public void Vision_transformers_that_are_not_data2vecs_are_refused_by_name(string architecture)
    {
        var config = new VitConfig
        {
            Architecture = architecture,
            Preprocessing = ImagePreprocessing.Squash(16, ImagePreprocessing.Half, ImagePreprocessing.Half),
            ImageSize = 16,
            PatchSize = 8,
            HiddenSize = 8,
            Layers = 2,
            Heads = 2,
            FeedForwardSize = 16,
            HasFinalNorm = true,
        };
        string message = Assert.Throws<InvalidDataException>(() => new Pretrainer<float>(
            config, PretrainingObjective.Speech with { TopLayers = 2 }, TinyRuns.Recipe, new TeacherDecaySchedule(0.9, 0.99, 30), TinyRuns.Options, new CpuBackend(1), TinyModels.Values)).Message;
        Assert.Contains($"models of {architecture} cannot be trained", message, StringComparison.Ordinal);
    }
}
