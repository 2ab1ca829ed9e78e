using System.ClientModel;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Data2Vec.Audio;
using Data2Vec.Converters;
using Data2Vec.Vision.Images;
using OpenAI;
using OpenAI.Embeddings;

namespace Data2Vec.Server.Tests;

/// <summary><c>/v1/embeddings</c>, by OpenAI's client and by hand.</summary>
public sealed class EmbeddingsTests : IAsyncLifetime
{
    private static readonly string[] s_texts = ["a text", "", "another, longer one"];
    private static readonly EmbeddingOptions s_normalized = new() { Normalize = true };

    private readonly TextModel _model = BundledModels.Load<TextModel>("text");
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(models: ["text", "image", "speech-ctc"]);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _model.Dispose();
    }

    [Theory, InlineData("v1"), InlineData("")]
    public async Task The_OpenAI_client_gets_the_models_vectors_for_texts_and_token_ids(string prefix)
    {
        EmbeddingClient client = new("text", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(_server.Http.BaseAddress!, prefix) });
        float[][] expected = _model.Embed(s_texts, s_normalized);
        OpenAIEmbeddingCollection several = await client.GenerateEmbeddingsAsync(s_texts, new EmbeddingGenerationOptions { EndUserId = "somebody" });
        Assert.Equal(expected, several.Select(embedding => embedding.ToFloats().ToArray()));
        Assert.Equal([0, 1, 2], several.Select(embedding => embedding.Index));
        int[][] ids = [.. s_texts.Select(text => _model.Tokenizer!.Encode(text))];
        Assert.Equal(ids.Sum(text => text.Length), several.Usage.InputTokenCount);
        Assert.Equal("text", several.Model);

        OpenAIEmbedding one = await client.GenerateEmbeddingAsync(s_texts[2], new EmbeddingGenerationOptions { Dimensions = 192 });
        Assert.Equal(expected[2], one.ToFloats().ToArray());
        OpenAIEmbeddingCollection tokens = await client.GenerateEmbeddingsAsync(ids.Select(text => (ReadOnlyMemory<int>)text));
        Assert.Equal(expected, tokens.Select(embedding => embedding.ToFloats().ToArray()));
        var error = await Assert.ThrowsAsync<ClientResultException>(() => client.GenerateEmbeddingsAsync(s_texts, new EmbeddingGenerationOptions { Dimensions = 7 }));
        Assert.Equal(400, error.Status);
        Assert.Contains("192", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_method_than_POST_is_named_in_the_error()
    {
        using HttpResponseMessage answer = await _server.Http.GetAsync(new Uri("v1/embeddings", UriKind.Relative));
        JsonElement error = await RunningServer.ErrorAsync(answer, HttpStatusCode.MethodNotAllowed);
        Assert.Equal("/v1/embeddings takes POST, not GET", error.GetProperty("message").GetString());
        Assert.Equal(["POST"], answer.Content.Headers.Allow);
    }

    [Fact]
    public async Task Errors_are_readable_as_they_are_sent()
    {
        using HttpResponseMessage answer = await _server.PostAsync("v1/embeddings", """{"model": "text", "input": []}""");
        Assert.Contains("'input' is empty", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Floats_and_base64_are_the_same_numbers()
    {
        float[] floats = Vectors(await _server.AskAsync("v1/embeddings", new { model = "text", input = "a text" }))[0];
        JsonElement answer = await _server.AskAsync("v1/embeddings", new { model = "text", input = "a text", encoding_format = "base64" });
        byte[] bytes = answer.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Assert.Equal(floats, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        Assert.Equal(_model.Embed("a text", s_normalized), floats);
    }

    [Fact]
    public async Task Images_and_recordings_come_as_data_URIs()
    {
        using var vision = BundledModels.Load<VisionModel>("image");
        string[] files = [.. Files.Images.Take(3)];
        JsonElement images = await _server.AskAsync("v1/embeddings", new { model = "image", modality = "image", input = files.Select(Files.DataUri) });
        Assert.Equal(files.Select(file => vision.Embed(ImageFile.Load(file), s_normalized)), Vectors(images));

        using var speech = BundledModels.Load<SpeechModel>("speech-ctc");
        JsonElement recording = await _server.AskAsync("embeddings", new { model = "speech-ctc", modality = "audio", input = Files.DataUri(Files.Recording, "audio/wav") });
        Assert.Equal(speech.Embed(AudioFile.Load(new MemoryStream(Files.Recording)), s_normalized), Vectors(recording)[0]);
        Assert.True(recording.GetProperty("usage").GetProperty("prompt_tokens").GetInt64() > 10);
    }

    [Fact]
    public async Task Long_texts_are_handled_as_the_request_says()
    {
        string text = string.Join(' ', Enumerable.Repeat("a long story", 400));
        foreach ((string name, Data2Vec.Text.LongTextPolicy policy) in new[] { ("chunk", Data2Vec.Text.LongTextPolicy.Chunk), ("truncate", Data2Vec.Text.LongTextPolicy.Truncate) })
        {
            JsonElement answer = await _server.AskAsync("v1/embeddings", new { model = "text", input = text, long_texts = name });
            Assert.Equal(_model.Embed(text, s_normalized with { LongTexts = policy }), Vectors(answer)[0]);
        }

        using HttpResponseMessage refused = await _server.PostAsync("v1/embeddings", JsonSerializer.Serialize(new { model = "text", input = text, long_texts = "error" }));
        await RunningServer.ErrorAsync(refused, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Texts_of_strangers_cannot_become_special_tokens()
    {
        JsonElement answer = await _server.AskAsync("v1/embeddings", new { model = "text", input = "an <mask> and </s>" });
        Assert.Equal(_model.Embed("an <mask> and </s>", s_normalized with { SplitSpecialTokens = true }), Vectors(answer)[0]);
    }

    [Fact]
    public async Task A_BERT_from_a_file_is_served_by_configuration()
    {
        string path = Files.Temporary(".d2v");
        try
        {
            CheckpointConverter.Convert(Path.Combine(AppContext.BaseDirectory, "Bert"), path);
            await using RunningServer server = await RunningServer.StartAsync(models: [], build: builder =>
            {
                builder.Configuration["Data2Vec:Models:org/bert:Path"] = path;
                builder.Configuration["Data2Vec:MaxWait"] = "00:00:20";
                builder.Configuration["Data2Vec:Limits:MaxInputs"] = "3";
            });
            using TextModel model = Data2VecModel.Load<TextModel>(path);
            JsonElement answer = await server.AskAsync("v1/embeddings", new { model = "org/bert", input = new[] { "a text" } });
            Assert.Equal(model.Embed("a text", s_normalized), Vectors(answer)[0]);
            Assert.Equal("org/bert", (await server.GetAsync("v1/models/org/bert")).GetProperty("id").GetString());
            using HttpResponseMessage many = await server.PostAsync("v1/embeddings", """{"model": "org/bert", "input": ["a", "b", "c", "d"]}""");
            Assert.Contains("the limit is 3", (await RunningServer.ErrorAsync(many, HttpStatusCode.RequestEntityTooLarge)).GetProperty("message").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("{", "not valid JSON")]
    [InlineData("null", "must be a JSON object")]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("""{"model": "text", "input": "a"} {}""", "not valid JSON")]
    [InlineData("""{"model": "text"}""", "'input' is missing")]
    [InlineData("""{"model": "text", "input": null}""", "'input' is missing")]
    [InlineData("""{"model": "text", "input": []}""", "'input' is empty")]
    [InlineData("""{"model": "text", "input": {}}""", "'input' must be")]
    [InlineData("""{"model": "text", "input": true}""", "'input' must be")]
    [InlineData("""{"model": "text", "input": ["a", 1]}""", "'input[1]' must be a text")]
    [InlineData("""{"model": "text", "input": ["a", null]}""", "'input[1]' must be a text")]
    [InlineData("""{"model": "text", "input": [1, "a"]}""", "'input' must be")]
    [InlineData("""{"model": "text", "input": [0, 1.5]}""", "'input' must be")]
    [InlineData("""{"model": "text", "input": [NaN]}""", "not valid JSON")]
    [InlineData("""{"model": "text", "input": [99999999999]}""", "'input' must be")]
    [InlineData("""{"model": "text", "input": [-1]}""", "-1")]
    [InlineData("""{"model": "text", "input": [[]]}""", "empty list")]
    [InlineData("""{"model": "text", "input": [[0, 5], 6]}""", "'input' must be")]
    [InlineData("""{"model": "text", "input": [[0, 999999, 2]]}""", "999999")]
    [InlineData("""{"model": "text", "input": "a", "encoding_format": "hex"}""", "'hex'")]
    [InlineData("""{"model": "text", "input": "a", "encoding_format": 1}""", "'encoding_format' must be a text")]
    [InlineData("""{"model": "text", "input": "a", "dimensions": -1}""", "'dimensions'")]
    [InlineData("""{"model": "text", "input": "a", "dimensions": 1e400}""", "'dimensions'")]
    [InlineData("""{"model": "text", "input": "a", "user": 7}""", "'user' must be a text")]
    [InlineData("""{"model": "text", "input": "a", "modality": "image"}""", "takes text")]
    [InlineData("""{"model": "text", "input": "a", "modality": "video"}""", "'video'")]
    [InlineData("""{"model": "text", "input": "a", "image": "x"}""", "'image' is not a field")]
    [InlineData("""{"model": "text", "input": "a", "Model": "x"}""", "'Model' is not a field")]
    [InlineData("""{"model": "text", "input": "a", "input": "b"}""", "not valid JSON")]
    [InlineData("""{"model": "text", "input": "a", "prompt_name": "query"}""", "no prompt 'query'")]
    [InlineData("""{"input": "a"}""", "'model' is missing")]
    [InlineData("""{"model": 7, "input": "a"}""", "'model' must be a text")]
    [InlineData("""{"model": "text", "input": "\ud800"}""", "Unicode")]
    [InlineData("""{"model": "text", "input": ["a", "\udc00 b"]}""", "Unicode")]
    [InlineData("""{"model": "\ud800", "input": "a"}""", "Unicode")]
    [InlineData("""{"model": "text", "\ud800": "a"}""", "Unicode")]
    [InlineData("""{"model": "text", "input": [[[[[[[[[[[[1]]]]]]]]]]]]}""", "not valid JSON")]
    [InlineData("""{"model": "image", "input": "a"}""", "data URI")]
    [InlineData("""{"model": "image", "input": "data:image/png,abc"}""", "data URI with base64")]
    [InlineData("""{"model": "image", "input": "data:image/png;base64,"}""", "no content")]
    [InlineData("""{"model": "image", "input": "data:image/png;base64,####"}""", "not valid base64")]
    [InlineData("""{"model": "image", "input": "data:image/png;base64,AAAA"}""", "'input'")]
    [InlineData("""{"model": "image", "input": ["data:image/png;base64,AAAA"], "prompt_name": "x"}""", "is for texts")]
    [InlineData("""{"model": "image", "input": "http://example.com/a.png"}""", "is a URL")]
    [InlineData("""{"model": "image", "input": "file:///etc/passwd"}""", "data URI")]
    [InlineData("""{"model": "speech-ctc", "input": "data:audio/wav;base64,UklGRg=="}""", "'input'")]
    public async Task Bad_requests_get_an_error_that_names_the_field(string body, string message)
    {
        using HttpResponseMessage response = await _server.PostAsync("v1/embeddings", body);
        JsonElement error = await RunningServer.ErrorAsync(response, HttpStatusCode.BadRequest);
        Assert.Contains(message, error.GetProperty("message").GetString()!, StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Other_models_types_and_methods_get_their_statuses()
    {
        using HttpResponseMessage unknown = await _server.PostAsync("v1/embeddings", """{"model": "large", "input": "a"}""");
        JsonElement error = await RunningServer.ErrorAsync(unknown, HttpStatusCode.NotFound);
        Assert.Equal(("model_not_found", "model"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Contains("'image'", error.GetProperty("message").GetString(), StringComparison.Ordinal);

        using HttpResponseMessage type = await _server.Http.PostAsync(new Uri("v1/embeddings", UriKind.Relative), new StringContent("input=a", Encoding.UTF8, "text/plain"));
        await RunningServer.ErrorAsync(type, HttpStatusCode.UnsupportedMediaType);
        using HttpResponseMessage none = await _server.Http.PostAsync(new Uri("v1/embeddings", UriKind.Relative), null);
        await RunningServer.ErrorAsync(none, HttpStatusCode.UnsupportedMediaType);
        using HttpResponseMessage route = await _server.PostAsync("v1/chat/completions", "{}");
        await RunningServer.ErrorAsync(route, HttpStatusCode.NotFound);
        using var bytes = new ByteArrayContent([.. """{"model": "text", "input": "a"""u8, 0xff, 0xc0, .. "\"}"u8]);
        bytes.Headers.ContentType = new("application/json");
        using HttpResponseMessage notUtf8 = await _server.Http.PostAsync(new Uri("v1/embeddings", UriKind.Relative), bytes);
        await RunningServer.ErrorAsync(notUtf8, HttpStatusCode.BadRequest);
    }

    private static float[][] Vectors(JsonElement answer) =>
        [.. answer.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray())];
}
