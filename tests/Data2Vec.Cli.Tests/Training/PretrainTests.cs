using System.Diagnostics;
using System.Text.Json;

namespace Data2Vec.Cli.Tests.Training;

public sealed class PretrainTests : IDisposable
{
    private readonly RunFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void A_speech_model_is_pretrained_and_embeds()
    {
        string run = _files["run"], plot = _files["curves.svg"], board = _files["board"];
        (int code, string output, string error) = CommandLine.Run(
            "pretrain", _files["speech.json"], "--data", _files.Recordings(), "-o", run, "--plot", plot, "--tensorboard", board);
        Assert.True(code == 0, error);
        Assert.StartsWith($"{Path.Combine(run, "model.d2v")}: 4 updates, loss ", output, StringComparison.Ordinal);
        Assert.Contains("update 4 of 4: loss ", error, StringComparison.Ordinal);
        Assert.Equal(4, File.ReadLines(Path.Combine(run, "log.jsonl")).Count());
        Assert.StartsWith("<svg", File.ReadAllText(plot), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(board));
        Assert.Equal(32, Vector("--model", Path.Combine(run, "model.d2v"), _files["recordings/0.wav"]).Length);
    }

    [Fact]
    public void A_text_model_is_pretrained_with_its_tokenizer_and_embeds()
    {
        (int code, _, string error) = CommandLine.Run(
            "pretrain", _files["text.json"], "--data", _files.Texts(), "--tokenizer", _files.Tokenizer(), "-o", _files["run"]);
        Assert.True(code == 0, error);
        Assert.Equal(32, Vector("--model", _files["run/model.d2v"], "--text", "rain falls").Length);
    }

    [Fact]
    public void An_image_model_is_pretrained_and_embeds()
    {
        (int code, _, string error) = CommandLine.Run("pretrain", _files["image.json"], "--data", _files.Images(), "-o", _files["run"]);
        Assert.True(code == 0, error);
        Assert.Equal(32, Vector("--model", _files["run/model.d2v"], Path.Combine(AppContext.BaseDirectory, "Fixtures", "vision", "img0.png")).Length);
    }

    [Fact]
    public void A_text_model_needs_a_tokenizer()
    {
        (int code, _, string error) = CommandLine.Run("pretrain", _files["text.json"], "--data", _files.Texts(), "-o", _files["run"]);
        Assert.Equal(2, code);
        Assert.Contains("--tokenizer", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_files["run"]));
    }

    [Fact]
    public void A_run_starts_from_a_checkpoint_of_fairseq()
    {
        string checkpoint = Path.Combine(AppContext.BaseDirectory, "Fixtures", "text", "text_tiny.pt");
        string[] command = ["pretrain", _files["text.json"], "--data", _files.Texts(), "--from", checkpoint, "--tokenizer", _files.Tokenizer(isSmall: true), "-o", _files["run"], "--set", "top_layers=1"];
        (int code, _, string error) = CommandLine.Run(command);
        Assert.True(code == 0, error);
        Assert.NotEmpty(Vector("--model", _files["run/model.d2v"], "--text", "rain"));
    }

    [Fact]
    public async Task A_run_that_Ctrl_C_has_stopped_goes_on_to_the_same_model()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signal");
        string data = _files.Recordings();
        string[] whole = ["pretrain", _files["speech.json"], "--data", data, "--set", "updates=1000", "--threads", "1", "-o"];
        string[] program = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", "dotnet"] : ["dotnet"];
        using Process process = Process.Start(new ProcessStartInfo(program[0], [.. program[1..], Path.Combine(AppContext.BaseDirectory, "Data2Vec.Cli.dll"), .. whole, _files["stopped"]])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 130, error);
        Assert.Contains("the same command goes on", error, StringComparison.Ordinal);

        (int code, _, error) = CommandLine.Run([.. whole, _files["stopped"]]);
        Assert.True(code == 0, error);
        Assert.Contains("the run goes on after update", error, StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run([.. whole, _files["straight"]]).Code);
        Assert.Equal(File.ReadAllBytes(_files["straight/model.d2v"]), File.ReadAllBytes(_files["stopped/model.d2v"]));
    }

    [Fact]
    public void Another_recipe_or_other_data_is_refused_by_name_and_restart_overrides()
    {
        string data = _files.Recordings(), run = _files["run"];
        string[] command = ["pretrain", _files["speech.json"], "--data", data, "-o", run];
        Assert.Equal(0, CommandLine.Run(command).Code);
        (int code, string output, _) = CommandLine.Run(command);
        Assert.Equal(0, code);
        Assert.Contains("the run was complete before", output, StringComparison.Ordinal);

        (code, _, string error) = CommandLine.Run([.. command, "--set", "optimizer.learning_rate=0.002"]);
        Assert.Equal(1, code);
        Assert.Contains("optimizer.learning_rate was 0.001, is 0.002", error, StringComparison.Ordinal);
        Assert.Contains("--restart", error, StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run([.. command, "--set", "optimizer.learning_rate=0.002", "--restart"]).Code);

        File.Delete(Path.Combine(data, "0.wav"));
        (code, _, error) = CommandLine.Run([.. command, "--set", "optimizer.learning_rate=0.002"]);
        Assert.Equal(1, code);
        Assert.Contains("the data had 6 items, have 5", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_state_is_named_with_the_way_to_begin_again()
    {
        string[] command = ["pretrain", _files["speech.json"], "--data", _files.Recordings(), "-o", _files["run"]];
        Assert.Equal(0, CommandLine.Run(command).Code);
        File.WriteAllBytes(_files["run/state.d2v"], File.ReadAllBytes(_files["run/state.d2v"])[..5000]);
        (int code, _, string error) = CommandLine.Run(command);
        Assert.Equal(1, code);
        Assert.Contains("state.d2v", error, StringComparison.Ordinal);
        Assert.Contains("begin the run again with --restart", error, StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run([.. command, "--restart"]).Code);
    }

    [Fact]
    public void Data_that_are_a_single_recording_or_image_are_refused_as_what_they_are()
    {
        string recording = Path.Combine(_files.Recordings(), "0.wav"), image = Path.Combine(_files.Images(), "cats", "0.png");
        foreach ((string recipe, string file, string kind) in new[] { ("speech", recording, "a recording"), ("image", image, "an image"), ("text", recording, "a recording"), ("text", image, "an image") })
        {
            (int code, _, string error) = CommandLine.Run(
                ["pretrain", _files[$"{recipe}.json"], "--data", file, "-o", _files["run"], .. recipe == "text" ? ["--tokenizer", _files.Tokenizer()] : Array.Empty<string>()]);
            Assert.Equal(1, code);
            Assert.Contains($"{file}: this is {kind}, not a text file", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Recipes_with_faults_are_named_with_the_fault()
    {
        string data = _files.Recordings();
        _files.Write("no-model.json", """{"modality": "speech", "updates": 4}""");
        _files.Write("half-model.json", """{"modality": "speech", "updates": 4, "model": {"architecture": "data2vec-audio", "hidden_size": 32}}""");
        foreach ((string recipe, string setting, string fault) in new[]
        {
            ("speech.json", "optimizer.learning_rate=abc", "'optimizer.learning_rate' cannot be \"abc\""),
            ("speech.json", "batch=7", "'batch' cannot be 7"),
            ("recordings", "updates=4", "this is a folder; a recipe is a JSON file"),
            ("no-model.json", "updates=4", "no-model.json: the recipe has no 'model'"),
            ("half-model.json", "updates=4", "half-model.json: "),
        })
        {
            (int code, _, string error) = CommandLine.Run("pretrain", _files[recipe], "--data", data, "-o", _files["run"], "--set", setting);
            Assert.Equal(1, code);
            Assert.Contains(fault, error, StringComparison.Ordinal);
            Assert.DoesNotContain("Data2Vec.", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_model_of_data2vec_2_is_trained_with_a_word_about_its_objective()
    {
        string data = _files.Recordings();
        _files.Write("second.json", File.ReadAllText(_files["speech.json"]).Replace("data2vec-audio", "data2vec2-audio", StringComparison.Ordinal));
        (int code, _, string error) = CommandLine.Run("pretrain", _files["second.json"], "--data", data, "-o", _files["run"]);
        Assert.True(code == 0, error);
        Assert.Contains("is a model of data2vec 2.0; it is trained with the objective of the first data2vec", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_recording_is_named_and_left_out_or_ends_the_run()
    {
        string data = _files.Recordings(30);
        File.WriteAllText(Path.Combine(data, "bad.wav"), "RIFF and then nothing");
        (int code, _, string error) = CommandLine.Run("pretrain", _files["speech.json"], "--data", data, "-o", _files["run"]);
        Assert.Equal(1, code);
        Assert.Contains("bad.wav", error, StringComparison.Ordinal);
        Assert.True(File.Exists(_files["run/model.d2v"]), error);

        (code, _, error) = CommandLine.Run("pretrain", _files["speech.json"], "--data", data, "-o", _files["strict"], "--strict");
        Assert.Equal(1, code);
        Assert.Contains("bad.wav", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_files["strict"]));
    }

    [Fact]
    public void A_dry_run_tells_the_costs_and_writes_nothing()
    {
        (int code, string output, string error) = CommandLine.Run("pretrain", _files["speech.json"], "--data", _files.Recordings(), "-o", _files["run"], "--dry-run");
        Assert.True(code == 0, error);
        foreach (string name in new[] { "data\t6 recordings", "batches per epoch\t", "masked\t", "parameters\t", "memory\t", "time of an update\t", "time of the run\t" })
        {
            Assert.Contains(name, output, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(_files["run"]));
    }

    [Fact]
    public void A_dry_run_names_what_is_damaged()
    {
        string data = _files.Images();
        _files.Write("images/damaged.png", "no image");
        (int code, _, string error) = CommandLine.Run("pretrain", _files["image.json"], "--data", data, "-o", _files["run"], "--set", "batch.items=9", "--dry-run");
        Assert.Equal(1, code);
        Assert.Contains("damaged.png: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("optimizer.lerning_rate=1", "there is no setting 'optimizer.lerning_rate'")]
    [InlineData("optimizer.learning_rate=-1", "'optimizer.learning_rate' is -1")]
    [InlineData("optimizer.learning_rate=fast", "optimizer.learning_rate")]
    [InlineData("updates=0", "'updates' is 0")]
    [InlineData("batch.accumulate=0", "'batch.accumulate' is 0")]
    [InlineData("mask.probability=2", "'mask.probability' is 2")]
    [InlineData("model.heads=5", "'heads' does not divide")]
    [InlineData("batch=null", "'batch' is null")]
    [InlineData("optimizer.curve=null", "'optimizer.curve' is null")]
    [InlineData("batch={\"rows\":1,\"rows\":2}", "'batch'")]
    public void Wrong_settings_are_named(string setting, string message)
    {
        (int code, _, string error) = CommandLine.Run("pretrain", _files["speech.json"], "--data", _files.Recordings(), "-o", _files["run"], "--set", setting);
        Assert.Equal(1, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_files["run"]));
    }

    private static double[] Vector(params string[] arguments)
    {
        (int code, string output, string error) = CommandLine.Run(["embed", "--format", "jsonl", .. arguments]);
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        return [.. json.RootElement.EnumerateObject().First(field => field.Value.ValueKind == JsonValueKind.Array && field.Value.EnumerateArray().First().ValueKind == JsonValueKind.Number)
            .Value.EnumerateArray().Select(number => number.GetDouble())];
    }
}
