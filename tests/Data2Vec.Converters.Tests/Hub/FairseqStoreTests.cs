using System.Text;
using Data2Vec.Converters.Hub;
using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.Converters.Tests.Safetensors;

namespace Data2Vec.Converters.Tests.Hub;

/// <summary>fairseq's checkpoints from a server that knows neither commits nor hashes.</summary>
public sealed class FairseqStoreTests : IDisposable
{
    private const string Pretrained = "/fairseq/data2vec/audio_base_ls.pt";
    private const string FineTuned = "/fairseq/data2vec/vox_960h.pt";
    private const string Letters = "/fairseq/wav2vec/dict.ltr.txt";

    private readonly Folder _folder = new();
    private readonly HttpServer _server;
    private readonly Dictionary<string, (byte[] Content, string Etag)> _files = new()
    {
        [Pretrained] = (Fixture(Conversion.Pretrained), "\"0123-4\""),
        [FineTuned] = (Fixture(Conversion.FineTuned), "\"0123-5\""),
    };

    private Func<HttpRequest, HttpAnswer?> _fault = _ => null;

    public FairseqStoreTests() => _server = new HttpServer("127.0.0.1", request => _fault(request) ?? Answer(request));

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_checkpoint_is_fetched_by_its_name_without_a_token_and_found_again()
    {
        string path = await PullAsync("fairseq:data2vec/audio_base_ls");
        AssertSameModel(path, Pretrained);
        Assert.All(_server.Requests, request => Assert.Null(request["Authorization"]));
        _server.Requests.Clear();
        Assert.Equal(path, await PullAsync("fairseq:data2vec/audio_base_ls"));
        Assert.Equal("HEAD", Assert.Single(_server.Requests).Method);
        Assert.Equal(path, await PullAsync("fairseq:data2vec/audio_base_ls", offline: true));
        await Assert.ThrowsAsync<IOException>(() => PullAsync("fairseq:data2vec/vox_960h", offline: true));
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task A_CTC_model_has_the_labels_of_the_dictionary_that_lies_elsewhere()
    {
        IReadOnlyList<string> labels = Labels();
        _files[Letters] = (Encoding.UTF8.GetBytes(string.Concat(labels.Skip(4).Reverse().Select(label => $"{label} 1\n"))), "\"letters\"");
        using SpeechModel model = Data2VecModel.Load<SpeechModel>(await PullAsync("fairseq:data2vec/vox_960h"));
        Assert.Equal([.. labels.Take(4), .. labels.Skip(4).Reverse()], model.Config.Labels!);
    }

    [Fact]
    public async Task A_file_without_a_hash_is_resumed_only_while_its_mark_stays()
    {
        byte[] content = _files[Pretrained].Content;
        int cuts = 0;
        _fault = request => request.Method == "GET" && cuts++ < 1 ? FakeHub.Part(request, content) with { CutAfter = 5000 } : null;
        AssertSameModel(await PullAsync("fairseq:data2vec/audio_base_ls"), Pretrained);
        HttpRequest resumed = _server.Requests.Last();
        Assert.Equal(("bytes=5000-", "\"0123-4\""), (resumed["Range"], resumed["If-Range"]));
    }

    [Fact]
    public async Task A_file_whose_mark_is_weak_is_begun_again()
    {
        byte[] content = _files[Pretrained].Content;
        _files[Pretrained] = (content, "W/\"0123-4\"");
        int cuts = 0;
        _fault = request => request.Method == "GET" && cuts++ < 1 ? FakeHub.Part(request, content) with { CutAfter = 5000 } : null;
        AssertSameModel(await PullAsync("fairseq:data2vec/audio_base_ls"), Pretrained);
        Assert.Null(_server.Requests.Last()["Range"]);
    }

    [Fact]
    public async Task Another_mark_is_another_checkpoint()
    {
        string first = await PullAsync("fairseq:data2vec/audio_base_ls");
        _files[Pretrained] = (Fixture(Conversion.FineTuned), "\"new\"");
        string second = await PullAsync("fairseq:data2vec/audio_base_ls");
        Assert.NotEqual(first, second);
        AssertSameModel(second, FineTuned);
    }

    [Fact]
    public async Task A_refusal_gives_no_advice_that_is_the_hubs()
    {
        _fault = _ => new HttpAnswer(403, []);
        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(() => PullAsync("fairseq:data2vec/audio_base_ls"));
        Assert.Equal("fairseq:data2vec/audio_base_ls: audio_base_ls.pt: 127.0.0.1 answers 403", error.Message);
    }

    [Fact]
    public void All_names_are_known_and_have_a_checkpoint_each()
    {
        Assert.Equal(36, ModelStore.FairseqNames.Count);
        Assert.Contains("fairseq:data2vec2/nlp_base", ModelStore.FairseqNames);
    }

    private static byte[] Fixture(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "audio", name));

    private HttpAnswer Answer(HttpRequest request) => _files.TryGetValue(request.Path, out (byte[] Content, string Etag) file)
        ? FakeHub.Part(request, file.Content, ("ETag", file.Etag))
        : new HttpAnswer(404, []);

    private async Task<string> PullAsync(string name, bool offline = false)
    {
        using var store = new ModelStore(new HubOptions
        {
            FairseqEndpoint = new Uri(_server.Address, "fairseq/"),
            CacheFolder = _folder.PathOf("cache"),
            FairseqCacheFolder = _folder.PathOf("fairseq"),
            Token = "hf_secret",
            Offline = offline,
            RetryDelay = TimeSpan.FromMilliseconds(1),
        });
        return await store.PullAsync(name);
    }

    private IReadOnlyList<string> Labels()
    {
        using SpeechModel model = Data2VecModel.Load<SpeechModel>(Converted(FineTuned));
        return model.Config.Labels!;
    }

    private string Converted(string file)
    {
        string path = _folder.PathOf($"{Path.GetRandomFileName()}.d2v");
        CheckpointConverter.Convert(_folder.Add("checkpoint.pt", _files[file].Content), path);
        return path;
    }

    private void AssertSameModel(string path, string file)
    {
        using SpeechModel wanted = Data2VecModel.Load<SpeechModel>(Converted(file));
        using SpeechModel given = Data2VecModel.Load<SpeechModel>(path);
        float[] samples = [.. Enumerable.Range(0, 4000).Select(i => MathF.Sin(i * 0.3f))];
        Assert.Equal(wanted.EmbedPrepared(samples), given.EmbedPrepared(samples));
    }
}
