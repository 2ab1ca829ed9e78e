using System.Net;
using System.Text.Json;
using Data2Vec.Memes;
using Data2Vec.Memes.Explanation;
using Data2Vec.Vision.Images;

namespace Data2Vec.Server.Tests;

/// <summary>Classification, similarity, tokens and memes.</summary>
public sealed class TasksTests : IAsyncLifetime
{
    private readonly string _memes = Files.Temporary(".d2v");
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        Files.WriteMemeModel(_memes);
        _server = await RunningServer.StartAsync(
            options => options.Models["memes"] = new ModelSource { Path = _memes }, ["text", "text-sentiment", "image-cifar10"]);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        File.Delete(_memes);
    }

    [Fact]
    public async Task Texts_and_images_get_the_labels_of_the_model()
    {
        using var text = BundledModels.Load<TextModel>("text-sentiment");
        string[] texts = ["a gripping film", "dull and far too long"];
        JsonElement answer = await _server.AskAsync("v1/classify", new { model = "text-sentiment", input = texts });
        Assert.Equal(text.Classify(texts).Select(labels => labels.Select(label => (label.Label, label.Probability))), Labels(answer));
        JsonElement ids = await _server.AskAsync("classify", new { model = "text-sentiment", input = text.Tokenizer!.Encode(texts[0]) });
        Assert.Equal(text.Classify(texts[0]).Select(label => (label.Label, label.Probability)), Labels(ids)[0]);

        using var vision = BundledModels.Load<VisionModel>("image-cifar10");
        string file = Files.Images[0];
        JsonElement image = await _server.AskAsync("v1/classify", new { model = "image-cifar10", input = Files.DataUri(file), modality = "image", top_k = 2 });
        Assert.Equal(vision.Classify(ImageFile.Load(file)).Take(2).Select(label => (label.Label, label.Probability)), Labels(image)[0]);

        using HttpResponseMessage headless = await _server.PostAsync("v1/classify", """{"model": "text", "input": "a"}""");
        Assert.Contains("'text-sentiment'", (await RunningServer.ErrorAsync(headless, HttpStatusCode.BadRequest)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Similarity_is_the_cosine_of_the_vectors()
    {
        using var model = BundledModels.Load<TextModel>("text");
        string[] texts = ["a gripping film", "an exciting movie", "zebra crossing"];
        JsonElement answer = await _server.AskAsync("v1/similarity", new { model = "text", source = texts[0], targets = texts });
        float[] found = [.. answer.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("similarity").GetSingle())];
        float[][] vectors = model.Embed(texts);
        Assert.All(found.Zip(vectors), pair => Assert.Equal(Cosine(vectors[0], pair.Second), pair.First, 1e-5));
        using HttpResponseMessage one = await _server.PostAsync("v1/similarity", """{"model": "text", "source": "a", "targets": "b"}""");
        await RunningServer.ErrorAsync(one, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Tokens_are_those_of_the_tokenizer()
    {
        using var model = BundledModels.Load<TextModel>("text");
        JsonElement answer = await _server.AskAsync("tokenize", new { model = "text", input = new[] { "a text", "" } });
        JsonElement[] data = [.. answer.GetProperty("data").EnumerateArray()];
        Assert.Equal(model.Tokenizer!.Encode("a text"), data[0].GetProperty("ids")[0].EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(0, data[1].GetProperty("tokens").GetInt32());
        using HttpResponseMessage image = await _server.PostAsync("v1/tokenize", """{"model": "image-cifar10", "input": "a"}""");
        await RunningServer.ErrorAsync(image, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Memes_get_their_score_and_its_explanation()
    {
        using MemeClassifier model = MemeClassifier.Load(_memes);
        RgbImage image = ImageFile.Load(Files.Images[1]);
        JsonElement answer = await _server.AskAsync("v1/memes/score", new { model = "memes", image = Files.DataUri(Files.Images[1]), text = "when you find a bug" });
        MemeScore expected = model.Score(image, "when you find a bug");
        Assert.Equal(expected.Score, answer.GetProperty("score").GetSingle());
        Assert.Equal(expected.IsFlagged, answer.GetProperty("flagged").GetBoolean());
        Assert.False(answer.TryGetProperty("explanation", out _));

        JsonElement explained = (await _server.AskAsync("v1/memes/score", new { model = "memes", image = Files.DataUri(Files.Images[1]), text = "a bug", explain = true })).GetProperty("explanation");
        MemeExplanation explanation = MemeExplainer.Explain(model, new Meme(image, "a bug"));
        Assert.Equal(explanation.Words.Select(word => word.Effect), explained.GetProperty("words").EnumerateArray().Select(word => word.GetProperty("effect").GetSingle()));
        Assert.Equal(explanation.Regions.Select(region => region.Box.X), explained.GetProperty("regions").EnumerateArray().Select(region => region.GetProperty("box").GetProperty("x").GetInt32()));

        using HttpResponseMessage embed = await _server.PostAsync("v1/embeddings", """{"model": "memes", "input": "a"}""");
        Assert.Contains("is for memes", (await RunningServer.ErrorAsync(embed, HttpStatusCode.BadRequest)).GetProperty("message").GetString(), StringComparison.Ordinal);
        using HttpResponseMessage score = await _server.PostAsync("v1/memes/score", """{"model": "text", "image": "data:;base64,AAAA"}""");
        Assert.Contains("'memes' is", (await RunningServer.ErrorAsync(score, HttpStatusCode.BadRequest)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_say_what_they_are_for()
    {
        JsonElement list = (await _server.GetAsync("v1/models")).GetProperty("data");
        Assert.Equal(
            [("image-cifar10", "embeddings,similarity,classify"), ("memes", "memes"), ("text", "embeddings,similarity,tokenize"), ("text-sentiment", "embeddings,similarity,classify,tokenize")],
            list.EnumerateArray().Select(model => (model.GetProperty("id").GetString()!, string.Join(',', model.GetProperty("tasks").EnumerateArray()))).OrderBy(model => model.Item1, StringComparer.Ordinal));
        Assert.Equal(192, (await _server.GetAsync("models/text")).GetProperty("dimensions").GetInt32());
        using HttpResponseMessage unknown = await _server.Http.GetAsync(new Uri("v1/models/other", UriKind.Relative));
        await RunningServer.ErrorAsync(unknown, HttpStatusCode.NotFound);
        var client = new OpenAI.Models.OpenAIModelClient(new System.ClientModel.ApiKeyCredential("none"), new OpenAI.OpenAIClientOptions { Endpoint = new Uri(_server.Http.BaseAddress!, "v1") });
        Assert.Equal(4, (await client.GetModelsAsync()).Value.Count);
    }

    private static (string, float)[][] Labels(JsonElement answer) =>
        [.. answer.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("labels").EnumerateArray().Select(label => (label.GetProperty("label").GetString()!, label.GetProperty("probability").GetSingle())).ToArray())];

    private static double Cosine(float[] a, float[] b) =>
        a.Zip(b).Sum(pair => (double)pair.First * pair.Second) / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));
}
