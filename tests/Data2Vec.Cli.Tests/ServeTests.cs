using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Data2Vec.Cli.Tests;

/// <summary><c>data2vec serve</c> as a process of its own.</summary>
public sealed partial class ServeTests
{
    [Fact]
    public async Task The_bundled_models_are_served_until_the_process_is_told_to_stop()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM");
        await using Server server = await Server.StartAsync([]);
        JsonElement models = await server.Http.GetFromJsonAsync<JsonElement>("v1/models");
        Assert.Equal(["text", "text-sentiment", "image", "image-cifar10", "speech", "speech-ctc"], models.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav"))), "file", "a.wav" }, { new StringContent("speech-ctc"), "model" },
        };
        using HttpResponseMessage transcript = await server.Http.PostAsync(new Uri("v1/audio/transcriptions", UriKind.Relative), form);
        Assert.Equal("""{"text":"FOUR TWO"}""", await transcript.Content.ReadAsStringAsync());
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task Options_come_from_a_file_the_environment_and_the_command_line()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM");
        string folder = Directory.CreateTempSubdirectory("data2vec-serve-").FullName, model = Path.Combine(AppContext.BaseDirectory, "models", "text.d2v");
        try
        {
            string keys = Path.Combine(folder, "keys.txt"), config = Path.Combine(folder, "server.json");
            await File.WriteAllTextAsync(keys, "0123456789abcdef");
            await File.WriteAllTextAsync(config, $$"""{ "Data2Vec": { "Models": { "a": { "Path": {{JsonSerializer.Serialize(model)}} } }, "Limits": { "MaxInputs": 2 }, "StopDelay": "00:00:00.1" } }""");
            await using Server server = await Server.StartAsync(
                new Dictionary<string, string> { ["Data2Vec__Limits__MaxCharacters"] = "2000000" }, "--config", config, "--keys", keys, "--model", $"b={model}", "--model", model, "--max-tokens", "20", "--max-wait", "3");
            using HttpResponseMessage refused = await server.Http.PostAsJsonAsync("v1/embeddings", new { model = "a", input = "x" });
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "0123456789abcdef");
            foreach (string id in (string[])["a", "b", "text"])
            {
                using HttpResponseMessage answer = await server.Http.PostAsJsonAsync("v1/embeddings", new { model = id, input = "x" });
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }

            foreach (object input in (object[])[new[] { "a", "b", "c" }, string.Join(' ', Enumerable.Repeat("a text", 20))])
            {
                using HttpResponseMessage large = await server.Http.PostAsJsonAsync("v1/embeddings", new { model = "a", input });
                Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
            }

            Assert.Equal(0, await server.StopAsync());
            Assert.DoesNotContain("0123456789abcdef", server.Log, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(2, "write it as http", "serve", "--url", "8080")]
    [InlineData(2, "give another id", "serve", "--model", "a=models/text.d2v", "--model", "a=models/image.d2v")]
    [InlineData(1, "no-such.d2v: no such file", "serve", "--model", "a=no-such.d2v")]
    [InlineData(1, "no-such.json", "serve", "--config", "no-such.json")]
    [InlineData(1, "no-such.txt", "serve", "--keys", "no-such.txt")]
    [InlineData(2, "--max-wait", "serve", "--max-wait", "soon")]
    [InlineData(2, "--max-tokens", "serve", "--max-tokens", "0")]
    public void A_wrong_command_line_is_refused_before_the_server_starts(int code, string message, params string[] arguments)
    {
        (int actual, string output, string error) = CommandLine.Run([.. arguments.Select(argument => argument.Replace("models/", Path.Combine(AppContext.BaseDirectory, "models") + "/", StringComparison.Ordinal)), "--check"]);
        Assert.Equal((code, ""), (actual, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_loads_the_models_and_ends()
    {
        string damaged = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".d2v");
        try
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "models", "text.d2v"), damaged);
            Assert.Equal((0, "a\n", ""), CommandLine.Run("serve", "--check", "--model", "a=" + damaged) is var (code, output, error) ? (code, output.ReplaceLineEndings("\n"), error) : default);
            byte[] bytes = File.ReadAllBytes(damaged);
            bytes[^100] ^= 1;
            File.WriteAllBytes(damaged, bytes);
            (int failed, _, string problem) = CommandLine.Run("serve", "--check", "--model", "a=" + damaged);
            Assert.Equal(1, failed);
            Assert.Contains(damaged, problem, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(damaged);
        }
    }

    [Fact]
    public void The_container_file_publishes_the_command_and_runs_it()
    {
        string root = Path.GetFullPath(Path.Combine(SourceFolder(), "..", ".."));
        string[] lines = File.ReadAllLines(Path.Combine(root, "engine", "samples", "container", "Dockerfile"));
        string project = PublishedProject().Match(string.Join('\n', lines)).Groups[1].Value;
        Assert.True(Directory.Exists(Path.Combine(root, project)), project);
        string[] command = JsonSerializer.Deserialize<string[]>(lines.Single(line => line.StartsWith("ENTRYPOINT ", StringComparison.Ordinal))["ENTRYPOINT ".Length..])!;
        Assert.Equal(["dotnet", Path.GetFileName(typeof(Program).Assembly.Location), "serve"], command);
        Assert.All(lines.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)), line => Assert.Contains($":{Environment.Version.Major}.0", line, StringComparison.Ordinal));
    }

    [GeneratedRegex("dotnet publish (\\S+)")]
    private static partial Regex PublishedProject();

    private static string SourceFolder([System.Runtime.CompilerServices.CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    /// <summary>The command on a free port.</summary>
    private sealed class Server(Process process, Uri address) : IAsyncDisposable
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string?> _log = [];

        public HttpClient Http { get; } = new() { BaseAddress = address };

        public string Log => string.Join('\n', _log);

        public static async Task<Server> StartAsync(Dictionary<string, string> environment, params string[] arguments)
        {
            using var free = new TcpListener(IPAddress.Loopback, 0);
            free.Start();
            var address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}");
            free.Stop();
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Data2Vec.Cli.dll"), "serve", "--url", address.ToString(), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach ((string name, string value) in environment)
            {
                start.Environment[name] = value;
            }

            var server = new Server(Process.Start(start)!, address);
            await server.ReadyAsync();
            return server;
        }

        public async Task<int> StopAsync()
        {
            using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
            return process.ExitCode;
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync();
            }

            process.Dispose();
        }

        private async Task ReadyAsync()
        {
            process.OutputDataReceived += (_, line) => _log.Enqueue(line.Data);
            process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            for (int i = 0; i < 600; i++)
            {
                Assert.False(process.HasExited, Log);
                try
                {
                    if ((await Http.GetAsync(new Uri("readyz", UriKind.Relative))).IsSuccessStatusCode)
                    {
                        return;
                    }
                }
                catch (HttpRequestException)
                {
                    // It does not listen yet.
                }

                await Task.Delay(100);
            }

            Assert.Fail(Log);
        }
    }
}
