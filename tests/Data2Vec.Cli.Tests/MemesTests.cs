using System.Globalization;
using System.Text.Json;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli.Tests;

public sealed class MemesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-memes-").FullName;

    private string Hate => Path.Combine(_folder, "sarcastic.txt");

    private string Good => Path.Combine(_folder, "sincere.txt");

    private string Model => Path.Combine(_folder, "weather.d2v");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_model_is_trained_and_evaluated_and_scores_and_explains()
    {
        string features = Path.Combine(_folder, "features"), figure = Path.Combine(_folder, "training.svg"), curve = Path.Combine(_folder, "curve.png"), picture = Path.Combine(_folder, "why.png");
        Generate();
        (int code, string output, string error) = Train("--table", "--features", features, "--plot", figure);
        Assert.True(code == 0, error);
        double Smoothed(string row) => double.Parse(output.Split('\n').Single(line => line.StartsWith($"{row}\t", StringComparison.Ordinal)).Split('\t')[2], CultureInfo.InvariantCulture);
        Assert.True(Smoothed("image and text") > 0.85, output);
        Assert.True(Smoothed("image") < 0.8 && Smoothed("text") < 0.7, output);
        Assert.Contains("<svg", File.ReadAllText(figure), StringComparison.Ordinal);

        // With the features at hand nothing is encoded again, and the model is the same, byte for byte.
        long length = new FileInfo(features).Length;
        byte[] model = File.ReadAllBytes(Model);
        Assert.Equal(0, Train("--features", features).Code);
        Assert.Equal(length, new FileInfo(features).Length);
        Assert.Equal(model, File.ReadAllBytes(Model));

        (code, output, error) = CommandLine.Run("memes", "evaluate", "--model", Model, "--hate", Hate, "--good", Good, "--plot", curve);
        Assert.True(code == 0, error);
        double Value(string row) => double.Parse(output.Split('\n').Single(line => line.StartsWith($"{row}\t", StringComparison.Ordinal)).Split('\t')[1], CultureInfo.InvariantCulture);
        Assert.True(Value("accuracy") > 0.85 && Value("average precision") > 0.85, output);
        Assert.Equal(Value("memes"), Value("rightly flagged") + Value("wrongly flagged") + Value("missed") + Value("rightly passed"));
        Assert.Equal(900, ImageFile.Load(curve).Width);

        string image = File.ReadLines(Hate + ".valid").Select(path => Path.Combine(_folder, path)).First();
        (code, output, error) = CommandLine.Run("memes", "score", "--model", Model, image, "--json", "--explain", picture);
        Assert.True(code == 0, error);
        JsonElement json = JsonDocument.Parse(output).RootElement;
        Assert.Equal(File.ReadAllText(image + ".ocr"), json.GetProperty("text").GetString());
        Assert.Equal(json.GetProperty("score").GetDouble() >= 0.5, json.GetProperty("flagged").GetBoolean());
        Assert.InRange(json.GetProperty("probability").GetDouble(), 0, 1);
        Assert.Equal(36, json.GetProperty("region_effects").GetArrayLength());
        Assert.Equal(json.GetProperty("text").GetString()!.Split(' ').Length, json.GetProperty("word_effects").GetArrayLength());
        Assert.Equal(320, ImageFile.Load(picture).Width);
    }

    [Fact]
    public void Bad_images_are_skipped_with_their_names_and_a_count()
    {
        Generate(40);
        string bad = Path.Combine(_folder, "images", "00003.jpg"), missing = Path.Combine(_folder, "images", "00004.jpg");
        File.WriteAllBytes(bad, [0xFF, 0xD8, 0xFF, 1]);
        File.Delete(missing);
        (int code, _, string error) = Train("--epochs", "2");
        Assert.True(code == 0, error);
        Assert.Contains($"{missing}: no such file; skipped", error, StringComparison.Ordinal);
        Assert.Contains("2 of 40 images skipped", error, StringComparison.Ordinal);
        Assert.Equal(1, Train("--epochs", "2", "--strict").Code);

        string good = Path.Combine(_folder, "images", "00000.jpg");
        (code, string output, error) = CommandLine.Run("memes", "score", "--model", Model, bad, good, missing, Model);
        Assert.Equal(0, code);
        Assert.Equal(2, output.TrimEnd().Split('\n').Length);
        Assert.Contains("3 of 4 images skipped", error, StringComparison.Ordinal);
        Assert.Equal(1, CommandLine.Run("memes", "score", "--model", Model, bad, good, "--strict").Code);
        Assert.Equal(1, CommandLine.Run("memes", "score", "--model", Model, bad).Code);
    }

    [Fact]
    public void Bad_command_lines_and_files_are_reported_in_one_line()
    {
        Generate(12);
        Assert.Equal(0, Train("--epochs", "1").Code);
        string image = Path.Combine(_folder, "images", "00000.jpg");
        string other = Path.Combine(_folder, "other.png");
        File.Copy(image, other);
        Check(2, "--model", "memes", "score", image);
        Check(2, "takes one image", "memes", "score", "--model", Model, image, image + "2", "--text", "a");
        Check(2, ".png", "memes", "score", "--model", Model, image, "--explain", "why.gif");
        Check(2, "the result would replace", "memes", "score", "--model", Model, other, "--explain", other);
        Check(2, "not a list of languages", "memes", "score", "--model", Model, image, "--languages", "../x");
        Check(1, "not a meme model", "memes", "score", "--model", Path.Combine(AppContext.BaseDirectory, "models", "text.d2v"), image);
        Check(1, "no such file", "memes", "evaluate", "--model", Model, "--hate", "nothing", "--good", Good);
        Check(1, "the model takes texts", "memes", "train", "--hate", Hate, "--good", Good, "-o", Model, "--image-encoder", Path.Combine(AppContext.BaseDirectory, "models", "text.d2v"));
        Check(1, "not a file of features", "memes", "train", "--hate", Hate, "--good", Good, "-o", Model, "--features", image);
        Check(2, "would replace", "memes", "train", "--hate", Hate, "--good", Good, "-o", Hate + ".train");
        Check(2, "learning rate", "memes", "train", "--hate", Hate, "--good", Good, "-o", Model, "--learning-rate", "-1");
        Check(2, "--epochs", "memes", "train", "--hate", Hate, "--good", Good, "-o", Model, "--epochs", "0");
        Check(2, "--count", "memes", "generate", _folder, "--count", "-5");

        static void Check(int code, string named, params string[] arguments)
        {
            (int actual, _, string error) = CommandLine.Run(arguments);
            Assert.True(code == actual, $"{string.Join(' ', arguments)}: {actual}, {error}");
            Assert.Contains(named, error, StringComparison.Ordinal);
            Assert.DoesNotContain("Exception", error, StringComparison.Ordinal);
        }
    }

    private void Generate(int count = 400) => Assert.Equal(0, CommandLine.Run("memes", "generate", _folder, "--count", $"{count}").Code);

    private (int Code, string Output, string Error) Train(params string[] more) =>
        CommandLine.Run(["memes", "train", "--hate", Hate, "--good", Good, "-o", Model, "--learning-rate", "0.003", .. more]);
}
