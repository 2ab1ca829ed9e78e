using Data2Vec.Training.Data;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.Runs;
using Data2Vec.Vision;

namespace Data2Vec.Cli;

/// <summary>How images to train on are read.</summary>
internal static class TrainingImages
{
    public static ImageOptions Options(ImageVariation variation, VisionConfig model, RunOptions run) => new()
    {
        Prepare = variation.Prepare(model.Preprocessing),
        Strict = run.Strict,
    };
}
