using System.Diagnostics;
using System.Text.Json;
using Data2Vec.IO;
using static Data2Vec.Cli.Tests.CommandLine;

namespace Data2Vec.Cli.Tests;

/// <summary>Folders, lists, pipes, and bad inputs among good ones.</summary>
public sealed class InputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    private static string Image => Path.Combine(AppContext.BaseDirectory, "Fixtures", "vision", "img0.png");

    private static string Recording => Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav");

    private string Page => Write("page.jpg", "<!DOCTYPE html><html><body>404</body></html>");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void An_argument_that_begins_with_an_at_sign_is_itself()
    {
        string before = Directory.GetCurrentDirectory();
        Write("user", "x\n-o\nkept.json\n");
        Write("kept.json", "keep");
        File.Copy(Image, In("@2x.png"));
        try
        {
            Directory.SetCurrentDirectory(_folder);
            Assert.Equal(Run("classify", "--text=@user I love this"), Run("classify", "--text", "@user I love this"));
            Assert.Equal(["@user", "@2x.png"], Inputs(Run("embed", "--text", "@user", "@2x.png")).Order(StringComparer.Ordinal).Reverse());
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }

        Assert.Equal("keep", File.ReadAllText(In("kept.json")));
    }

    [Theory]
    [InlineData("json")]
    [InlineData("jsonl")]
    [InlineData("csv")]
    [InlineData("npy")]
    public void A_bad_input_costs_no_other(string format)
    {
        string result = In($"result.{format}");
        (int code, string output, string error) = Run("embed", Image, Page, In("missing.png"), Image, "--format", format, "-o", result);
        Assert.Equal((1, ""), (code, output));
        Assert.Equal([$"data2vec: {Page}: this is an HTML page; ", $"data2vec: {In("missing.png")}: no such file"], Lines(error).Select((line, i) => i == 0 ? line[..(line.IndexOf(';', StringComparison.Ordinal) + 2)] : line));
        int count = format switch
        {
            "json" => JsonDocument.Parse(File.ReadAllText(result)).RootElement.GetArrayLength(),
            "jsonl" => File.ReadLines(result).Select(line => JsonDocument.Parse(line)).Count(),
            "csv" => File.ReadLines(result).Count() - 1,
            _ => (int)NpyFile.Read(result).Shape[0],
        };
        Assert.Equal(2, count);
    }

    [Fact]
    public void A_bad_input_costs_no_other_label_or_transcript()
    {
        (int code, string output, string error) = Run("classify", Image, Page, Image, "--top", "1");
        Assert.Equal((1, 2, 1), (code, Lines(output).Length, Lines(error).Length));
        Assert.DoesNotContain("WAV", error, StringComparison.Ordinal);
        (code, output, error) = Run("transcribe", Recording, Page, Image, Recording);
        Assert.Equal((1, 2, 2), (code, Lines(output).Count(line => line == $"{Recording}\tFOUR TWO"), Lines(error).Length));
    }

    [Fact]
    public void A_bad_text_costs_no_other_in_its_batch()
    {
        string texts = Write("texts.txt", $"one\n{string.Concat(Enumerable.Repeat("word ", 3000))}\nthree\n");
        Assert.Equal([$"{texts}:1", $"{texts}:3"], Inputs(Run("embed", texts, "--long", "error")));
        Assert.Equal([$"{texts}:1", $"{texts}:3"], Lines(Run("classify", texts, "--long", "error", "--top", "1").Output).Select(line => line.Split('\t')[0]));
    }

    [Fact]
    public void Inputs_of_another_model_do_not_fit_in_a_table()
    {
        (int code, string output, string error) = Run("embed", Recording, Image, "--text", "a", Recording, "--format", "csv");
        Assert.Equal((1, 3, 2), (code, Lines(output).Length, Lines(error).Length));
        Assert.StartsWith($"data2vec: {Image}: --format csv has one table", Lines(error)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Strict_stops_at_the_first_bad_input_and_leaves_valid_JSON()
    {
        (int code, string output, string error) = Run("embed", Image, Page, Image, In("missing.png"), "--strict");
        Assert.Equal(1, code);
        Assert.Equal(1, JsonDocument.Parse(output).RootElement.GetArrayLength());
        Assert.Contains("page.jpg", Assert.Single(Lines(error)), StringComparison.Ordinal);
        Assert.Equal(1, Run("embed", Image, Page, "-o", In("none.json"), "--strict").Code);
        Assert.False(File.Exists(In("none.json")));
    }

    [Fact]
    public void A_folder_is_its_inputs_in_order_and_on_request_those_below()
    {
        string folder = Directory.CreateDirectory(In("photos")).FullName, below = Directory.CreateDirectory(Path.Combine(folder, "a", "b")).FullName;
        File.Copy(Image, Path.Combine(folder, "2.png"));
        File.Copy(Image, Path.Combine(folder, "10.PNG"));
        File.Copy(Image, Path.Combine(folder, ".hidden.png"));
        File.Copy(Recording, Path.Combine(below, "deep.wav"));
        File.WriteAllText(Path.Combine(folder, "notes.md"), "# Notes");
        (int code, string output, string error) result = Run("embed", folder);
        Assert.Equal([Path.Combine(folder, "10.PNG"), Path.Combine(folder, "2.png")], Inputs(result));
        Assert.Equal((0, $"data2vec: {folder}: 1 other file left out"), (result.code, result.error.TrimEnd()));
        Assert.Equal(3, Inputs(Run("embed", folder, "--recursive")).Length);
        Assert.Equal("FOUR TWO", Run("transcribe", folder, "-r").Output.TrimEnd().Split('\t')[^1]);

        string empty = Directory.CreateDirectory(In("empty")).FullName;
        result = Run("embed", empty, Image);
        Assert.Equal((1, 1), (result.code, Inputs(result).Length));
        Assert.Contains($"{empty}: none of the inputs (recordings, images, texts (.txt) and arrays (.npy)) in this folder", result.error, StringComparison.Ordinal);
        Assert.Equal(1, Run("embed", "--model", folder, Image).Code);
    }

    [Fact]
    public void A_list_names_inputs()
    {
        string list = Write("list", $"{Image}\n\n{In("missing.png")}\n{Image}\n");
        (int code, string output, string error) result = Run("embed", "--list", list, Image);
        Assert.Equal((1, 3), (result.code, Inputs(result).Length));
        Assert.Equal($"data2vec: {In("missing.png")}: no such file", result.error.TrimEnd());
    }

    [Fact]
    public async Task What_comes_through_a_pipe_is_recognized_by_its_content()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no /dev/stdin");
        foreach (string name in new[] { "-", "/dev/stdin" })
        {
            Assert.Equal("FOUR TWO", (await Piped(Recording, "transcribe", name)).TrimEnd());
            Assert.Equal(Vectors(Run("embed", Image).Output), Vectors(await Piped(Image, "embed", name)));
            string texts = Write("texts.txt", "one\ntwo\n");
            Assert.Equal(Vectors(Run("embed", texts).Output), Vectors(await Piped(texts, "embed", name)));
            NpyFile.Write(In("ids.npy"), new long[] { 0, 5, 6, 2 });
            Assert.Equal(Vectors(Run("embed", In("ids.npy")).Output), Vectors(await Piped(In("ids.npy"), "embed", name)));
        }

        Assert.Equal([Image], Inputs((0, await Piped(Write("list", Image), "embed", "--list", "-"), "")));
    }

    [Fact]
    public void A_result_replaces_no_input_of_a_folder_or_a_list_and_no_list()
    {
        string folder = Directory.CreateDirectory(In("photos")).FullName, image = Path.Combine(folder, "a.png");
        File.Copy(Image, image);
        Directory.CreateSymbolicLink(In("link"), folder);
        string list = Write("list", image);
        byte[] before = File.ReadAllBytes(image);
        Assert.Equal(2, Run("embed", folder, "-o", image).Code);
        Assert.Equal(2, Run("embed", image, "-o", Path.Combine(In("link"), "a.png")).Code);
        Assert.Equal(2, Run("embed", "--list", list, "-o", image).Code);
        Assert.Equal(2, Run("embed", "--list", list, "-o", list).Code);
        Assert.Equal(2, Run("similarity", folder, "--plot", image).Code);
        Assert.Equal(before, File.ReadAllBytes(image));
        Assert.Equal(2, Run("embed", "--list", Write("empty list", "\n")).Code);
    }

    [Fact]
    public void A_result_goes_where_a_link_of_the_current_folder_leads()
    {
        string before = Directory.GetCurrentDirectory();
        Write("real.json", "old");
        File.CreateSymbolicLink(In("link.json"), "real.json");
        try
        {
            Directory.SetCurrentDirectory(_folder);
            Assert.Equal(0, Run("embed", Image, "-o", "link.json").Code);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }

        Assert.StartsWith("[{", File.ReadAllText(In("real.json")), StringComparison.Ordinal);
        Assert.Equal("real.json", new FileInfo(In("link.json")).LinkTarget);
    }

    [Fact]
    public void The_lines_before_one_that_is_not_text_have_results()
    {
        string texts = In("texts.txt");
        File.WriteAllBytes(texts, [.. "a\nb\nc\n"u8, 0xFF, (byte)'\n']);
        (int code, string output, string error) result = Run("embed", texts);
        Assert.Equal((1, 3), (result.code, Inputs(result).Length));
        Assert.StartsWith($"data2vec: {texts}: line 4 is not UTF-8", result.error, StringComparison.Ordinal);
        File.Copy(Recording, In("recording.txt"));
        Assert.Contains("this is a WAV file, not a text", Run("embed", In("recording.txt")).Error, StringComparison.Ordinal);
        Assert.Contains("the file has no text", Run("embed", Write("mark.txt", "\uFEFF")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupting_the_wait_for_a_pipe_is_quick_and_said()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signal");
        string[] program = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", "dotnet"] : ["dotnet"];
        using Process process = Process.Start(new ProcessStartInfo(program[0], [.. program[1..], Path.Combine(AppContext.BaseDirectory, "Data2Vec.Cli.dll"), "classify", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await Task.Delay(3000);
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(8));
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal((130, "data2vec: cancelled; 0 results were written"), (process.ExitCode, (await process.StandardError.ReadToEndAsync()).TrimEnd()));
    }

    [Fact]
    public void A_limit_of_pixels_can_be_raised_and_lowered()
    {
        Assert.Contains("exceed the limit of 9 pixels (--max-pixels)", Run("embed", Image, "--max-pixels", "9").Error, StringComparison.Ordinal);
        Assert.Equal(0, Run("embed", Image, "--max-pixels", "999999").Code);
        Assert.Contains("the limit of --max-samples", Run("embed", Recording, "--max-samples", "99").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Search_lists_the_nearest_inputs_of_the_kind_of_the_query()
    {
        string texts = Write("texts.txt", "rain in spring\na good film\nthe stock market\n");
        string[] lines = Lines(Run("search", "a good film", texts, "--top", "2").Output);
        Assert.Equal(2, lines.Length);
        Assert.Equal($"1\t1.0000\t{texts}:2\ta good film", lines[0]);
        (int code, string output, string error) = Run("search", Image, Image, texts);
        Assert.Equal((1, $"1\t1.0000\t{Image}"), (code, output.TrimEnd()));
        Assert.Contains("the query is of another kind", error, StringComparison.Ordinal);
        Assert.Equal(2, Run("search", texts, texts).Code);
        NpyFile.Write(In("ids.npy"), new long[] { 0, 5, 6, 2 });
        (code, output, error) = Run("search", Image, In("ids.npy"), Image);
        Assert.Equal((1, $"1\t1.0000\t{Image}"), (code, output.TrimEnd()));
        Assert.StartsWith($"data2vec: {In("ids.npy")}: the query is of another kind", error, StringComparison.Ordinal);
        Assert.Equal("data2vec: nosuch.wav: no such file", Run("search", "nosuch.wav", Recording).Error.TrimEnd());
    }

    [Fact]
    public void Similarity_lists_neighbors_and_puts_like_inputs_side_by_side()
    {
        string[] texts = ["--text", "a good film", "--text", "rain", "--text", "a good film"];
        Assert.Equal(["a good film\t1\t1.0000\ta good film", "a good film\t1\t1.0000\ta good film"], Lines(Run(["similarity", .. texts, "--top", "1"]).Output).Where(line => !line.StartsWith("rain", StringComparison.Ordinal)));
        string[] places = Lines(Run(["similarity", .. texts]).Output)[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(1, Math.Abs(Array.IndexOf(places, "1") - Array.IndexOf(places, "3")));
    }

    [Fact]
    public void Items_on_a_line_are_ordered_along_it()
    {
        var random = new Random(3);
        double[] points = [.. Enumerable.Range(0, 40).Select(i => i * (1 + (0.2 * random.NextDouble())))];
        random.Shuffle(points);
        var similarity = new float[points.Length, points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            for (int j = 0; j < points.Length; j++)
            {
                similarity[i, j] = (float)-Math.Abs(points[i] - points[j]);
            }
        }

        double[] ordered = [.. LikenessOrder.Find(similarity).Select(i => points[i])];
        Assert.Equal(points.Order(), ordered.Order());
        double steps = ordered.Zip(ordered.Skip(1), (a, b) => Math.Abs(a - b)).Sum();
        Assert.InRange(steps, 0, 2 * (points.Max() - points.Min()));
    }

    private static string[] Lines(string text) => text.TrimEnd().Split('\n');

    private static string[] Inputs((int Code, string Output, string Error) result)
    {
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return [.. json.RootElement.EnumerateArray().Select(record => record.GetProperty("input").GetString()!)];
    }

    private static string[] Vectors(string output)
    {
        using JsonDocument json = JsonDocument.Parse(output);
        return [.. json.RootElement.EnumerateArray().Select(record => record.GetProperty("vector").GetRawText())];
    }

    private static async Task<string> Piped(string file, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Data2Vec.Cli.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await process.StandardInput.BaseStream.WriteAsync(await File.ReadAllBytesAsync(file));
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync();
        Assert.Equal("", await process.StandardError.ReadToEndAsync());
        return output;
    }

    private string In(string name) => Path.Combine(_folder, name);

    private string Write(string name, string text)
    {
        File.WriteAllText(In(name), text);
        return In(name);
    }
}
