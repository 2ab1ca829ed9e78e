using Data2Vec.Converters.Hub;
using Data2Vec.Converters.Tests.Safetensors;

namespace Data2Vec.Converters.Tests.Hub;

/// <summary>Models of sentence-transformers from a server: files in folders that modules.json names.</summary>
public sealed class ModulesTests : IDisposable
{
    private readonly Folder _folder = new();
    private readonly FakeHub _hub = new(new Dictionary<string, byte[]>());

    private HubOptions Options => new() { Endpoint = _hub.Hub.Address, CacheFolder = _folder.PathOf("cache"), FairseqCacheFolder = _folder.PathOf("fairseq"), RetryDelay = TimeSpan.FromMilliseconds(1) };

    [Theory, InlineData(""), InlineData("0_Transformer")]
    public async Task The_model_and_its_pooling_are_fetched_from_their_folders(string folder)
    {
        _hub.Files = Files(folder, TinyModel.Sharded());
        string path = await PullAsync(Options);
        using TextModel model = Data2VecModel.Load<TextModel>(path);
        Assert.Equal(new EmbeddingDefaults { Pooling = Pooling.Class, Normalize = true }, model.Config.Embedding);
        Assert.Equal(9, model.Config.Preparation.MaxTokens);
        string snapshot = _folder.PathOf($"cache/models--org--tiny.model/snapshots/{_hub.Commit}");
        Assert.Equal($"../../../blobs/{_hub.Etag("1_Pooling/config.json")}", new FileInfo(Path.Combine(snapshot, "1_Pooling", "config.json")).LinkTarget);
        Assert.False(File.Exists(Path.Combine(snapshot, folder, "README.md")));

        // Complete: nothing is asked for without a connection.
        Assert.Equal(path, await PullAsync(Options with { Offline = true }));
        File.Delete(Path.Combine(snapshot, "1_Pooling", "config.json"));
        await Assert.ThrowsAsync<IOException>(() => PullAsync(Options with { Offline = true }));
        Assert.Equal(path, await PullAsync(Options));
    }

    [Fact]
    public async Task Dense_layers_are_fetched_with_their_weights()
    {
        Dictionary<string, byte[]> files = Files("", TinyModel.Whole());
        string fixture = Path.Combine(AppContext.BaseDirectory, "Fixtures", "sentences", "bert_max_dense", "2_Dense");
        files["modules.json"] = """[{"type": "sentence_transformers.models.Transformer", "path": ""}, {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}, {"type": "sentence_transformers.models.Dense", "path": "2_Dense"}]"""u8.ToArray();
        files["2_Dense/config.json"] = System.Text.Encoding.UTF8.GetBytes((await File.ReadAllTextAsync(Path.Combine(fixture, "config.json"))).Replace("32", "31", StringComparison.Ordinal));
        files["2_Dense/pytorch_model.bin"] = await File.ReadAllBytesAsync(Path.Combine(fixture, "pytorch_model.bin"));
        _hub.Files = files;

        // The layer has 31 inputs, the model one more: both files were fetched and read.
        Assert.Contains("2_Dense/config.json: in_features is 31", (await Assert.ThrowsAsync<InvalidDataException>(() => PullAsync(Options))).Message, StringComparison.Ordinal);
        Assert.NotEmpty(_hub.Downloads("2_Dense/pytorch_model.bin"));
        files.Remove("2_Dense/pytorch_model.bin");
        using var other = new Folder();
        await Assert.ThrowsAnyAsync<Exception>(() => PullAsync(Options with { CacheFolder = other.PathOf("cache") }));
    }

    [Fact]
    public async Task Warnings_of_the_conversion_are_reported()
    {
        Dictionary<string, byte[]> files = TinyModel.Whole();
        files.Remove("vocab.json");
        _hub.Files = files;
        var reports = new List<PullProgress>();
        using var store = new ModelStore(Options);
        await store.PullAsync(FakeHub.Repository, null, new Reporter(reports.Add));
        Assert.Contains("there is no tokenizer", Assert.Single(reports, report => report.Stage == PullStage.Warning).Name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"type": "sentence_transformers.models.Transformer", "path": "../.."}]""", "is not a folder of the model")]
    [InlineData("""[{"type": "sentence_transformers.models.Transformer", "path": "9"}, {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]""", "none of the files of weights")]
    [InlineData("""[{"type": "sentence_transformers.models.Transformer", "path": ""}, {"type": "sentence_transformers.models.LayerNorm", "path": "2"}]""", "the module LayerNorm is not supported")]
    public async Task Modules_that_cannot_be_used_are_refused(string modules, string reason)
    {
        _hub.Files = new Dictionary<string, byte[]>(Files("", TinyModel.Whole())) { ["modules.json"] = System.Text.Encoding.UTF8.GetBytes(modules) };
        Assert.Contains(reason, (await Assert.ThrowsAsync<InvalidDataException>(() => PullAsync(Options))).Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Downloads(TinyModel.Weights));
    }

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    private static Dictionary<string, byte[]> Files(string folder, Dictionary<string, byte[]> model)
    {
        string prefix = folder.Length == 0 ? "" : folder + "/";
        return new Dictionary<string, byte[]>(model.Select(file => KeyValuePair.Create(prefix + file.Key, file.Value)))
        {
            ["modules.json"] = System.Text.Encoding.UTF8.GetBytes(
                $$"""[{"type": "sentence_transformers.models.Transformer", "path": "{{folder}}"}, {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}, {"type": "sentence_transformers.models.Normalize", "path": "2_Normalize"}]"""),
            ["1_Pooling/config.json"] = """{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"""u8.ToArray(),
            [prefix + "sentence_bert_config.json"] = """{"max_seq_length": 9}"""u8.ToArray(),
        };
    }

    private static async Task<string> PullAsync(HubOptions options)
    {
        using var store = new ModelStore(options);
        return await store.PullAsync(FakeHub.Repository);
    }

    private sealed class Reporter(Action<PullProgress> report) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => report(value);
    }
}
