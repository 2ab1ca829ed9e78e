using System.Diagnostics;
using System.Text.Json;
using Data2Vec.IO;
using static Data2Vec.Cli.Tests.CommandLine;

namespace Data2Vec.Cli.Tests;

public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    [Theory]
    [InlineData]
    [InlineData("sing")]
    [InlineData("convert", "a.pt")]
    [InlineData("convert", "a.pt", "-o", "b.d2v", "--dtype", "f64")]
    [InlineData("embed")]
    [InlineData("embed", "a.wav", "--layer", "-1")]
    [InlineData("embed", "a.wav", "--threads", "0")]
    [InlineData("embed", "a.wav", "--normalise")]
    [InlineData("embed", "")]
    [InlineData("transcribe", "a.wav", "-m", "x")]
    [InlineData("embed", "--text", "a", "--format", "npy")]
    [InlineData("transcribe", "--list")]
    [InlineData("embed", "a.png", "--max-pixels", "0")]
    [InlineData("search", "a query")]
    [InlineData("embed", "--tokens", "0 x 2")]
    [InlineData("embed", "--text", "a", "--layer", "9")]
    [InlineData("embed", "--text", "a", "--long", "cut")]
    [InlineData("classify")]
    [InlineData("classify", "--text", "a", "--top", "0")]
    [InlineData("similarity", "--text", "only one")]
    [InlineData("similarity", "--text", "a", "--text", "b", "--layer", "all")]
    [InlineData("similarity", "--text", "a", "--text", "b", "--plot", "a.pdf")]
    [InlineData("convert", "a.pt", "-o", "b.d2v", "--bpe", "encoder.json")]
    public void A_wrong_command_line_exits_with_2_and_prints_no_result(params string[] arguments)
    {
        (int code, string output, string error) = Run(arguments);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.StartsWith("data2vec: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("convert", "missing.pt", "-o", "b.d2v")]
    [InlineData("inspect", "missing.d2v")]
    [InlineData("embed", "--model", "missing.d2v", "--text", "a")]
    [InlineData("embed", "missing.txt")]
    public void A_missing_file_exits_with_1_and_one_line_that_names_it(params string[] arguments)
    {
        (int code, string output, string error) = Run(arguments);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.StartsWith("data2vec: missing.", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void A_damaged_model_exits_with_1()
    {
        string model = Convert("audio_tiny_ctc.pt");
        byte[] bytes = File.ReadAllBytes(model);
        bytes[^100] ^= 1;
        File.WriteAllBytes(model, bytes);
        (int code, _, string error) = Run("inspect", model, "--verify");
        Assert.Equal(1, code);
        Assert.Contains("model.d2v", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_bundled_models_read_the_sample_recording()
    {
        string sample = Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav");
        Assert.Equal((0, "FOUR TWO", ""), Run("transcribe", sample) is var (code, text, error) ? (code, text.TrimEnd(), error) : default);
        using JsonDocument json = JsonDocument.Parse(Run("embed", sample, "--normalize").Output);
        JsonElement vector = json.RootElement[0].GetProperty("vector");
        Assert.Equal(192, vector.GetArrayLength());
        Assert.Equal(1, vector.EnumerateArray().Sum(number => number.GetDouble() * number.GetDouble()), 1e-5);
    }

    [Fact]
    public async Task A_named_pipe_is_read_as_the_file_that_comes_through_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no mkfifo");
        string sample = Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav"), pipe = Path.Combine(_folder, "pipe");
        using (Process mkfifo = Process.Start("mkfifo", pipe))
        {
            await mkfifo.WaitForExitAsync();
        }

        Task writer = Task.Run(() => File.WriteAllBytes(pipe, File.ReadAllBytes(sample)));
        Assert.Equal("FOUR TWO", Run("transcribe", pipe).Output.TrimEnd());
        await writer;
    }

    [Fact]
    public void A_result_never_replaces_an_input()
    {
        string model = Convert("audio_tiny_fp16.pt");
        string input = Noise();
        string link = Path.Combine(_folder, "link.npy");
        File.CreateSymbolicLink(link, input);
        byte[] before = File.ReadAllBytes(input);
        Assert.Equal(2, Run("embed", "--model", model, input, "-o", input).Code);
        Assert.Equal(2, Run("embed", "--model", model, input, "-o", link).Code);
        Assert.Equal(2, Run("embed", "--model", model, input, "-o", model).Code);
        Assert.Equal(2, Run("embed", "--model", model, input, "-o", "").Code);
        Assert.Equal(2, Run("convert", model, "-o", model).Code);
        Assert.Equal(before, File.ReadAllBytes(input));
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_rejected()
    {
        string input = Path.Combine(_folder, "nan.npy");
        NpyFile.Write(input, Enumerable.Repeat(float.NaN, 4000).ToArray());
        foreach ((int code, string output, string error) in new[] { Run("embed", input), Run("transcribe", input) })
        {
            Assert.Equal((1, ""), (code, output));
            Assert.Contains("nan.npy", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Devices_lists_every_kind_of_device_or_why_there_is_none_and_the_one_used_by_auto()
    {
        string[] lines = Run("devices").Output.TrimEnd().Split('\n');
        Assert.StartsWith("cpu ", lines[0], StringComparison.Ordinal);
        Assert.Single(lines, line => line.Contains("used by auto", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("cuda", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("opencl", StringComparison.Ordinal));
    }

    [Fact]
    public void Devices_check_reports_on_the_kernels_below_each_device()
    {
        string[] lines = Run("devices").Output.TrimEnd().Split('\n'), check = Run("devices", "--check").Output.TrimEnd().Split('\n');
        Assert.Equal(lines, check.Where(line => line[0] != ' '));
        int usable = lines.Count(line => line.Split(' ')[0].Contains(':', StringComparison.Ordinal) && !line.Contains("cannot be used", StringComparison.Ordinal));
        Assert.InRange(check.Count(line => line[0] == ' '), usable, int.MaxValue);
    }

    [Theory]
    [InlineData("opencl:99", 1)]
    [InlineData("cuda:99", 1)]
    [InlineData("tpu", 2)]
    [InlineData("cuda:", 2)]
    [InlineData("cuda:-1", 2)]
    [InlineData("cpu:0", 2)]
    public void An_unavailable_device_is_named(string device, int expected)
    {
        (int code, string output, string error) = Run("embed", "--text", "a", "--device", device);
        Assert.Equal((expected, ""), (code, output));
        Assert.Contains(device, error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_CPU_can_be_chosen_by_name() =>
        Assert.Equal(Run("embed", "--text", "a", "--threads", "1").Output, Run("embed", "--text", "a", "--threads", "1", "--device", "cpu").Output);

    [Fact]
    public void A_device_without_tf32_reports_it()
    {
        (int code, string output, string error) = Run("embed", "--text", "a", "--device", "cpu", "--tf32");
        Assert.Equal((0, Run("embed", "--text", "a", "--device", "cpu").Output), (code, output));
        Assert.Contains("cpu has no tensor cores for tf32", error, StringComparison.Ordinal);
        Assert.Equal("", Run("embed", "--text", "a", "--tf32").Error);
    }

    [Fact]
    public void Inspect_shows_what_convert_wrote()
    {
        (int code, string output, _) = Run("inspect", Convert("audio_tiny_ctc.pt"), "--tensors", "--verify");
        Assert.Equal(0, code);
        Assert.Contains("architecture: data2vec-audio", output, StringComparison.Ordinal);
        Assert.Contains("tensors: 103, 180,064 weights", output, StringComparison.Ordinal);
        Assert.Contains("ctc.weight\tf32 in panels\t[32, 64]", output, StringComparison.Ordinal);
        Assert.Contains("verified", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Formats_of_embed_hold_the_same_numbers()
    {
        string model = Convert("audio_tiny_fp16.pt");
        string input = Noise();
        string file = Path.Combine(_folder, "vectors.npy");
        Assert.Equal(0, Run("embed", "--model", model, input, input, "--format", "npy", "-o", file).Code);
        NpyArray array = NpyFile.Read(file);
        Assert.Equal([2, 64], array.Shape);
        float[] expected = array.Floats()[..64];

        using JsonDocument json = JsonDocument.Parse(Run("embed", "--model", model, input).Output);
        JsonElement only = Assert.Single(json.RootElement.EnumerateArray());
        Assert.Equal((input, "last", 64), (only.GetProperty("input").GetString(), only.GetProperty("layer").GetString(), only.GetProperty("dimensions").GetInt32()));
        using JsonDocument numbered = JsonDocument.Parse(Run("embed", "--model", model, input, "--layer", "4").Output);
        Assert.Equal(4, numbered.RootElement[0].GetProperty("layer").GetInt32());
        Assert.Equal(expected, only.GetProperty("vector").EnumerateArray().Select(number => number.GetSingle()));

        string[] csv = Run("embed", "--model", model, input, "--format", "csv").Output.TrimEnd().Split('\n');
        Assert.Equal(2, csv.Length);
        Assert.Equal(expected, csv[1].Split(',').TakeLast(64).Select(number => float.Parse(number, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void All_layers_without_pooling_are_layers_by_rows_by_features()
    {
        string file = Path.Combine(_folder, "layers.npy");
        Assert.Equal(0, Run("embed", "--model", Convert("audio_tiny_fp16.pt"), Noise(), "--layer", "all", "--pool", "none", "--format", "npy", "-o", file).Code);

        // 4000 samples: floor((4000 - 10) / 5) + 1 = 799, then 399, 199, 99, 49, 24, 12.
        Assert.Equal([5, 12, 64], NpyFile.Read(file).Shape);
    }

    [Fact]
    public void A_recording_that_is_too_short_is_named_and_leaves_no_file()
    {
        string input = Path.Combine(_folder, "short.npy");
        NpyFile.Write(input, new float[399]);
        string file = Path.Combine(_folder, "result.json");
        (int code, _, string error) = Run("embed", "--model", Convert("audio_tiny_fp16.pt"), input, "-o", file);
        Assert.Equal(1, code);
        Assert.StartsWith($"data2vec: {input}: ", error, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void Transcribe_rejects_a_model_without_a_head()
    {
        (int code, _, string error) = Run("transcribe", "--model", Convert("audio_tiny_fp16.pt"), Noise());
        Assert.Equal(1, code);
        Assert.Contains("no CTC head", error, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Convert(string fixture)
    {
        string model = Path.Combine(_folder, "model.d2v");
        Assert.Equal(0, Run("convert", Path.Combine(AppContext.BaseDirectory, "Fixtures", "audio", fixture), "-o", model).Code);
        return model;
    }

    private string Noise()
    {
        var random = new Random(1);
        string path = Path.Combine(_folder, "noise.npy");
        NpyFile.Write(path, Enumerable.Range(0, 4000).Select(_ => random.NextSingle() - 0.5f).ToArray());
        return path;
    }
}
