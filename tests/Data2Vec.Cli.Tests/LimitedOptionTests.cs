using System.Text.Json;
using Data2Vec.IO;

namespace Data2Vec.Cli.Tests;

/// <summary>Options that apply to some inputs only are refused where they have no effect.</summary>
public sealed class LimitedOptionTests : IDisposable
{
    private const string SampleArray = "samples.npy", PixelArray = "pixels.npy", IdArray = "ids.npy", Texts = "texts.txt", Pairs = "pairs.txt";

    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    public LimitedOptionTests()
    {
        NpyFile.Write(In(SampleArray), [.. Enumerable.Range(0, 16_000).Select(i => MathF.Sin(i * 0.1f))], 16_000);
        NpyFile.Write(In(PixelArray), new float[3 * 32 * 32], 3, 32, 32);
        NpyFile.Write(In(IdArray), new long[] { 0, 5, 2 });
        File.WriteAllText(In(Texts), "one\ntwo\n");
        File.WriteAllText(In(Pairs), "one\ttwo\n");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav"), In("a.wav"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Fixtures", "vision", "img0.png"), In("a.png"));
    }

    [Theory]
    [InlineData("embed samples.npy --window 0.5", "--window does not apply to arrays of samples, which are prepared already and go through the model whole; it is for recordings")]
    [InlineData("embed samples.npy --stride 0.5", "--stride does not apply to arrays of samples")]
    [InlineData("embed samples.npy --long chunk", "--long chunk does not apply to arrays of samples")]
    [InlineData("transcribe samples.npy --long error", "--long error does not apply to arrays of samples")]
    [InlineData("transcribe samples.npy --split silence", "--split does not apply to arrays of samples")]
    [InlineData("embed ids.npy --long truncate", "--long truncate does not apply to token ids")]
    [InlineData("embed --tokens 0,5,2 --prompt query:", "--prompt does not apply to token ids")]
    [InlineData("embed pairs.txt --pair --prompt query:", "--prompt does not apply to pairs of texts")]
    [InlineData("embed pairs.txt --pair --long chunk", "--long chunk does not apply to pairs of texts; use truncate or error")]
    [InlineData("classify pairs.txt --pair --long chunk", "--long chunk does not apply to pairs of texts; use truncate or error")]
    [InlineData("embed a.wav --long truncate", "--long truncate does not apply to recordings; use chunk or whole or error")]
    [InlineData("embed texts.txt --long whole", "--long whole does not apply to texts; use chunk or truncate or error")]
    [InlineData("embed a.wav texts.txt --long whole", "--long whole does not apply to texts")]
    [InlineData("embed a.png --long error", "--long error has no effect: it is for recordings, texts and pairs of texts, and no input is one of them")]
    [InlineData("embed texts.txt --image-size 64", "--image-size has no effect: it is for images and arrays of pixels")]
    [InlineData("classify texts.txt --image-size 64", "--image-size has no effect")]
    [InlineData("embed a.wav --prompt query:", "--prompt has no effect: it is for texts")]
    [InlineData("embed a.png --pair", "--pair has no effect: it is for pairs of texts")]
    [InlineData("similarity texts.txt --window 5", "--window has no effect: it is for recordings")]
    [InlineData("search a.png a.png --query-prompt query:", "--query-prompt has no effect: it is for texts")]
    [InlineData("tokenize ids.npy --long truncate", "--long truncate does not apply to token ids")]
    [InlineData("transcribe a.wav --long whole --window 5", "--window has no effect with --long whole")]
    [InlineData("transcribe a.wav --live --long whole", "--long has no effect with --live")]
    [InlineData("similarity texts.txt --top 1 --order input", "--order has no effect with --top")]
    [InlineData("embed a.png --image-size 0", "--image-size must be a whole number of at least 1")]
    [InlineData("embed a.png --image-size -8", "--image-size must be a whole number of at least 1")]
    [InlineData("embed a.wav --pool pooler", "makes no vector of its own; use mean\n")]
    [InlineData("embed a.wav --pool cls", "which models/speech.d2v does not have; use mean\n")]
    public void An_option_without_effect_is_refused_by_name(string command, string reason)
    {
        (int code, _, string error) = Run(command);
        Assert.Equal(2, code);
        Assert.Contains(reason, error.Replace(AppContext.BaseDirectory, "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("embed a.wav a.png texts.txt --window 5", 4)]
    [InlineData("embed a.wav texts.txt --long error", 3)]
    [InlineData("embed texts.txt a.png --image-size 64", 3)]
    [InlineData("embed a.png texts.txt --prompt query:", 3)]
    [InlineData("embed pixels.npy --image-size 32", 1)]
    [InlineData("embed a.png pairs.txt --pair --long truncate", 2)]
    public void An_option_applies_to_some_of_the_inputs(string command, int count)
    {
        (int code, string output, string error) = Run(command);
        Assert.Equal((0, ""), (code, error));
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(count, json.RootElement.GetArrayLength());
    }

    [Theory]
    [InlineData("embed a.wav samples.npy --window 5", "samples.npy: --window does not apply to arrays of samples")]
    [InlineData("embed texts.txt ids.npy --prompt query:", "ids.npy: --prompt does not apply to token ids")]
    public void An_input_that_an_option_would_skip_does_not_lose_the_results_of_others(string command, string reason)
    {
        (int code, string output, string error) = Run(command);
        Assert.Equal(1, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.True(json.RootElement.GetArrayLength() > 0);
    }

    [Fact]
    public void An_option_that_turns_out_to_have_no_effect_on_arrays_is_warned_of()
    {
        (int code, string output, string error) = Run("embed pixels.npy --long error");
        Assert.Equal(0, code);
        Assert.Contains("--long error has no effect", error, StringComparison.Ordinal);
        Assert.StartsWith("[", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("search one ids.npy --query-prompt query:")]
    [InlineData("search ids.npy texts.txt --query-prompt '' --prompt passage:")]
    public void The_prompt_of_a_query_and_that_of_texts_do_not_apply_to_each_other(string command)
    {
        (int code, string output, string error) = Run(command);
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("1\t", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("embed texts.txt -o /proc/vectors.json")]
    [InlineData("similarity texts.txt --plot /proc/plot.svg")]
    [InlineData("convert a.png -o /proc/model.d2v")]
    [InlineData("lm convert texts.txt /proc/model.bin")]
    public void A_place_where_no_file_can_be_created_is_named_as_it_was_given(string command)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "No other system has /proc.");
        (int code, string output, string error) = Run(command);
        Assert.Equal((1, ""), (code, output));
        string path = command.Split(' ').Last();
        Assert.Contains(error, (string[])[$"data2vec: {path}: no file can be created there\n", $"data2vec: {path}: no permission to write there\n"]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    private (int Code, string Output, string Error) Run(string command) =>
        CommandLine.Run([.. command.Split(' ').Select(word => word == "''" ? "" : File.Exists(In(word)) ? In(word) : word)]);
}
