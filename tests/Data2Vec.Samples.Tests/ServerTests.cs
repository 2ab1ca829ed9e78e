using System.ClientModel;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Data2Vec.Converters;
using Data2Vec.Samples.Server;
using Microsoft.AspNetCore.Builder;
using OpenAI;
using OpenAI.Embeddings;

namespace Data2Vec.Samples.Tests;

/// <summary>The server sample, by OpenAI's client and by hand.</summary>
public sealed class ServerTests : IAsyncLifetime
{
    private static readonly string[] s_texts = ["a text", "", "another, longer one"];

    private readonly WebApplication _server = EmbeddingServer.Create(["--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Error"]);
    private readonly TextModel _model = BundledModels.Load<TextModel>("text");
    private readonly HttpClient _http = new(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(60) });

    public async ValueTask InitializeAsync()
    {
        await _server.StartAsync();
        _http.BaseAddress = new Uri(_server.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _model.Dispose();
        _http.Dispose();
    }

    [Fact]
    public async Task The_OpenAI_client_gets_the_models_vectors_for_texts_and_token_ids()
    {
        EmbeddingClient client = new(
            "text", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(_http.BaseAddress!, "v1") });
        float[][] expected = _model.Embed(s_texts, new EmbeddingOptions { Normalize = true });
        OpenAIEmbeddingCollection several = await client.GenerateEmbeddingsAsync(s_texts);
        Assert.Equal(expected, several.Select(embedding => embedding.ToFloats().ToArray()));
        Assert.Equal([0, 1, 2], several.Select(embedding => embedding.Index));
        int[][] ids = [.. s_texts.Select(text => _model.Tokenizer!.Encode(text))];
        Assert.Equal(ids.Sum(text => text.Length), several.Usage.InputTokenCount);
        Assert.Equal("text", several.Model);

        OpenAIEmbedding one = await client.GenerateEmbeddingAsync(s_texts[2]);
        Assert.Equal(expected[2], one.ToFloats().ToArray());
        OpenAIEmbeddingCollection tokens = await client.GenerateEmbeddingsAsync(ids.Select(text => (ReadOnlyMemory<int>)text));
        Assert.Equal(expected, tokens.Select(embedding => embedding.ToFloats().ToArray()));
        var error = await Assert.ThrowsAsync<ClientResultException>(
            () => client.GenerateEmbeddingsAsync(s_texts, new EmbeddingGenerationOptions { Dimensions = 7 }));
        Assert.Equal(400, error.Status);
        Assert.Contains("192", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_BERT_is_served_and_healthy()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.d2v");
        try
        {
            CheckpointConverter.Convert(Path.Combine(AppContext.BaseDirectory, "Bert"), path);
            await using WebApplication server = EmbeddingServer.Create(["--model", path, "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Error"]);
            await server.StartAsync();
            using var http = new HttpClient { BaseAddress = new Uri(server.Urls.Single()) };
            Assert.Equal("Healthy", await http.GetStringAsync(new Uri("health", UriKind.Relative)));
            HttpResponseMessage answer = await http.PostAsJsonAsync(
                new Uri("v1/embeddings", UriKind.Relative), new { model = Path.GetFileNameWithoutExtension(path), input = "a text" });
            using TextModel model = Data2VecModel.Load<TextModel>(path);
            using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Equal(
                model.Embed("a text", new EmbeddingOptions { Normalize = true }),
                json.RootElement.GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Floats_and_base64_are_the_same_numbers()
    {
        JsonElement[] answers = [await Post("""{"model": "text", "input": "a text"}"""), await Post("""{"model": "text", "input": "a text", "encoding_format": "base64"}""")];
        float[] floats = [.. answers[0].GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(x => x.GetSingle())];
        byte[] bytes = answers[1].GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Assert.Equal(floats, Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToSingle(bytes, i * 4)));
        Assert.Equal(_model.Embed("a text", new EmbeddingOptions { Normalize = true }), floats);
    }

    [Theory]
    [InlineData("{", 400, "")]
    [InlineData("null", 400, "null")]
    [InlineData("""{"model": "text"}""", 400, "'input' must be")]
    [InlineData("""{"model": "text", "input": []}""", 400, "0 elements")]
    [InlineData("""{"model": "text", "input": ["a", 1]}""", 400, "'input' must be")]
    [InlineData("""{"model": "text", "input": [0, 1.5]}""", 400, "'input' must be")]
    [InlineData("""{"model": "text", "input": [[0, 999999, 2]]}""", 400, "999999")]
    [InlineData("""{"model": "text", "input": "a", "encoding_format": "hex"}""", 400, "'hex'")]
    [InlineData("""{"model": "large", "input": "a"}""", 404, "'large'")]
    [InlineData("""{"input": "a"}""", 400, "'model' is missing")]
    [InlineData("""{"model": 7, "input": "a"}""", 400, "")]
    [InlineData("""{"model": "text", "input": "\ud800"}""", 400, "")]
    [InlineData("""{"model": "text", "input": ["a", "\udc00 b"]}""", 400, "")]
    [InlineData("""{"model": "\ud800", "input": "a"}""", 400, "")]
    [InlineData("""{"model": "text", "input": "a", "encoding_format": 1}""", 400, "")]
    public async Task Errors_have_the_format_of_OpenAI(string body, int status, string message)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.PostAsync("v1/embeddings", content);
        Assert.Equal(status, (int)response.StatusCode);
        JsonElement error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Contains(message, error.GetProperty("message").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_are_too_large_are_rejected_and_the_server_stays_healthy()
    {
        using var large = new StringContent($$"""{"model": "text", "input": "{{new string('x', 5 << 20)}}"}""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/embeddings") { Content = large, Headers = { ExpectContinue = true } };
        using HttpResponseMessage refused = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        using var other = new StringContent("input=a", Encoding.UTF8, "text/plain");
        using HttpResponseMessage unsupported = await _http.PostAsync("v1/embeddings", other);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, unsupported.StatusCode);
        Assert.Equal("Healthy", await _http.GetStringAsync(new Uri("health", UriKind.Relative)));
        Assert.Equal("text", (await _http.GetFromJsonAsync<JsonElement>("v1/models")).GetProperty("data")[0].GetProperty("id").GetString());
    }

    private async Task<JsonElement> Post(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.PostAsync("v1/embeddings", content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
