using System.Diagnostics;
using System.Text.Json;
using Data2Vec.Audio;

namespace Data2Vec.Server.Tests;

/// <summary>OpenAI's JavaScript client.</summary>
public sealed class JavaScriptClientTests
{
    private const string Version = "6.49.0";

    private const string Program = """
        import fs from "node:fs";
        import OpenAI from "openai";
        const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none", maxRetries: 0 });
        const embeddings = await client.embeddings.create({ model: "text", input: ["a text", "another, longer one"] });
        const floats = await client.embeddings.create({ model: "text", input: "a text", encoding_format: "float" });
        const file = () => fs.createReadStream(process.argv[3]);
        const json = await client.audio.transcriptions.create({ file: file(), model: "speech-ctc" });
        const verbose = await client.audio.transcriptions.create({ file: file(), model: "speech-ctc", response_format: "verbose_json", timestamp_granularities: ["word", "segment"] });
        const srt = await client.audio.transcriptions.create({ file: file(), model: "speech-ctc", response_format: "srt" });
        const models = []; for await (const model of client.models.list()) models.push(model.id);
        let status; try { await client.embeddings.create({ model: "large", input: "a" }); } catch (error) { status = [error.status, error.code]; }
        console.log(JSON.stringify({ embeddings, floats, json, verbose, srt, models, status }));
        """;

    [Fact]
    public async Task It_gets_embeddings_and_transcripts()
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{ "private": true, "type": "module" }""");
            await File.WriteAllTextAsync(Path.Combine(folder, "client.js"), Program);
            (int installed, string problem) = await RunAsync(folder, "npm", "install", "--no-audit", "--no-fund", "--silent", $"openai@{Version}");
            Assert.SkipWhen(installed < 0, "Node.js is not installed: there is no npm in the path");
            Assert.SkipWhen(installed > 0, $"npm cannot install openai {Version}: {problem}");
            await using RunningServer server = await RunningServer.StartAsync(models: ["text", "speech-ctc"]);
            (int status, string output) = await RunAsync(folder, "node", "client.js", new Uri(server.Http.BaseAddress!, "v1").ToString(), Path.Combine(AppContext.BaseDirectory, "four-two.wav"));
            Assert.True(status == 0, output);

            JsonElement found = JsonDocument.Parse(output).RootElement;
            using var text = BundledModels.Load<TextModel>("text");
            var normalized = new EmbeddingOptions { Normalize = true };
            Assert.Equal(text.Embed(["a text", "another, longer one"], normalized), Vectors(found.GetProperty("embeddings")));
            Assert.Equal(text.Embed("a text", normalized), Vectors(found.GetProperty("floats"))[0]);
            using var speech = BundledModels.Load<SpeechModel>("speech-ctc");
            Transcript transcript = speech.TranscribeWithTimes(AudioFile.Load(new MemoryStream(Files.Recording)));
            Assert.Equal(transcript.Text, found.GetProperty("json").GetProperty("text").GetString());
            Assert.Equal(transcript.Words.Select(word => word.Text), found.GetProperty("verbose").GetProperty("words").EnumerateArray().Select(word => word.GetProperty("word").GetString()));
            Assert.Equal(1, found.GetProperty("verbose").GetProperty("segments").GetArrayLength());
            Assert.StartsWith("1\n00:00:0", found.GetProperty("srt").GetString(), StringComparison.Ordinal);
            Assert.Equal(["text", "speech-ctc"], found.GetProperty("models").EnumerateArray().Select(model => model.GetString()));
            Assert.Equal("[404,\"model_not_found\"]", found.GetProperty("status").GetRawText());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static float[][] Vectors(JsonElement answer) =>
        [.. answer.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray())];

    /// <summary>Runs a program; -1 means that there is none.</summary>
    private static async Task<(int Status, string Output)> RunAsync(string folder, string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, process.ExitCode == 0 ? output : output + await errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "");
        }
    }
}
