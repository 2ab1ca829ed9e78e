using System.Diagnostics;
using System.Text.Json;
using Data2Vec.Converters.Tests.Hub;

namespace Data2Vec.Cli.Tests;

/// <summary><c>data2vec pull</c> in a process of its own, which has the environment that it needs.</summary>
public sealed class PullTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;
    private readonly FakeHub _hub = new(TinyModel.Whole());

    public void Dispose()
    {
        _hub.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Pull_prints_the_path_of_a_working_model_and_finds_it_offline()
    {
        (int code, string output, _) = await RunAsync("pull", FakeHub.Repository, "--dtype", "bf16");
        Assert.Equal(0, code);
        string path = Assert.Single(output.TrimEnd().Split('\n'));
        Assert.StartsWith(Path.Combine(_folder, "hub", "models--org--tiny.model", "d2v"), path, StringComparison.Ordinal);
        Assert.Equal((0, output, ""), await RunAsync("pull", FakeHub.Repository, "--dtype", "bf16", "HF_HUB_OFFLINE=1"));
        using JsonDocument json = JsonDocument.Parse(CommandLine.Run("embed", "--model", path, "--text", "any text").Output);
        Assert.Equal(32, json.RootElement[0].GetProperty("vector").GetArrayLength());
        Assert.Equal("Bearer hf_secret", _hub.Hub.Requests.First()["Authorization"]);
    }

    [Fact]
    public async Task A_pulled_model_is_used_listed_and_removed_by_its_name()
    {
        (int code, string output, string error) = await RunAsync("embed", "--model", FakeHub.Repository, "--text", "any text");
        Assert.Equal((1, ""), (code, output));
        Assert.Equal($"data2vec: {FakeHub.Repository}: no such file, and not in the cache of models; data2vec pull {FakeHub.Repository} gets it", error.TrimEnd());
        string path = (await RunAsync("pull", FakeHub.Repository, "--dtype", "i8")).Output.TrimEnd();
        (code, output, error) = await RunAsync("embed", "--model", FakeHub.Repository, "--text", "any text");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(FakeHub.Repository, JsonDocument.Parse(output).RootElement[0].GetProperty("model").GetString());
        Assert.Equal(output, (await RunAsync("embed", "--model", $"{FakeHub.Repository}:i8", "--text", "any text")).Output);
        Assert.Contains("--dtype bf16 gets it", (await RunAsync("embed", "--model", $"{FakeHub.Repository}:bf16", "--text", "any text")).Error, StringComparison.Ordinal);
        Assert.Equal($"{FakeHub.Repository}\ti8\t{new FileInfo(path).Length}\t{path}", (await RunAsync("models", "list")).Output.TrimEnd());
        Assert.Equal(0, (await RunAsync("models", "rm", FakeHub.Repository)).Code);
        Assert.Equal((0, "", ""), await RunAsync("models", "list"));
        Assert.Equal(1, (await RunAsync("models", "rm", FakeHub.Repository)).Code);
        Assert.Equal(2, (await RunAsync("models", "rm", "../x")).Code);
    }

    [Fact]
    public async Task Pull_writes_where_it_is_told()
    {
        string path = Path.Combine(_folder, "mine.d2v");
        (int code, string output, _) = await RunAsync("pull", FakeHub.Repository, "-o", path);
        Assert.Equal((0, path), (code, output.TrimEnd()));
        Assert.StartsWith("file: ", CommandLine.Run("inspect", path, "--verify").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "org/none: ", "org/none")]
    [InlineData(1, "org/tiny.model at main: not in the cache", FakeHub.Repository, "HF_HUB_OFFLINE=1")]
    [InlineData(1, "/no/such/folder/x.d2v: its folder", FakeHub.Repository, "-o", "/no/such/folder/x.d2v")]
    [InlineData(2, "../x: ", "../x")]
    [InlineData(2, "HF_ENDPOINT", FakeHub.Repository, "HF_ENDPOINT=nowhere")]
    [InlineData(2, "fairseq:none: ", "fairseq:none")]
    public async Task A_failed_pull_is_reported_in_one_line(int expected, string beginning, params string[] arguments)
    {
        _hub.Fault = request => request.Path.Contains("none", StringComparison.Ordinal) ? new HttpAnswer(404, [], ("X-Error-Code", "RepoNotFound")) : null;
        (int code, string output, string error) = await RunAsync(["pull", .. arguments]);
        Assert.Equal((expected, ""), (code, output));
        Assert.StartsWith($"data2vec: {beginning.Replace("org/none: ", "org/none at main: ", StringComparison.Ordinal)}", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_pull_exits_with_130_and_keeps_the_partial_download()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("there is no such signal");
        }

        byte[] weights = _hub.Files[TinyModel.Weights];
        _hub.Fault = request => request.Path.StartsWith("/blob/", StringComparison.Ordinal) ? FakeHub.Part(request, weights) with { CutAfter = weights.Length / 2, Stalls = true } : null;
        using Process process = Start("pull", FakeHub.Repository);
        string blobs = Path.Combine(_folder, "hub", "models--org--tiny.model", "blobs");
        while (!Directory.Exists(blobs) || !Directory.GetFiles(blobs, "*.incomplete").Any(file => new FileInfo(file).Length == weights.Length / 2))
        {
            Assert.False(process.HasExited);
            await Task.Delay(20);
        }

        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(130, process.ExitCode);
        Assert.Equal("data2vec: cancelled; what was downloaded is kept, and the next pull continues from there", error.TrimEnd().Split('\n')[^1]);
        string left = Assert.Single(Directory.GetFiles(blobs, "*.incomplete"));
        Assert.Equal(weights[..(weights.Length / 2)], await File.ReadAllBytesAsync(left));
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }

    /// <param name="arguments">The command line; NAME=VALUE is a variable of the environment.</param>
    private Process Start(params string[] arguments)
    {
        // Where the tests run in the background of a shell, they and what they start would ignore interrupts.
        string[] program = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", "dotnet"] : ["dotnet"];
        var start = new ProcessStartInfo(program[0], [.. program[1..], Path.Combine(AppContext.BaseDirectory, "Data2Vec.Cli.dll"), .. arguments.Where(argument => !argument.Contains('=', StringComparison.Ordinal))])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("HF_", StringComparison.Ordinal) || name.StartsWith("HUGGING", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["HF_HOME"] = _folder;
        start.Environment["HF_ENDPOINT"] = _hub.Hub.Address.ToString();
        start.Environment["HF_TOKEN"] = "hf_secret";
        foreach (string[] variable in arguments.Where(argument => argument.Contains('=', StringComparison.Ordinal)).Select(argument => argument.Split('=')))
        {
            start.Environment[variable[0]] = variable[1];
        }

        return Process.Start(start)!;
    }
}
