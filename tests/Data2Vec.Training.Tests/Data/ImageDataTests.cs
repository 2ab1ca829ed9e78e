using Data2Vec.Training.Data;

namespace Data2Vec.Training.Tests.Data;

public sealed class ImageDataTests : IDisposable
{
    // The first sample of the image and a random number.
    private static readonly ImageOptions s_options = new() { Prepare = (image, random) => [image.Pixels[0], random.NextSingle()] };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static float Red<T>(TrainingData<float, T> data, int item) => data.Load(item, default).Input.Span[0];

    [Fact]
    public void The_folders_of_a_folder_are_classes()
    {
        ClassFolders();
        var data = LabelledImageData.Open(_folder["train"], s_options);
        Assert.Equal(["Cat", "bird", "köter 犬"], data.Classes);
        Assert.Equal([(20f, 0), (10f, 1), (11f, 1), (30f, 2)], Enumerable.Range(0, 4).Select(item => (Red(data, item), data.Load(item, default).Target)));
        Assert.Equal([1, 1, 1, 1], Enumerable.Range(0, 4).Select(data.Length));
        Assert.Equal(_folder["train/bird/sub/b.ppm"], data.Name(2));
        Assert.Empty(data.Skipped);
    }

    [Fact]
    public void Classes_of_training_keep_their_numbers_when_others_are_measured()
    {
        ClassFolders();
        string[] classes = ["bird", "Cat", "cow"];
        var data = LabelledImageData.Open(_folder["train"], s_options, classes);
        Assert.Equal(classes, data.Classes);
        Assert.Equal([1, 0, 0], Enumerable.Range(0, data.Count).Select(data.Target));
        Assert.Equal($"{_folder["train/köter 犬/1.ppm"]}: the class 'köter 犬' is not one of the 3 classes", Assert.Single(data.Skipped).ToString());
    }

    [Fact]
    public void Empty_folders_of_classes_and_images_outside_are_named()
    {
        ClassFolders();
        Directory.CreateDirectory(_folder["train/empty"]);
        _folder.WriteImage("train/stray.ppm", 1);
        var data = LabelledImageData.Open(_folder["train"], s_options);
        Assert.Equal(4, data.Count);
        Assert.Equal([_folder["train/empty"], _folder["train/stray.ppm"]], data.Skipped.Select(item => item.Name));
        _folder.WriteImage("flat/a.ppm", 1);
        Assert.Contains("a folder of their own", Assert.Throws<InvalidDataException>(() => LabelledImageData.Open(_folder["flat"], s_options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train/bird/a.ppm\tbird\ntrain/Cat/c.ppm\tcat\n")]
    [InlineData("\uFEFFtrain\\bird\\a.ppm,bird\r\ntrain\\Cat\\c.ppm,cat\r\n\r\n")]
    [InlineData("file,label,width\ntrain/bird/a.ppm,bird,1\ntrain/Cat/c.ppm,cat,1\n")]
    [InlineData("class\tpath\nbird\ttrain/bird/a.ppm\ncat\ttrain/Cat/c.ppm\n")]
    [InlineData("\"train/bird/a.ppm\",\"bird\"\n\"train/Cat/c.ppm\",\"cat\"\n")]
    [InlineData("train/bird/a.ppm bird\ntrain/Cat/c.ppm cat\n")]
    [InlineData("path label\ntrain/bird/a.ppm bird\n\t\ntrain/Cat/c.ppm cat \n")]
    [InlineData("train/bird/a.ppm bird \ntrain/Cat/c.ppm  cat\n")]
    [InlineData("\n \ntrain/bird/a.ppm ; bird \n;\n\"train/Cat/c.ppm\" ; cat\n;;\n")]
    public void Lists_with_labels_are_read(string list)
    {
        ClassFolders();
        string path = _folder.Write("list.txt", list);
        var data = LabelledImageData.Open(path, s_options);
        Assert.Equal(["bird", "cat"], data.Classes);
        Assert.Equal([(10f, 0), (20f, 1)], Enumerable.Range(0, data.Count).Select(item => (Red(data, item), data.Target(item))));
        Assert.Empty(data.Skipped);
    }

    [Fact]
    public void Paths_may_have_commas_and_labels_may_be_missing()
    {
        _folder.WriteImage("a, b.ppm", 7);
        string path = _folder.Write("list.csv", "a, b.ppm,x\na, b.ppm,\ngone.ppm,x\n,x\n");
        var data = LabelledImageData.Open(path, s_options);
        Assert.Equal(7, Red(data, 0));
        Assert.Equal(1, data.Count);
        Assert.Equal(
            [$"{path}:2: the label is missing", $"{_folder.Path}/gone.ppm ({path}:3): the file does not exist", $"{path}:4: the path is missing"],
            data.Skipped.Select(item => item.ToString()));
        Assert.Contains("no labels", Assert.Throws<InvalidDataException>(() => LabelledImageData.Open(_folder.Write("l.txt", "a.ppm\n"), s_options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone.ppm 1\na b.ppm 2\n", true)]
    [InlineData("gone.ppm\na, b.ppm\n", false)]
    [InlineData("path\ngone.ppm\na, b.ppm\n", false)]
    public void The_form_of_a_list_is_known_although_its_first_image_is_missing(string list, bool hasLabels)
    {
        _folder.WriteImage("a b.ppm", 7);
        _folder.WriteImage("a, b.ppm", 7);
        string path = _folder.Write("list.txt", list);
        TrainingData data = hasLabels ? LabelledImageData.Open(path, s_options) : ImageData.Open(path, s_options);
        Assert.Equal(1, data.Count);
        Assert.StartsWith(_folder["gone.ppm"], Assert.Single(data.Skipped).Name, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_and_lists_without_labels_are_read_for_pretraining()
    {
        ClassFolders();
        Assert.Equal([20f, 10, 11, 30], Enumerable.Range(0, 4).Select(item => Red(ImageData.Open(_folder["train"], s_options), item)));
        string path = _folder.Write("list.txt", "c.ppm\n../bird/a.ppm\nc.ppm\n");
        var data = ImageData.Open(path, s_options with { Root = _folder["train/Cat"] });
        Assert.Equal([20f, 10, 20], Enumerable.Range(0, 3).Select(item => Red(data, item)));

        _folder.WriteImage("a, b.ppm", 7);
        data = ImageData.Open(_folder.Write("plain.txt", "a, b.ppm\ntrain/bird/a.ppm\n"), s_options);
        Assert.Equal([7f, 10], Enumerable.Range(0, 2).Select(item => Red(data, item)));
        data = ImageData.Open(_folder.Write("plain.csv", "path\n\"a, b.ppm\"\ntrain/bird/a.ppm\n"), s_options);
        Assert.Equal([7f, 10], Enumerable.Range(0, 2).Select(item => Red(data, item)));
        Assert.Contains("no items", Assert.Throws<InvalidDataException>(() => ImageData.Open(Directory.CreateDirectory(_folder["none"]).FullName, s_options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_random_numbers_are_those_of_the_image_and_the_epoch()
    {
        ClassFolders();
        var data = ImageData.Open(_folder["train"], s_options);
        Assert.Equal(Drawn(0, 1, 2), Drawn(0, 1, 2));
        Assert.Equal(3, new[] { Drawn(0, 1, 2), Drawn(1, 1, 2), Drawn(0, 1, 3) }.Distinct().Count());
        Assert.NotEqual(Drawn(0, 1, 2), Drawn(0, 2, 2));

        float Drawn(int item, ulong seed, long epoch) => data.Load(item, new EpochRandom(seed, epoch)).Input.Span[1];
    }

    [Fact]
    public void Damaged_images_are_named_when_they_are_loaded()
    {
        string path = _folder.Write("train/x/torn.png", [.. "\u0089PNG\r\n"u8, 1, 2]);
        _folder.Write("train/x/text.jpg", "no image");
        _folder.WriteImage("train/x/z.ppm", 1);
        var data = LabelledImageData.Open(_folder["train"], s_options);
        Assert.Equal(3, data.Count);
        Assert.StartsWith($"{path}: ", Assert.Throws<InvalidDataException>(() => data.Load(1, default)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => data.Load(0, default));
        File.Delete(_folder["train/x/z.ppm"]);
        Assert.Equal($"{_folder["train/x/z.ppm"]}: the file does not exist", Assert.Throws<InvalidDataException>(() => data.Load(2, default)).Message);
    }

    [Fact]
    public async Task Batches_of_images_are_the_same_for_any_number_of_workers()
    {
        for (int i = 0; i < 60; i++)
        {
            _folder.WriteImage($"train/{i % 3}/{i}.ppm", (byte)i);
        }

        var data = LabelledImageData.Open(_folder["train"], s_options);
        Assert.Equal(await Read(1), await Read(8));

        async Task<string[]> Read(int workers)
        {
            var lines = new List<string>();
            var options = new BatchReaderOptions { Batches = new BatchOptions { MaxItems = 8 }, Seed = 3, Workers = workers };
            await foreach (Batch<float, int> batch in new BatchReader<float, int>(data, options).ReadAsync(endEpoch: 2))
            {
                lines.AddRange(batch.Items.Select(item => $"{batch.Position} {item.Item} {item.Target} {string.Join(' ', item.Input.ToArray())}"));
            }

            return [.. lines];
        }
    }

    private void ClassFolders()
    {
        _folder.WriteImage("train/bird/a.ppm", 10);
        _folder.WriteImage("train/bird/sub/b.ppm", 11);
        _folder.WriteImage("train/Cat/c.ppm", 20);
        _folder.WriteImage("train/köter 犬/1.ppm", 30);
        _folder.Write("train/bird/notes.txt", "no image");
        _folder.WriteImage("train/.hidden/x.ppm", 99);
        _folder.Write("train/._c.ppm", "no image");
    }
}
