using System.Text.Json;
using Data2Vec.Cli.Tests.Training;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli.Tests.Evaluation;

public sealed class ImagenetTests : IDisposable
{
    private static readonly ImageOptions s_options = new() { Prepare = (_, _) => [] };

    private readonly ProbeFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Images_in_folders_of_classes_are_measured_and_bad_ones_are_named()
    {
        string data = _files.Images(), model = _files["colors.d2v"], results = _files["results.jsonl"], folder = _files["report"];
        Succeed("probe", ProbeFolder.Model("image.d2v"), "--data", data, "-o", model);
        _files.Write("images/red/damaged.png", "no image");
        string[] command = ["evaluate", "imagenet", "--data", data, "--model", model, "--results", results, "--report", folder];
        (int code, string output, string error) = CommandLine.Run(command);
        Assert.Equal(1, code);
        Assert.Contains("damaged.png: ", error, StringComparison.Ordinal);
        Assert.Contains("images\t24\n", output, StringComparison.Ordinal);
        Assert.True(Value(output, "top-1 %") > 80, output);
        Assert.Contains("top-5 %\t100.00\n", output, StringComparison.Ordinal);
        Assert.StartsWith("PNG", File.ReadAllText(Path.Combine(folder, "confusions.png"))[1..], StringComparison.Ordinal);
        string[] lines = File.ReadAllLines(results);
        Assert.Equal(25, lines.Length);
        Assert.StartsWith("{\"id\":\"blue/0.ppm\",\"outputs\":[", lines[1], StringComparison.Ordinal);
        Assert.Equal(output, CommandLine.Run(command).Output);
        Assert.Equal(lines, File.ReadAllLines(results));

        (code, _, error) = CommandLine.Run([.. command, "--resize", "40"]);
        Assert.Equal(2, code);
        Assert.Contains("its preprocessing is", error, StringComparison.Ordinal);
        Assert.Equal(1, CommandLine.Run([.. command, "--strict"]).Code);
        File.AppendAllText(Path.Combine(data, "red", "1.ppm"), "x");
        (code, _, error) = CommandLine.Run(command);
        Assert.Equal(2, code);
        Assert.Contains("another job: its files", error, StringComparison.Ordinal);
        (code, _, error) = CommandLine.Run("evaluate", "imagenet", "--data", data);
        Assert.Equal(2, code);
        Assert.Contains("no output is called 'blue', 'green', 'red'", error, StringComparison.Ordinal);
        Assert.Contains("top-1 %\t", CommandLine.Run("evaluate", "imagenet", "--data", data, "--labels", "red,green,blue,d,e,f,g,h,i,j").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_are_no_classes_of_a_model_with_names()
    {
        _files.Image("images/1/0.ppm", 2);
        (int code, string _, string error) = CommandLine.Run("evaluate", "imagenet", "--data", _files["images"]);
        Assert.Equal(2, code);
        Assert.Contains("its outputs have names, and the classes of the data are numbers", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_result_is_named()
    {
        _files.Image("images/airplane/0.ppm", 2);
        string results = _files["results.jsonl"];
        string[] command = ["evaluate", "imagenet", "--data", _files["images"], "--results", results];
        Assert.Equal(0, CommandLine.Run(command).Code);
        string[] lines = File.ReadAllLines(results);
        File.WriteAllLines(results, [lines[0], "{\"id\":\"airplane/0.ppm\",\"outputs\":[55],\"value\":1}"]);
        (int code, string _, string error) = CommandLine.Run(command);
        Assert.Equal(1, code);
        Assert.Contains("the result of airplane/0.ppm is damaged; delete the line", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_for_larger_images_leaves_the_model_its_own_preparation()
    {
        _files.Image("images/airplane/0.ppm", 2);
        (int code, string output, string error) = CommandLine.Run("evaluate", "imagenet", "--data", _files["images"], "--recipe", "data2vec/imagenet-base");
        Assert.True(code == 0, error);
        Assert.Contains("the recipe prepares images of 224 pixels, and the model takes 32", error, StringComparison.Ordinal);
        Assert.Contains("published\t84.2", output, StringComparison.Ordinal);
        using var shorter = JsonDocument.Parse(Succeed("evaluate", "imagenet", "--data", _files["images"], "--resize", "32", "--json"));
        Assert.Contains("\"resize_size\":32", shorter.RootElement.GetProperty("facts").GetProperty("preprocessing").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_classes_of_ImageNet_are_in_the_order_of_their_ids()
    {
        Assert.Equal(1000, ImagenetSynsets.All.Count);
        Assert.Equal(ImagenetSynsets.All.Order(StringComparer.Ordinal).Distinct(), ImagenetSynsets.All);
        Assert.Equal(("n01440764", "n01641577", "n15075141"), (ImagenetSynsets.All[0], ImagenetSynsets.All[30], ImagenetSynsets.All[999])); // tench, bullfrog, toilet paper
    }

    [Fact]
    public void Folders_of_some_ids_have_the_numbers_of_all_thousand_classes()
    {
        _files.Image("images/n15075141/a.ppm", 0);
        _files.Image("images/n01641577/b.ppm", 1);
        string[] names = [.. Enumerable.Range(0, 1000).Select(i => i % 2 == 0 ? "crane" : $"name {i}")];
        LabelledImageData data = new ImageClasses("m.d2v", names, s_options).Open(_files["images"]);
        Assert.Equal([30, 999], Enumerable.Range(0, data.Count).Select(data.Target));
        Assert.Contains("3 outputs", Assert.Throws<InvalidDataException>(() => new ImageClasses("m.d2v", ["a", "b", "c"], s_options).Open(_files["images"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("n01641577\nn15075141\n")]
    [InlineData("ILSVRC2012_val_00000002.JPEG 999\nILSVRC2012_val_00000001.JPEG 30\n")]
    [InlineData("ImageId,PredictionString\nILSVRC2012_val_00000001,n01641577 85 1 499 272\nILSVRC2012_val_00000002,n15075141 1 2 3 4 n15075141 5 6 7 8\n")]
    public void Validation_images_in_one_folder_find_their_classes_by_number(string list)
    {
        _files.Image("val/ILSVRC2012_val_00000001.ppm", 0);
        _files.Image("val/ILSVRC2012_val_00000002.ppm", 1);
        _files.Image("val/ILSVRC2012_val_00000003.ppm", 1);
        _files.Image("val/other.ppm", 1);
        var classes = new ImageClasses("m.d2v", [.. Enumerable.Range(0, 1000).Select(i => $"name {i}")], s_options);
        LabelledImageData data = classes.Open(_files["val"], _files.Write("list.txt", list));
        Assert.Equal([30, 999], Enumerable.Range(0, data.Count).Select(data.Target));
        Assert.Equal(2, data.Skipped.Count);
        Assert.Contains("give --synsets", Assert.Throws<UsageException>(() => classes.Open(_files["val"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("490\n361\n", "development kit")]
    [InlineData("n01641577\ncat\n", "list.txt:2: there is no id of a class")]
    [InlineData("ILSVRC2012_val_00000001 n01641577\nILSVRC2012_val_00000001 n15075141\n", "is there twice")]
    public void Other_lists_are_refused(string list, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => ImagenetSynsets.ReadList(_files.Write("list.txt", list))).Message, StringComparison.Ordinal);

    private static double Value(string output, string name) => double.Parse(
        output.Split('\n').Single(line => line.StartsWith(name + "\t", StringComparison.Ordinal)).Split('\t')[1], System.Globalization.CultureInfo.InvariantCulture);

    private static string Succeed(params string[] arguments)
    {
        (int code, string output, string error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        return output;
    }
}
