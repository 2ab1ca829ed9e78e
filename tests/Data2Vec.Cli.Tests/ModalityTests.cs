using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Data2Vec.IO;
using static Data2Vec.Cli.Tests.CommandLine;

namespace Data2Vec.Cli.Tests;

/// <summary>Speech, images and texts through the commands, with the models that ship and with converted ones.</summary>
public sealed class ModalityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    private static string Image => Fixture("vision", "img0.png");

    private static string Recording => Fixture("four-two.wav");

    [Fact]
    public void Embed_takes_all_kinds_of_inputs_and_selects_their_models()
    {
        string texts = Write("texts.txt", "one\n\nthree 😀\n");
        JsonElement[] records = Records(Run("embed", Image, Recording, texts, "--text", "hello", "--tokens", "0 5 2"));
        Assert.Equal(
            [Image, Recording, $"{texts}:1", $"{texts}:2", $"{texts}:3", "hello", "0 5 2"],
            records.Select(record => record.GetProperty("input").GetString()!));
        Assert.Equal(
            ["image.d2v", "speech.d2v", "text.d2v", "text.d2v", "text.d2v", "text.d2v", "text.d2v"],
            records.Select(record => record.GetProperty("model").GetString()!));
        Assert.Equal([128, 192, 192, 192, 192, 192, 192], records.Select(record => record.GetProperty("vector").GetArrayLength()));
    }

    [Fact]
    public void A_text_has_the_same_vector_in_a_batch_and_alone()
    {
        string texts = Write("texts.txt", string.Concat(Enumerable.Range(0, 100).Select(i => $"text number {i * i}\n")));
        JsonElement[] records = Records(Run("embed", texts));
        Assert.Equal(100, records.Length);
        JsonElement alone = Assert.Single(Records(Run("embed", "--text", "text number 5929")));
        Assert.Equal(alone.GetProperty("vector").GetRawText(), records[77].GetProperty("vector").GetRawText());
    }

    [Theory]
    [InlineData("A gripping, funny and beautifully acted film.", "positive", 1.665178656578064, -0.969636857509613)]
    [InlineData("The plot is dull, lifeless and far too long.", "negative", -1.140113353729248, 1.3257709741592407)]
    [InlineData("Naïve café — 東京 isn't in the training data!", "negative", 0.07312451303005219, 0.509967029094696)]
    public void The_bundled_model_classifies_sentiments_as_fairseq_does(string text, string label, double positive, double negative)
    {
        string[] fields = Run("classify", "--text", text, "--top", "1").Output.TrimEnd().Split('\t');
        Assert.Equal(label, fields[1]);
        double expected = 1 / (1 + Math.Exp(Math.Min(positive, negative) - Math.Max(positive, negative)));
        Assert.Equal(expected, double.Parse(fields[2], CultureInfo.InvariantCulture), 0.002); // the weights are f16
    }

    [Fact]
    public void Classify_gives_all_labels_of_an_image_and_their_probabilities_add_up_to_1()
    {
        using JsonDocument json = JsonDocument.Parse(Run("classify", Image, "--top", "100", "--format", "jsonl").Output);
        JsonElement[] labels = [.. json.RootElement.GetProperty("labels").EnumerateArray()];
        Assert.Equal(
            ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
            labels.Select(label => label.GetProperty("label").GetString()!).Order(StringComparer.Ordinal));
        double[] probabilities = [.. labels.Select(label => label.GetProperty("probability").GetDouble())];
        Assert.Equal(1, probabilities.Sum(), 1e-5);
        Assert.Equal(probabilities.OrderDescending(), probabilities);
    }

    [Fact]
    public void A_converted_vision_model_takes_images_and_pixels_and_its_labels()
    {
        string[] count = Run("convert", Fixture("vision", "vision_tiny_cls.pt"), "-o", In("cls.d2v")).Output.Split("head of ");
        int classes = int.Parse(count[1].Split(' ')[0], CultureInfo.InvariantCulture);
        string labels = Write("labels.txt", string.Concat(Enumerable.Range(0, classes).Select(i => $"label {i}\n")));
        Assert.Equal(0, Run("convert", Fixture("vision", "vision_tiny_cls.pt"), "-o", In("cls.d2v"), "--labels", labels).Code);
        Assert.Contains("\tlabel ", Run("classify", "--model", In("cls.d2v"), Image).Output, StringComparison.Ordinal);
        Assert.Equal(0, Run("embed", "--model", In("cls.d2v"), Image, "--pool", "none", "--format", "npy", "-o", In("rows.npy")).Code);
        Assert.Equal(0, Run("embed", "--model", In("cls.d2v"), Image, "--pool", "cls", "--format", "npy", "-o", In("class.npy")).Code);
        NpyArray rows = NpyFile.Read(In("rows.npy"));
        Assert.Equal(0, Run("embed", "--model", In("cls.d2v"), Image, "--pool", "none", "--format", "npy", "-o", In("more.npy"), "--image-size", "48").Code);
        Assert.Equal(1 + 6 * 6, NpyFile.Read(In("more.npy")).Shape[0]);
        Assert.Contains("not a multiple of the patch size 8", Refused(2, "embed", "--model", In("cls.d2v"), Image, "--image-size", "44"), StringComparison.Ordinal);
        Assert.Equal(rows.Floats().Take((int)rows.Shape[1]), NpyFile.Read(In("class.npy")).Floats());
    }

    [Fact]
    public void A_text_model_is_converted_with_its_tokenizer()
    {
        // The small model knows 100 ids: four special ones, 95 byte pairs, <mask>.
        string dictionary = Write("dict.txt", string.Concat(Enumerable.Range(0, 95).Select(i => $"{i} 1\n")));
        string[] tokenizer = ["--dict", dictionary, "--bpe", Fixture("tokenizer", "encoder.json"), Fixture("tokenizer", "vocab.bpe")];
        Assert.Equal((0, ""), Run(["convert", Fixture("text", "text_tiny.pt"), "-o", In("text.d2v"), .. tokenizer]) is var (code, _, error)
            ? (code, string.Concat(error.Split('\n').Where(line => !line.Contains('%', StringComparison.Ordinal)))) : default);
        JsonElement record = Assert.Single(Records(Run("embed", "--model", In("text.d2v"), "--text", "!!")));
        Assert.Equal("text.d2v", record.GetProperty("model").GetString());

        // Byte pair 0 is '!', and so the dictionary's first: id 4.
        JsonElement ids = Assert.Single(Records(Run("embed", "--model", In("text.d2v"), "--tokens", "0 4 4 2")));
        Assert.Equal(ids.GetProperty("vector").GetRawText(), record.GetProperty("vector").GetRawText());

        File.WriteAllText(dictionary, "0 1\n");
        (code, _, error) = Run(["convert", Fixture("text", "text_tiny.pt"), "-o", In("other.d2v"), .. tokenizer]);
        Assert.Equal(1, code);
        Assert.Contains("the model has 100", error, StringComparison.Ordinal);
        Assert.False(File.Exists(In("other.d2v")));
    }

    [Fact]
    public void A_text_that_is_too_long_is_handled_as_requested_and_the_result_reports_it()
    {
        string path = Write("long.txt", $"short\n{string.Concat(Enumerable.Repeat("word ", 3000))}\n");
        JsonElement[] chunked = Records(Run("embed", path));
        Assert.False(chunked[0].TryGetProperty("windows", out _));
        Assert.True(chunked[1].GetProperty("windows").GetInt32() > 1);
        JsonElement truncated = Records(Run("embed", path, "--long", "truncate"))[1];
        Assert.Equal((254, true), (truncated.GetProperty("tokens").GetInt32(), truncated.GetProperty("truncated").GetBoolean()));
        foreach (string[] options in new string[][] { ["--long", "error"], ["--pool", "none"] })
        {
            (int code, string output, string error) = Run(["embed", path, .. options]);
            Assert.Equal(1, code);
            Assert.Equal($"{path}:1", Assert.Single(Records((0, output, error))).GetProperty("input").GetString());
            Assert.StartsWith($"data2vec: {path}:2: ", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Poolings_are_joined_and_a_prompt_stands_before_each_text()
    {
        string path = Write("prompted.txt", "good film\n"), whole = Write("whole.txt", "query: good film\n");
        float[] Vector(params string[] options) =>
            [.. Records(Run(["embed", .. options])).Single().GetProperty("vector").EnumerateArray().Select(number => number.GetSingle())];
        float[] mean = Vector(path), both = Vector(path, "--pooling", "mean+cls"), last = Vector(path, "--pool", "last");
        Assert.Equal([.. Vector(path, "--pool", "cls"), .. mean], both);
        Assert.NotEqual(mean, last);
        Assert.Equal(Vector(whole), Vector(path, "--prompt", "query: "));
        Assert.Equal(both.Length, Records(Run("embed", path, "--pool", "cls+mean")).Single().GetProperty("dimensions").GetInt32());
        (int code, _, string error) = Run("embed", path, "--pool", "median");
        Assert.Equal(2, code);
        Assert.Contains("--pool median: unknown pooling", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Similarity_prints_the_cosines_of_the_vectors_of_embed()
    {
        string[] texts = ["--text", "a good film", "--text", "a great movie", "--text", "rain"];
        float[][] vectors = [.. Records(Run(["embed", .. texts, "--normalize"]))
            .Select(record => record.GetProperty("vector").EnumerateArray().Select(number => number.GetSingle()).ToArray())];
        string[] lines = Run(["similarity", "--order", "input", .. texts]).Output.TrimEnd().Split('\n');
        Assert.Equal(4, lines.Length);
        for (int i = 0; i < 3; i++)
        {
            string[] cells = lines[i + 1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[^3..];
            for (int j = 0; j < 3; j++)
            {
                float cosine = vectors[i].Zip(vectors[j], (a, b) => a * b).Sum();
                Assert.Equal(cosine, float.Parse(cells[j], CultureInfo.InvariantCulture), 1e-4);
            }
        }
    }

    [Fact]
    public void Similarity_draws_svg_and_png()
    {
        string[] texts = ["similarity", "--text", "a <b> & c", "--text", "a great movie", "--plot"];
        (int code, _, string error) = Run([.. texts, In("plot.svg")]);
        if (code != 0 && OperatingSystem.IsLinux())
        {
            Assert.Contains("no TrueType font", error, StringComparison.Ordinal);
            Assert.Skip("No font is installed to draw with.");
        }

        XDocument svg = XDocument.Load(In("plot.svg"));
        Assert.Contains(svg.Descendants(), element => element.Name.LocalName == "text" && element.Value.Trim() == "1.00");
        Assert.Contains(svg.Descendants(), element => element.Name.LocalName == "text" && element.Value.Trim() == "1 a <b> & c");
        Assert.Equal(0, Run([.. texts, In("plot.png")]).Code);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(In("plot.png"))[..4]);
    }

    [Fact]
    public void Inputs_that_do_not_fit_together_are_rejected()
    {
        string texts = Write("texts.txt", "one\n");
        Assert.Contains("different models", Refused(2, "similarity", texts, Image), StringComparison.Ordinal);
        Assert.Contains("different models", Refused(2, "similarity", texts, Recording), StringComparison.Ordinal);
        Assert.Contains("recordings", Refused(1, "classify", Recording), StringComparison.Ordinal);
        Assert.Contains("cls", Refused(2, "embed", Recording, "--pool", "cls"), StringComparison.Ordinal);
        Assert.Contains("images", Refused(1, "transcribe", Image), StringComparison.Ordinal);
        string speech = Path.Combine(AppContext.BaseDirectory, "models", "speech.d2v");
        Assert.Contains("another --model", Refused(1, "embed", "--model", speech, texts), StringComparison.Ordinal);
        Assert.Contains("a second model", Refused(2, "embed", "--model", speech, "--model", speech, Recording), StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_inputs_are_named()
    {
        Assert.Contains("padding", Refused(1, "embed", "--tokens", "0 1 2"), StringComparison.Ordinal);
        Assert.Contains("the token id 2000000000", Refused(1, "embed", "--tokens", "0 2000000000 2"), StringComparison.Ordinal);
        foreach ((string name, byte[] bytes) in new (string, byte[])[]
        {
            ("latin1.txt", [(byte)'a', 0xE9, (byte)'\n']),
            ("empty.txt", []),
            ("empty.wav", []),
            ("cut.png", File.ReadAllBytes(Image)[..100]),
            ("picture.tiff", "II*\0....................."u8.ToArray()),
            ("array.npy", "no array"u8.ToArray()),
        })
        {
            File.WriteAllBytes(In(name), bytes);
            Assert.Contains(name, Refused(1, "embed", In(name)), StringComparison.Ordinal);
        }

        NpyFile.Write(In("cube.npy"), new float[24], 2, 3, 4);
        Assert.Contains("does not fit any model", Refused(1, "embed", In("cube.npy")), StringComparison.Ordinal);
        NpyFile.Write(In("small.npy"), new float[3 * 8 * 8], 3, 8, 8);
        Assert.Contains("[3, 32, 32]", Refused(1, "embed", In("small.npy")), StringComparison.Ordinal);
        NpyFile.Write(In("wide.npy"), new float[3 * 16 * 64], 3, 16, 64);
        Assert.Contains("[3, 16, 64]", Refused(1, "embed", In("wide.npy")), StringComparison.Ordinal);
        Assert.True(Refused(1, "embed", "--text", new string('x', 100_000), "--long", "error").Length < 300);
        NpyFile.Write(In("ids.npy"), new long[] { 0, -1, 2 });
        Assert.Contains("-1 is not a token id", Refused(1, "embed", In("ids.npy")), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Fixture(params string[] path) => Path.Combine([AppContext.BaseDirectory, "Fixtures", .. path]);

    private static JsonElement[] Records((int Code, string Output, string Error) result)
    {
        Assert.Equal("", result.Code == 0 ? "" : result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return [.. json.RootElement.Clone().EnumerateArray()];
    }

    private static string Refused(int code, params string[] arguments)
    {
        (int actual, string output, string error) = Run(arguments);
        Assert.Equal((code, ""), (actual, output));
        Assert.Single(error.TrimEnd().Split('\n'));
        return error;
    }

    private string In(string name) => Path.Combine(_folder, name);

    private string Write(string name, string text)
    {
        File.WriteAllText(In(name), text);
        return In(name);
    }
}
