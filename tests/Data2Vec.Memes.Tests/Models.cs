using Data2Vec.Memes.Fusion;

namespace Data2Vec.Memes.Tests;

/// <summary>Small models, and what judges with them.</summary>
internal static class Models
{
    public static string Image => Path.Combine(AppContext.BaseDirectory, "Models", "image.d2v");

    public static string Text => Path.Combine(AppContext.BaseDirectory, "Models", "text.d2v");

    /// <summary>Writes a system with a network of random weights.</summary>
    public static FusionNetwork Write(string path, MemeInputs inputs = MemeInputs.Both, int maxTextTokens = 48)
    {
        using MemeEncoders encoders = MemeEncoders.Load(Image, Text, maxTextTokens);
        int size = inputs switch { MemeInputs.Image => encoders.ImageSize, MemeInputs.Text => encoders.TextSize, _ => encoders.FeatureSize };
        using var learner = new FusionLearner(size, new TrainingOptions { HiddenSize = 10, Seed = 1 });
        FusionNetwork network = learner.Network();
        MemeModelWriter.Write(path, encoders, inputs, new TrainingResult(network, new Calibration(4, -2), 0, [default]));
        return network;
    }
}
