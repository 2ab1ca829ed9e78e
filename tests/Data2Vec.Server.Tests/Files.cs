using Data2Vec.Memes;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Server.Tests;

/// <summary>The files of the tests.</summary>
internal static class Files
{
    public static byte[] Recording => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "four-two.wav"));

    public static string[] Images => Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Images"), "*.png");

    public static string DataUri(string path) => DataUri(File.ReadAllBytes(path));

    public static string DataUri(byte[] content, string type = "application/octet-stream") => $"data:{type};base64,{Convert.ToBase64String(content)}";

    public static string Temporary(string extension) => Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + extension);

    /// <summary>Writes a meme model whose network has seen a few numbers.</summary>
    public static void WriteMemeModel(string path, bool withText = true)
    {
        string? text = withText ? Path.Combine(AppContext.BaseDirectory, "Models", "text.d2v") : null;
        using MemeEncoders encoders = MemeEncoders.Load(Path.Combine(AppContext.BaseDirectory, "Models", "image.d2v"), text);
        var random = new Random(1);
        ReadOnlyMemory<float>[] features = [.. Enumerable.Range(0, 8).Select(_ => (ReadOnlyMemory<float>)Enumerable.Range(0, encoders.FeatureSize).Select(_ => random.NextSingle()).ToArray())];
        var examples = new Examples(features, [.. features.Select((_, i) => i % 2 == 0)]);
        MemeModelWriter.Write(path, encoders, withText ? MemeInputs.Both : MemeInputs.Image, FusionTrainer.Train(examples, examples, new TrainingOptions { HiddenSize = 10, Epochs = 1, Seed = 1 }));
    }

    /// <summary>A WAV file of 16-bit samples of silence.</summary>
    public static byte[] Silence(int samples, int rate = 16_000)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("RIFF"u8);
        writer.Write(36 + 2 * samples);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(rate);
        writer.Write(2 * rate);
        writer.Write((short)2);
        writer.Write((short)16);
        writer.Write("data"u8);
        writer.Write(2 * samples);
        writer.Write(new byte[2 * samples]);
        return stream.ToArray();
    }
}
