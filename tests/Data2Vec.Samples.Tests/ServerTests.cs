using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Data2Vec.Samples.Tests;

/// <summary>The server sample as a process of its own.</summary>
public sealed class ServerTests
{
    [Fact]
    public async Task It_answers_with_the_vectors_of_the_model()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}");
        free.Stop();
        string sample = Path.Combine(AppContext.BaseDirectory, "Data2Vec.Samples.Server.dll");
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [sample, "--urls", address.ToString(), "--Data2Vec:Limits:MaxInputs", "1"]) { RedirectStandardOutput = true })!;
        try
        {
            using var http = new HttpClient { BaseAddress = address };
            for (int i = 0; i < 600 && !await IsReadyAsync(http); i++)
            {
                Assert.False(process.HasExited);
                await Task.Delay(100);
            }

            using HttpResponseMessage answer = await http.PostAsJsonAsync("v1/embeddings", new { model = "text", input = "a text" });
            JsonElement json = await answer.Content.ReadFromJsonAsync<JsonElement>();
            using TextModel model = BundledModels.Load<TextModel>("text");
            Assert.Equal(
                model.Embed("a text", new EmbeddingOptions { Normalize = true }),
                json.GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()));
            using HttpResponseMessage two = await http.PostAsJsonAsync("v1/embeddings", new { model = "text", input = new[] { "a", "b" } });
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, two.StatusCode);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            return (await http.GetAsync(new Uri("readyz", UriKind.Relative))).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
