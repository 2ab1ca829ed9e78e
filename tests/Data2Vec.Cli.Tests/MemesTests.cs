using System.Globalization;
using System.Text.Json;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli.Tests;

public sealed class MemesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-memes-").FullName;

    private string Hate => Path.Combine(_folder, "sarcastic");

    private string Good => Path.Combine(_folder, "sincere");

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
        Assert.True(ImageFile.Load(picture).Width >= 900);
    }

    [Fact]
    public void Bad_images_are_named_and_cost_no_others()
    {
        Generate(40);
        string bad = Path.Combine(_folder, "images", "00003.jpg"), missing = Path.Combine(_folder, "images", "00004.jpg");
        File.WriteAllBytes(bad, [0xFF, 0xD8, 0xFF, 1]);
        File.Delete(missing);
        (int code, _, string error) = Train("--epochs", "2");
        Assert.Equal(1, code);
        Assert.Contains($"{missing}: no such file", error, StringComparison.Ordinal);
        Assert.Contains("2 of 40 images skipped", error, StringComparison.Ordinal);
        Assert.True(File.Exists(Model), error);
        (code, _, error) = Train("--epochs", "2", "--strict");
        Assert.Equal(1, code);
        Assert.Single(error.TrimEnd().Split('\n'), line => line.Contains("images/0000", StringComparison.Ordinal));
        string[] lists = ["--hate", Hate, "--good", Good];
        Assert.Equal(1, CommandLine.Run(["memes", "extract", .. lists, "--features", Path.Combine(_folder, "features")]).Code);

        string good = Path.Combine(_folder, "images", "00000.jpg");
        (code, string output, error) = CommandLine.Run("memes", "score", "--model", Model, bad, good, missing, Model);
        Assert.Equal(1, code);
        Assert.Equal(2, output.TrimEnd().Split('\n').Length);
        Assert.Contains("3 of 4 images skipped", error, StringComparison.Ordinal);
        (code, output, error) = CommandLine.Run("memes", "score", "--model", Model, bad, good, "--strict");
        Assert.Equal((1, 1), (code, output.TrimEnd().Split('\n').Length));
        Assert.Contains(bad, error, StringComparison.Ordinal);
        Assert.Equal(1, CommandLine.Run("memes", "score", "--model", Model, bad).Code);
    }

    [Fact]
    public void Folders_and_lists_are_scored_in_any_format_with_any_threshold()
    {
        Generate(12);
        Assert.Equal(0, Train("--epochs", "2").Code);
        string images = Path.Combine(_folder, "images"), first = Path.Combine(images, "00000.jpg"), list = Path.Combine(_folder, "list.txt");
        string[] Score(params string[] more) => CommandLine.Run(["memes", "score", "--model", Model, .. more]) is (0, var output, _) ? output.TrimEnd().Split('\n') : [];
        string[] lines = Score(images);
        Assert.Equal(13, lines.Length);
        Assert.Equal(lines, Score(_folder, "--recursive"));
        File.WriteAllLines(list, [first, "", Path.Combine(images, "00001.jpg")]);
        Assert.Equal(lines[..3], Score("--list", list));
        Assert.All(Score(images, "--threshold", "-1000")[1..], line => Assert.Equal("yes", line.Split('\t')[3]));
        Assert.All(Score(images, "--threshold", "1000")[1..], line => Assert.Equal("no", line.Split('\t')[3]));

        File.WriteAllText(first + ".ocr", "say \"hi\",\nworld");
        Assert.Equal("image,score,probability,flagged,text", Score(first, "--format", "csv")[0]);
        Assert.EndsWith(",\"say \"\"hi\"\", world\"", Score(first, "--format", "csv")[1], StringComparison.Ordinal);
        Assert.Equal(Score(first, "--json"), Score(first, "--format", "jsonl"));
        Assert.Equal(1, CommandLine.Run("memes", "score", "--model", Model, _folder).Code);
    }

    [Fact]
    public void A_threshold_is_chosen_by_precision_or_recall()
    {
        Generate(60);
        Assert.Equal(0, Train("--epochs", "20").Code);
        Dictionary<string, double> Evaluate(params string[] more)
        {
            (int code, string output, string error) = CommandLine.Run(["memes", "evaluate", "--model", Model, "--hate", Hate, "--good", Good, .. more]);
            Assert.True(code == 0, error);
            return output.TrimEnd().Split('\n').Select(line => line.Split('\t')).ToDictionary(row => row[0], row => double.Parse(row[1], CultureInfo.InvariantCulture));
        }

        Dictionary<string, double> precise = Evaluate("--precision", "0.9"), complete = Evaluate("--recall", "1");
        Assert.True(precise["precision"] >= 0.9);
        Assert.Equal((1, 0), (complete["recall"], complete["missed"]));
        Assert.Equal(complete.Values, Evaluate("--threshold", complete["threshold"].ToString("R", CultureInfo.InvariantCulture)).Values);
        Assert.Equal(0.5, Evaluate()["threshold"]);
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
        Check(2, "--jsn: no such option", "memes", "score", "--model", Model, image, "--jsn", "x");
        Check(2, "no images", "memes", "score", "--model", Model);
        Check(2, "--threshold", "memes", "score", "--model", Model, image, "--threshold", "much");
        Check(2, "give one of", "memes", "evaluate", "--model", Model, "--hate", Hate, "--good", Good, "--precision", "0.5", "--recall", "0.5");
        Check(2, "--precision", "memes", "evaluate", "--model", Model, "--hate", Hate, "--good", Good, "--precision", "2");
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

    private void Generate(int count = 400) => Assert.Equal(0, CommandLine.Run("memes", "generate", _folder, "--texts", "--count", $"{count}").Code);

    private (int Code, string Output, string Error) Train(params string[] more) =>
        CommandLine.Run(["memes", "train", "--hate", Hate, "--good", Good, "-o", Model, "--learning-rate", "0.003", .. more]);
}
