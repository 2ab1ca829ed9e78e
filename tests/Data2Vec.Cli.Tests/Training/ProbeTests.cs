using System.Globalization;
using System.Text.Json;
using Data2Vec.Training.Probing;

namespace Data2Vec.Cli.Tests.Training;

public sealed class ProbeTests : IDisposable
{
    private readonly ProbeFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void The_classes_of_images_are_learned_and_bad_images_are_named()
    {
        string data = _files.Images();
        _files.Write("images/red/damaged.png", "no image");
        _files.Image("images/rare/only.ppm", 1);
        string[] command = ["probe", ProbeFolder.Model("image.d2v"), "--data", data];
        (int code, string output, string error) = CommandLine.Run(command);
        Assert.Equal(1, code);
        Assert.Contains("damaged.png: ", error, StringComparison.Ordinal);
        Assert.Contains("class rare with one example, which cannot be learned from and measured with", error, StringComparison.Ordinal);
        Dictionary<string, string> values = Values(output);
        Assert.Equal("25", values["examples"]);
        Assert.Equal("last", values["layer"]);
        Assert.True(Number(values["accuracy"]) > 0.7, output);
        Assert.True(Number(values["5 nearest neighbours"]) > 0.7, output);
        Assert.True(Number(values["always the same answer"]) < 0.5, output);
        Assert.Contains("rare\t0\t0\t-", output, StringComparison.Ordinal);

        (code, output, error) = CommandLine.Run([.. command, "--strict"]);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("damaged.png: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_model_gets_the_probe_as_its_head()
    {
        string data = _files.Texts(), target = _files["opinions.d2v"];
        using JsonDocument json = JsonDocument.Parse(Succeed("probe", ProbeFolder.Model("text.d2v"), "--data", data, "--json", "-o", target, "--seed", "3"));
        Assert.Equal(8, json.RootElement.GetProperty("measured_examples").GetInt32());
        Assert.True(json.RootElement.GetProperty("accuracy").GetDouble() > 0.8);
        Assert.Equal(["bad", "good"], json.RootElement.GetProperty("labels").EnumerateArray().Select(label => label.GetString()!));
        Assert.Equal(0.5, json.RootElement.GetProperty("majority_accuracy").GetDouble());
        Assert.StartsWith("a wonderful and gripping film of 1990\tgood\t", Succeed("classify", "--model", target, "--text", "a wonderful and gripping film of 1990"), StringComparison.Ordinal);
        Assert.StartsWith("a dull and lifeless film of 1990\tbad\t", Succeed("classify", "--model", target, "--text", "a dull and lifeless film of 1990"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_probe_of_numbers_is_saved_and_predicts_from_vectors_of_embed()
    {
        string data = _files.Write("scores.tsv", "sentence\tmark\n" + string.Concat(Enumerable.Range(0, 60).Select(i =>
            $"{string.Join(' ', Enumerable.Range(0, 6).Select(k => k < i % 7 ? "wonderful" : "dull"))} film {i}\t{i % 7}\n")));
        string probe = _files["marks.json"];
        Dictionary<string, string> values = Values(Succeed(
            "probe", ProbeFolder.Model("text.d2v"), "--data", data, "--task", "regression", "--label-column", "mark", "--folds", "5", "-o", probe));
        Assert.Equal("all, in 5 folds", values["measured"]);
        Assert.True(Number(values["Pearson"]) > 0.8 && Number(values["Spearman"]) > 0.8);

        using JsonDocument saved = JsonDocument.Parse(File.ReadAllBytes(probe));
        Assert.Equal("last", saved.RootElement.GetProperty("vectors").GetProperty("layer").GetString());
        using JsonDocument embedded = JsonDocument.Parse(Succeed("embed", "--model", ProbeFolder.Model("text.d2v"), "--text", "wonderful wonderful wonderful wonderful wonderful dull film 5"));
        float[] vector = [.. embedded.RootElement[0].GetProperty("vector").EnumerateArray().Select(value => value.GetSingle())];
        Assert.Equal(5, ProbeFile.ReadRegression(probe).Predict(vector), 1.0);

        string model = _files["marks.d2v"];
        Succeed("probe", ProbeFolder.Model("text.d2v"), "--data", data, "--task", "regression", "--label-column", "mark", "-o", model);
        using JsonDocument classified = JsonDocument.Parse(Succeed("classify", "--model", model, "--text", "wonderful film 5", "--format", "jsonl"));
        JsonElement number = Assert.Single(classified.RootElement.GetProperty("labels").EnumerateArray());
        Assert.Equal(["label", "value"], number.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void Recordings_are_probed_by_folders_and_by_a_table_at_every_layer()
    {
        string data = _files.Recordings();
        string[] command = ["probe", ProbeFolder.Model("speech.d2v"), "--layer", "all", "--folds", "2"];
        string byFolders = Succeed([.. command, "--data", data]);
        string[] lines = byFolders.Split('\n');
        Assert.Equal("layer\taccuracy\tneighbours", lines[0]);
        Assert.Equal(Enumerable.Range(0, 7).Select(layer => $"{layer}"), lines.Skip(1).TakeWhile(line => line.Length > 0).Select(line => line.Split('\t')[0]));
        Assert.True(Number(Values(byFolders)["accuracy"]) > 0.9, byFolders);
        Assert.Contains("F1 of low\t", byFolders, StringComparison.Ordinal);
        Assert.Equal(byFolders, Succeed([.. command, "--data", _files["tones.csv"], "--label-column", "pitch"]));
    }

    [Fact]
    public void Other_examples_are_measured_with_and_must_have_the_same_classes()
    {
        string data = _files.Images(), other = _files.Images("other", 4);
        string[] command = ["probe", ProbeFolder.Model("image.d2v"), "--data", data, "--validation", other];
        Dictionary<string, string> values = Values(Succeed(command));
        Assert.Equal($"12 of {other}", values["measured"]);
        Assert.True(Number(values["accuracy"]) > 0.9);
        _files.Image("other/pink/0.ppm", 0);
        (int code, string output, string error) = CommandLine.Run(command);
        Assert.Equal(1, code);
        Assert.Contains("the class 'pink' is not one of the 3 classes", error, StringComparison.Ordinal);
        Assert.Equal(values["accuracy"], Values(output)["accuracy"]);
    }

    [Fact]
    public void A_task_of_GLUE_is_measured_with_its_development_file()
    {
        string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"x\t{i % 2}\t\ta {(i % 2 == 0 ? "dull" : "wonderful")} film of {1950 + i}\n"));
        _files.Write("CoLA/train.tsv", Lines(30));
        _files.Write("CoLA/dev.tsv", Lines(10));
        string[] command = ["probe", ProbeFolder.Model("text.d2v"), "--data", _files["CoLA"], "--task", "cola"];
        Assert.Equal("10 of the development set", Values(Succeed(command))["measured"]);
        Assert.Equal("6 held out", Values(Succeed([.. command, "--hold-out", "0.2"]))["measured"]);
    }

    [Fact]
    public void The_seed_chooses_what_is_held_out()
    {
        Directory.CreateDirectory(_files["run"]);
        File.Copy(ProbeFolder.Model("image.d2v"), _files["run/model.d2v"]);
        string[] command = ["probe", _files["run"], "--data", _files.Images(), "--json"];
        string first = Succeed([.. command, "--seed", "1"]);
        Assert.Equal(first, Succeed([.. command, "--seed", "1", "--threads", "1"]));
    }

    [Fact]
    public void Wrong_combinations_are_named()
    {
        string images = _files.Images(), texts = _files.Texts();
        string[] text = ["probe", ProbeFolder.Model("text.d2v"), "--data", texts], image = ["probe", ProbeFolder.Model("image.d2v"), "--data", images];
        AssertFails(2, "give one of them", [.. text, "--folds", "3", "--hold-out", "0.1"]);
        AssertFails(2, "no such task", [.. text, "--task", "poems"]);
        AssertFails(2, "are for texts", [.. image, "--task", "classes"]);
        AssertFails(2, "must name a file that ends in .d2v or .json", [.. image, "-o", _files["x.bin"]]);
        AssertFails(2, "a head reads the last layer", [.. image, "-o", _files["x.d2v"], "--layer", "2"]);
        AssertFails(2, "reads --pool cls", [.. text, "-o", _files["x.d2v"], "--pool", "mean"]);
        AssertFails(2, "has 6 layers", [.. image, "--layer", "7"]);
        AssertFails(2, "would replace", [.. text[..3], ProbeFolder.Model("text.d2v"), "-o", ProbeFolder.Model("text.d2v")]);
        AssertFails(2, "a folder; give a file", [.. text[..3], images]);
        AssertFails(1, "all examples are of the class 'good'", [.. text[..3], _files.Write("one.csv", "text,label\na,good\nb,good\nc,good\n")]);
        AssertFails(1, "no such file", ["probe", _files["missing.d2v"], "--data", images]);
        _files.Write("stopped/state.d2v", "");
        AssertFails(1, "no model.d2v in this folder; the run is not complete yet", ["probe", _files["stopped"], "--data", images]);
        AssertFails(1, "no column 'opinion'", [.. text, "--label-column", "opinion"]);
        AssertFails(2, "cannot have a head", ["probe", ProbeFolder.Model("speech.d2v"), "--data", images, "-o", _files["x.d2v"]]);
        Assert.False(File.Exists(_files["x.d2v"]));
    }

    private static string Succeed(params string[] command)
    {
        (int code, string output, string error) = CommandLine.Run(command);
        Assert.True(code == 0, $"{string.Join(' ', command)}: {error}");
        return output;
    }

    private static void AssertFails(int expected, string message, string[] command)
    {
        (int code, _, string error) = CommandLine.Run(command);
        Assert.True(code == expected && error.Contains(message, StringComparison.Ordinal), $"{string.Join(' ', command)}: {code}: {error}");
    }

    private static Dictionary<string, string> Values(string output)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string[] fields in output.Split('\n').Select(line => line.Split('\t')).Where(fields => fields.Length == 2))
        {
            values[fields[0]] = fields[1];
        }

        return values;
    }

    private static double Number(string value) => double.Parse(value, CultureInfo.InvariantCulture);
}
