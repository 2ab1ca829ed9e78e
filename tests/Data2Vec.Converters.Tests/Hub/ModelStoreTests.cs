using System.Net;
using Data2Vec.Converters.Hub;
using Data2Vec.Converters.Tests.Safetensors;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Hub;

/// <summary>Models from a server that behaves like the hub.</summary>
public sealed class ModelStoreTests : IDisposable
{
    private const string Name = FakeHub.Repository;

    private readonly Folder _folder = new();
    private readonly FakeHub _hub = new(TinyModel.Whole());

    private string Repository => _folder.PathOf("cache/models--org--tiny.model");

    private string WeightsBlob => Path.Combine(Repository, "blobs", _hub.Etag(TinyModel.Weights));

    private HubOptions Options => new()
    {
        Endpoint = _hub.Hub.Address,
        CacheFolder = _folder.PathOf("cache"),
        FairseqCacheFolder = _folder.PathOf("fairseq"),
        Token = "hf_secret",
        RetryDelay = TimeSpan.FromMilliseconds(1),
    };

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_cache_is_laid_out_as_huggingface_hub_does()
    {
        string path = await PullAsync();
        Assert.Equal(_hub.Commit, await File.ReadAllTextAsync(Path.Combine(Repository, "refs", "main")));
        string snapshot = Path.Combine(Repository, "snapshots", _hub.Commit);
        Assert.Equal(
            ["config.json", "merges.txt", "model.safetensors", "vocab.json"],
            Directory.GetFiles(snapshot).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal));
        foreach (string file in Directory.GetFiles(snapshot))
        {
            string name = Path.GetFileName(file);
            Assert.Equal($"../../blobs/{_hub.Etag(name)}", new FileInfo(file).LinkTarget);
            Assert.Equal(_hub.Files[name], await File.ReadAllBytesAsync(file));
        }

        Assert.Equal(4, Directory.GetFiles(Path.Combine(Repository, "blobs")).Length);
        Assert.StartsWith(Path.Combine(Repository, "d2v", _hub.Commit, "f32-"), path, StringComparison.Ordinal);
        Assert.Equal(["blobs", "d2v", "refs", "snapshots"], Directory.GetDirectories(Repository).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_model_is_that_of_the_files_and_says_where_it_is_from()
    {
        string path = await PullAsync();
        AssertSameModel(path, _hub.Files);
        using D2vFile file = D2vFile.Open(path);
        Assert.Equal($"{Name}@{_hub.Commit}", file.Provenance.GetProperty("source").GetString());
    }

    [Fact]
    public async Task A_decoder_with_a_language_model_is_pulled_and_removed_with_the_model()
    {
        _hub.Files = new Dictionary<string, byte[]>(_hub.Files)
        {
            ["alphabet.json"] = "{}"u8.ToArray(),
            ["language_model/attrs.json"] = "{}"u8.ToArray(),
            ["language_model/words.arpa"] = "model"u8.ToArray(),
            ["language_model/deeper/unigrams.txt"] = "no"u8.ToArray(),
        };
        string path = await PullAsync(), decoder = Path.ChangeExtension(path, ".lm");
        Assert.Equal("model", await File.ReadAllTextAsync(Path.Combine(decoder, "language_model", "words.arpa")));
        Assert.Equal(3, Directory.GetFiles(decoder, "*", SearchOption.AllDirectories).Length);
        using var store = new ModelStore(Options);
        store.Remove(Name);
        Assert.False(Directory.Exists(decoder));
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_to_no_other_host()
    {
        await PullAsync();
        Assert.All(_hub.Hub.Requests, request => Assert.Equal("Bearer hf_secret", request["Authorization"]));
        Assert.NotEmpty(_hub.Content.Requests);
        Assert.All(_hub.Content.Requests, request => Assert.Null(request["Authorization"]));
        Assert.All(_hub.Hub.Requests.Concat(_hub.Content.Requests), request => Assert.Equal("identity", request["Accept-Encoding"]));
    }

    [Fact]
    public async Task A_redirect_of_the_list_of_files_to_another_host_leaves_the_token_behind()
    {
        _hub.Fault = request => request.Path.StartsWith("/api/", StringComparison.Ordinal) && !request.Path.Contains("moved", StringComparison.Ordinal)
            ? new HttpAnswer(307, [], ("Location", $"{_hub.Content.Address}api/moved"))
            : null;
        await Assert.ThrowsAsync<HttpRequestException>(() => PullAsync());
        Assert.Null(Assert.Single(_hub.Content.Requests)["Authorization"]);
    }

    [Fact]
    public async Task A_mirror_that_redirects_to_the_hub_gives_the_hubs_files_and_the_token_stays()
    {
        using var mirror = new HttpServer("127.0.0.1", request => new HttpAnswer(308, [], ("Location", $"{_hub.Hub.Address.AbsoluteUri.TrimEnd('/')}{request.Path}")));
        AssertSameModel(await PullAsync(Options with { Endpoint = mirror.Address }), _hub.Files);
        Assert.All(mirror.Requests, request => Assert.Equal("Bearer hf_secret", request["Authorization"]));
        Assert.NotEmpty(_hub.Hub.Requests);
        Assert.All(_hub.Hub.Requests.Concat(_hub.Content.Requests), request => Assert.Null(request["Authorization"]));
    }

    [Fact]
    public async Task A_redirect_that_leads_to_no_hub_is_refused()
    {
        _hub.Fault = request => request.Method == "HEAD" && request.Path.Contains("/resolve/", StringComparison.Ordinal)
            ? new HttpAnswer(302, [], ("Location", $"{_hub.Content.Address}elsewhere"))
            : request.Path == "/elsewhere" ? new HttpAnswer(200, []) : null;
        Assert.Contains("does not answer as a hub does", await RefuseAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RateLimit", "\"api\";r=0;t=1")]
    [InlineData("RateLimit", "limit=500, remaining=0, reset=1")]
    [InlineData("RateLimit-Reset", "1")]
    public async Task A_server_that_limits_its_rate_is_asked_again_when_its_next_window_begins(string header, string value)
    {
        int refusals = 0;
        _hub.Fault = request => request.Path.StartsWith("/api/", StringComparison.Ordinal) && refusals++ < 1 ? new HttpAnswer(429, [], (header, value)) : null;
        var stages = new Stages();
        AssertSameModel(await PullAsync(progress: stages), _hub.Files);
        Assert.Equal(1, stages.All.Single(stage => stage.Stage == PullStage.Waiting).Total);
    }

    [Fact]
    public async Task A_window_that_begins_late_is_said_and_not_waited_for()
    {
        _hub.Fault = _ => new HttpAnswer(429, [], ("RateLimit", "\"api\";r=0;t=300"), ("RateLimit-Policy", "\"fixed window\";\"api\";q=500;w=300"));
        Assert.Contains("asks to wait 5 minutes", (await Assert.ThrowsAsync<HttpRequestException>(() => PullAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pulled_model_is_found_listed_and_removed_by_its_name()
    {
        string path = await PullAsync(), small = await PullAsync(options: new PullOptions { Type = ElementType.BF16 });
        using var store = new ModelStore(Options);
        Assert.Equal(path, store.Find(Name)!.Path);
        Assert.Equal(small, store.Find(Name, ElementType.BF16)!.Path);
        Assert.Null(store.Find(Name, ElementType.I8));
        Assert.Null(store.Find("org/other"));
        Assert.Throws<ArgumentException>(() => store.Find("../x"));
        Assert.Equal([(Name, small), (Name, path)], store.List().Select(model => (model.Name, model.Path)).OrderBy(model => model.Path == path));
        using (Data2VecModel model = Data2VecModel.Load(path))
        {
            Assert.Equal(Name, model.Id);
        }

        Assert.Equal(new FileInfo(small).Length, store.Remove(Name, ElementType.BF16));
        Assert.False(File.Exists(small));
        Assert.Equal(path, store.Find(Name)!.Path);
        store.Remove(Name, downloads: true);
        Assert.Empty(store.List());
        Assert.False(Directory.Exists(Repository));
    }

    [Fact]
    public async Task A_repository_that_was_renamed_is_found_with_the_token()
    {
        _hub.Fault = request => request.Path.Contains("old/name", StringComparison.Ordinal)
            ? new HttpAnswer(307, [], ("Location", request.Path.Replace("old/name", Name, StringComparison.Ordinal)))
            : null;
        AssertSameModel(await PullAsync(name: "old/name"), _hub.Files);
        Assert.All(_hub.Hub.Requests, request => Assert.Equal("Bearer hf_secret", request["Authorization"]));
    }

    [Fact]
    public async Task A_second_pull_asks_for_the_commit_alone_and_makes_nothing_anew()
    {
        string path = await PullAsync();
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        _hub.Hub.Requests.Clear();
        _hub.Content.Requests.Clear();
        Assert.Equal(path, await PullAsync());
        Assert.Equal($"/api/models/{Name}/revision/main", Assert.Single(_hub.Hub.Requests).Path);
        Assert.Empty(_hub.Content.Requests);
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(path));
    }

    [Fact]
    public async Task A_new_commit_is_fetched_without_what_has_not_changed()
    {
        string first = await PullAsync();
        _hub.Files = TinyModel.Whole(seed: 2);
        _hub.Commit = new string('a', 40);
        _hub.Hub.Requests.Clear();
        string second = await PullAsync();
        Assert.NotEqual(first, second);
        AssertSameModel(second, _hub.Files);
        Assert.Equal(_hub.Commit, await File.ReadAllTextAsync(Path.Combine(Repository, "refs", "main")));
        Assert.Empty(_hub.Downloads("vocab.json"));
        Assert.Single(_hub.Downloads(TinyModel.Weights));
    }

    [Fact]
    public async Task Offline_the_cache_is_enough_and_nothing_is_asked()
    {
        string path = await PullAsync();
        _hub.Hub.Requests.Clear();
        HubOptions offline = Options with { Offline = true };
        Assert.Equal(path, await PullAsync(offline));
        Assert.Equal(path, await PullAsync(offline, options: new PullOptions { Revision = _hub.Commit }));
        Assert.NotEqual(path, await PullAsync(offline, options: new PullOptions { Type = ElementType.BF16 }));
        Assert.Empty(_hub.Hub.Requests);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_cache_that_may_only_be_read_serves_what_was_converted(bool isOffline)
    {
        string path = await PullAsync();
        // Permissions do not stop root, but it is seen that nothing was locked.
        string locks = _folder.PathOf("cache/.locks");
        Directory.Delete(locks, recursive: true);
        SetWritable(false);
        try
        {
            Assert.Equal(path, await PullAsync(Options with { Offline = isOffline }));
        }
        finally
        {
            SetWritable(true);
        }

        Assert.False(Directory.Exists(locks));

        void SetWritable(bool isWritable)
        {
            if (OperatingSystem.IsWindows())
            {
                return;
            }

            UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserExecute | (isWritable ? UnixFileMode.UserWrite : 0);
            string cache = _folder.PathOf("cache");
            foreach (string folder in Directory.GetDirectories(cache, "*", SearchOption.AllDirectories).Append(cache))
            {
                File.SetUnixFileMode(folder, mode);
            }
        }
    }

    [Fact]
    public async Task Offline_without_a_copy_the_message_says_what_forbids_it()
    {
        IOException error = await Assert.ThrowsAsync<IOException>(() => PullAsync(Options with { Offline = true }));
        Assert.Contains("HF_HUB_OFFLINE", error.Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Hub.Requests);
        await PullAsync();
        File.Delete(WeightsBlob);
        await Assert.ThrowsAsync<IOException>(() => PullAsync(Options with { Offline = true }));
    }

    [Fact]
    public async Task Where_the_server_is_gone_the_copy_is_used_and_that_is_said()
    {
        string path = await PullAsync();
        _hub.Dispose();
        var stages = new Stages();
        Assert.Equal(path, await PullAsync(progress: stages));
        Assert.Equal(PullStage.Unreachable, Assert.Single(stages.All).Stage);
        HttpRequestException error = await Assert.ThrowsAnyAsync<HttpRequestException>(() => PullAsync(name: "org/other"));
        Assert.Contains("127.0.0.1 cannot be reached", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_made_from_part_of_the_files_does_not_stand_for_that_of_all()
    {
        // As other programs leave the cache, which want the weights alone.
        await PullAsync();
        File.Delete(Path.Combine(Repository, "snapshots", _hub.Commit, "vocab.json"));
        Directory.Delete(Path.Combine(Repository, "d2v"), recursive: true);
        using (TextModel part = Data2VecModel.Load<TextModel>(await PullAsync(Options with { Offline = true })))
        {
            Assert.Null(part.Tokenizer);
        }

        using TextModel whole = Data2VecModel.Load<TextModel>(await PullAsync());
        Assert.NotNull(whole.Tokenizer);
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_taken_up_where_it_ended()
    {
        byte[] weights = _hub.Files[TinyModel.Weights];
        int cuts = 0;
        _hub.Fault = request => request.Path.StartsWith("/blob/", StringComparison.Ordinal) && cuts++ < 3 ? FakeHub.Part(request, weights) with { CutAfter = 1000 } : null;
        AssertSameModel(await PullAsync(), _hub.Files);
        Assert.Equal([null, "bytes=1000-", "bytes=2000-", "bytes=3000-"], _hub.Downloads(TinyModel.Weights).Select(request => request["Range"]));
    }

    [Fact]
    public async Task A_download_that_gets_on_is_not_given_up_however_often_it_is_cut()
    {
        byte[] weights = new byte[7 << 20];
        _hub.Files = new Dictionary<string, byte[]>(_hub.Files) { [TinyModel.Weights] = weights };
        _hub.Fault = request => request.Path.StartsWith("/blob/", StringComparison.Ordinal) && FakeHub.Part(request, weights) is { Body.Length: > 1 << 20 } part ? part with { CutAfter = 1 << 20 } : null;
        await RefuseAsync(); // of zeros no model is made
        Assert.Equal(7, _hub.Downloads(TinyModel.Weights).Length);
        Assert.Equal(weights, await File.ReadAllBytesAsync(WeightsBlob));
    }

    [Theory, InlineData(200), InlineData(416)]
    public async Task A_server_that_begins_again_and_again_is_asked_five_times(int status)
    {
        byte[] weights = new byte[3 << 20];
        _hub.Files = new Dictionary<string, byte[]>(_hub.Files) { [TinyModel.Weights] = weights };
        _hub.Fault = request => !request.Path.StartsWith("/blob/", StringComparison.Ordinal) ? null
            : _hub.Downloads(TinyModel.Weights).Length > 20 ? new HttpAnswer(404, [])
            : request["Range"] is null ? new HttpAnswer(200, weights) { CutAfter = 2 << 20 }
            : new HttpAnswer(status, weights) { CutAfter = 0 };
        HttpRequestException error = await Assert.ThrowsAnyAsync<HttpRequestException>(() => PullAsync());
        Assert.Contains("stopped after 2,097,152 of 3,145,728 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(5, _hub.Downloads(TinyModel.Weights).Length);
    }

    [Fact]
    public async Task What_one_process_left_the_next_takes_up()
    {
        byte[] weights = _hub.Files[TinyModel.Weights];
        _hub.Fault = request => request.Path.StartsWith("/blob/", StringComparison.Ordinal) ? FakeHub.Part(request, weights) with { CutAfter = 100 } : null;
        HttpRequestException error = await Assert.ThrowsAnyAsync<HttpRequestException>(() => PullAsync());
        Assert.Contains("stopped after 500 of", error.Message, StringComparison.Ordinal);
        Assert.Equal(weights[..500], await File.ReadAllBytesAsync($"{WeightsBlob}.incomplete"));
        Assert.False(File.Exists(Path.Combine(Repository, "refs", "main")));

        _hub.Fault = _ => null;
        AssertSameModel(await PullAsync(), _hub.Files);
        Assert.Equal("bytes=500-", _hub.Downloads(TinyModel.Weights)[^1]["Range"]);
        Assert.Empty(Directory.GetFiles(Path.Combine(Repository, "blobs"), "*.incomplete"));
    }

    [Theory, InlineData(60, true), InlineData(0, false)]
    public async Task What_a_killed_process_left_is_taken_up_when_it_is_old_enough_to_be_nobodys(int minutes, bool isTaken)
    {
        string left = $"{WeightsBlob}.0badf00d.incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(left)!);
        await File.WriteAllBytesAsync(left, _hub.Files[TinyModel.Weights][..700]);
        File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddMinutes(-minutes));
        AssertSameModel(await PullAsync(), _hub.Files);
        Assert.Equal(isTaken ? "bytes=700-" : null, Assert.Single(_hub.Downloads(TinyModel.Weights))["Range"]);
        Assert.Equal(!isTaken, File.Exists(left));
    }

    [Fact]
    public async Task A_damaged_beginning_is_found_and_fetched_anew()
    {
        await LeaveAsync(new byte[800]);
        AssertSameModel(await PullAsync(), _hub.Files);
        Assert.Equal(["bytes=800-", null], _hub.Downloads(TinyModel.Weights).Select(request => request["Range"]));
    }

    [Fact]
    public async Task A_beginning_that_is_longer_than_the_file_is_dropped()
    {
        await LeaveAsync(new byte[_hub.Files[TinyModel.Weights].Length + 1]);
        AssertSameModel(await PullAsync(), _hub.Files);
        Assert.Null(Assert.Single(_hub.Downloads(TinyModel.Weights))["Range"]);
    }

    [Theory, InlineData(200), InlineData(416)]
    public async Task A_server_that_does_not_give_the_rest_gives_all(int status)
    {
        byte[] weights = _hub.Files[TinyModel.Weights];
        await LeaveAsync(weights[..900]);
        _hub.Fault = request => request["Range"] is null || !request.Path.StartsWith("/blob/", StringComparison.Ordinal) ? null : new HttpAnswer(status, status == 200 ? weights : []);
        AssertSameModel(await PullAsync(), _hub.Files);
        Assert.Equal(status == 200 ? 1 : 2, _hub.Downloads(TinyModel.Weights).Length);
    }

    [Fact]
    public async Task Another_part_than_was_asked_for_is_refused()
    {
        byte[] weights = _hub.Files[TinyModel.Weights];
        await LeaveAsync(weights[..900]);
        _hub.Fault = request => request["Range"] is null ? null : FakeHub.Part(new HttpRequest("GET", "", new Dictionary<string, string> { ["Range"] = "bytes=899-" }), weights);
        Assert.Contains("another part", await RefuseAsync(), StringComparison.Ordinal);
    }

    [Theory, InlineData(429), InlineData(503)]
    public async Task A_busy_server_is_asked_again_when_it_says(int status)
    {
        int refusals = 0;
        _hub.Fault = request => request.Path.StartsWith("/blob/", StringComparison.Ordinal) && refusals++ < 1 ? new HttpAnswer(status, [], ("Retry-After", "1")) : null;
        var stages = new Stages();
        long start = Environment.TickCount64;
        AssertSameModel(await PullAsync(progress: stages), _hub.Files);
        Assert.InRange(Environment.TickCount64 - start, 950, long.MaxValue);
        Assert.Equal(1, stages.All.Single(stage => stage.Stage == PullStage.Waiting).Total);
    }

    [Theory, InlineData("/api/"), InlineData("/config.json"), InlineData("/blob/")]
    public async Task A_server_that_stays_busy_is_asked_five_times(string path)
    {
        _hub.Fault = request => request.Path.Contains(path, StringComparison.Ordinal) ? new HttpAnswer(503, [], ("Retry-After", "0")) : null;
        HttpRequestException error = await Assert.ThrowsAnyAsync<HttpRequestException>(() => PullAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, error.StatusCode);
        Assert.Equal(5, _hub.Hub.Requests.Concat(_hub.Content.Requests).Count(request => request.Path.Contains(path, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_server_that_wants_an_hour_is_not_waited_for()
    {
        _hub.Fault = _ => new HttpAnswer(429, [], ("Retry-After", "3600"));
        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(() => PullAsync());
        Assert.Contains("60 minutes", error.Message, StringComparison.Ordinal);
        Assert.Single(_hub.Hub.Requests);
    }

    [Fact]
    public async Task A_download_that_stands_still_and_an_answer_that_does_not_come_are_given_up_and_tried_again()
    {
        byte[] weights = _hub.Files[TinyModel.Weights];
        int stalls = 0;
        _hub.Fault = request => request.Path.StartsWith("/blob/", StringComparison.Ordinal) && stalls++ < 1 ? FakeHub.Part(request, weights) with { CutAfter = 1000, Stalls = true } : null;
        AssertSameModel(await PullAsync(Options with { DownloadTimeout = TimeSpan.FromMilliseconds(300) }), _hub.Files);
        Assert.Equal("bytes=1000-", _hub.Downloads(TinyModel.Weights)[^1]["Range"]);

        using var silent = new HttpServer("127.0.0.1", _ =>
        {
            Thread.Sleep(500);
            return new HttpAnswer(200, []);
        });
        HttpRequestException error = await Assert.ThrowsAnyAsync<HttpRequestException>(
            () => PullAsync(Options with { Endpoint = silent.Address, CacheFolder = _folder.PathOf("other"), MetadataTimeout = TimeSpan.FromMilliseconds(50) }));
        Assert.Contains("does not answer within 0.05 s", error.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(TinyModel.Weights), InlineData("config.json")]
    public async Task Content_that_is_not_what_was_announced_is_refused_and_nothing_of_it_is_kept(string file)
    {
        byte[] wrong = (byte[])_hub.Files[file].Clone();
        wrong[^1] ^= 1;
        string etag = _hub.Etag(file);
        _hub.Fault = request => request.Method == "GET" && (request.Path == $"/blob/{etag}" || request.Path.EndsWith($"{_hub.Commit}/{file}", StringComparison.Ordinal)) && !request.Path.EndsWith("safetensors", StringComparison.Ordinal)
            ? new HttpAnswer(200, wrong)
            : null;
        string message = await RefuseAsync();
        Assert.StartsWith($"{Name}: {file}: ", message, StringComparison.Ordinal);
        Assert.Contains(etag, message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(Repository, "blobs"), $"{etag}*"));
    }

    [Fact]
    public void The_hash_of_small_files_is_gits() => // git hash-object of "hello\n"
        Assert.Equal("ce013625030ba8dba906f756967f9e9ca394464a", FakeHub.GitHash("hello\n"u8.ToArray()));

    [Theory, InlineData(true), InlineData(false)]
    public async Task More_or_less_than_was_announced_is_refused(bool isMore)
    {
        byte[] weights = _hub.Files[TinyModel.Weights];
        _hub.Fault = request => request.Path.StartsWith("/blob/", StringComparison.Ordinal)
            ? isMore ? new HttpAnswer(200, [.. weights, .. new byte[300_000]]) { Length = null } : new HttpAnswer(200, weights[..^1])
            : null;
        Assert.Contains("and announced", await RefuseAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(Repository, "blobs"), "*.incomplete"));
    }

    [Fact]
    public async Task A_file_that_the_disk_has_no_room_for_is_refused_before_anything_is_downloaded()
    {
        _hub.Fault = request => request.Path.EndsWith(TinyModel.Weights, StringComparison.Ordinal)
            ? new HttpAnswer(302, [], ("X-Repo-Commit", _hub.Commit), ("X-Linked-Etag", $"\"{new string('a', 64)}\""), ("X-Linked-Size", "4611686018427387904"), ("Location", "http://localhost/"))
            : null;
        IOException error = await Assert.ThrowsAsync<IOException>(() => PullAsync());
        Assert.Contains("do not fit on the disk", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_hub.Hub.Requests, request => request.Method == "GET" && request.Path.Contains("resolve", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ETag", "\"../../../up\"")]
    [InlineData("ETag", "\"..\"")]
    [InlineData("ETag", "\"a/b\"")]
    [InlineData("ETag", "\"\"")]
    [InlineData("ETag", null)]
    [InlineData("X-Linked-Size", null)]
    [InlineData("X-Linked-Size", "-1")]
    [InlineData("X-Linked-Size", "99999999999999999999")]
    [InlineData("X-Repo-Commit", "../../../up")]
    [InlineData("Location", "ftp://localhost/x")]
    [InlineData("Location", "http://")]
    [InlineData("Location", null)]
    public async Task A_server_that_says_too_little_or_something_hostile_about_a_file_is_refused(string header, string? value)
    {
        Dictionary<string, string?> headers = new()
        {
            ["X-Repo-Commit"] = _hub.Commit,
            ["ETag"] = $"\"{new string('a', 64)}\"",
            ["X-Linked-Size"] = "10",
            ["Location"] = "http://localhost/",
            [header] = value,
        };
        _hub.Fault = request => request.Path.EndsWith(TinyModel.Weights, StringComparison.Ordinal)
            ? new HttpAnswer(302, [], [.. headers.Where(one => one.Value is not null).Select(one => (one.Key, one.Value!))])
            : null;
        Assert.StartsWith($"{Name}: {TinyModel.Weights}: ", await RefuseAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(_folder.PathOf("x"))!, "up*"));
    }

    [Fact]
    public async Task A_circle_of_redirects_is_left()
    {
        _hub.Fault = request => new HttpAnswer(302, [], ("Location", request.Path + "x"));
        Assert.Contains("redirects more than 10 times", await RefuseAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"sha\":\"main\",\"siblings\":[]}")]
    [InlineData("{\"sha\":\"../../../../../../../../../../../../../up\",\"siblings\":[]}")]
    [InlineData("{\"sha\":\"0123456789abcdef0123456789abcdef01234567\"}")]
    [InlineData("{\"sha\":\"0123456789abcdef0123456789abcdef01234567\",\"siblings\":[1,{},{\"rfilename\":2}]}")]
    [InlineData("{\"sha\":\"0123456789abcdef0123456789abcdef01234567\",\"siblings\":[{\"rfilename\":\"\\ud800\"}]}")]
    [InlineData("{\"sha\":\"0123456789abcdef0123456789abcdef01234567\",\"siblings\":[{\"rfilename\":\"config.json\"}]}")]
    [InlineData("{\"sha\":\"0123456789abcdef0123456789abcdef01234567\",\"siblings\":[{\"rfilename\":\"model.safetensors\"}]}")]
    public async Task A_list_of_files_that_is_none_is_refused(string json)
    {
        _hub.Fault = _ => new HttpAnswer(200, System.Text.Encoding.UTF8.GetBytes(json));
        Assert.StartsWith($"{Name} at main: ", await RefuseAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_commit_than_the_one_that_was_asked_for_is_refused_before_anything_is_downloaded()
    {
        string wanted = new('f', 40);
        string message = (await Assert.ThrowsAsync<InvalidDataException>(() => PullAsync(options: new PullOptions { Revision = wanted }))).Message;
        Assert.StartsWith($"{Name} at {wanted}: ", message, StringComparison.Ordinal);
        Assert.Contains(_hub.Commit, message, StringComparison.Ordinal);
        Assert.Single(_hub.Hub.Requests);
        Assert.False(Directory.Exists(Repository));
    }

    [Fact]
    public async Task An_endless_list_of_files_is_refused()
    {
        _hub.Fault = _ => new HttpAnswer(200, new byte[65 << 20]) { Length = null };
        Assert.Contains("larger than 64 MiB", await RefuseAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_names_that_are_not_needed_do_no_harm()
    {
        _hub.OtherNames = ["../../../up", "/etc/passwd", "C:\\up", "con", "config.json/../../x"];
        AssertSameModel(await PullAsync(), _hub.Files);
        Assert.Equal(4, Directory.GetFiles(Path.Combine(Repository, "snapshots", _hub.Commit)).Length);
    }

    [Fact]
    public async Task Weights_in_several_files_are_fetched_by_their_index()
    {
        _hub.Files = TinyModel.Sharded();
        AssertSameModel(await PullAsync(), TinyModel.Whole());
        AssertSameModel(await PullAsync(Options with { Offline = true }), TinyModel.Whole());
        File.Delete(Path.Combine(Repository, "snapshots", _hub.Commit, "model-00002-of-00002.safetensors"));
        await Assert.ThrowsAsync<IOException>(() => PullAsync(Options with { Offline = true }));
    }

    [Theory]
    [InlineData("../../up.safetensors")]
    [InlineData("/up.safetensors")]
    [InlineData("..\\up.safetensors")]
    [InlineData("C:up.safetensors")]
    [InlineData("folder/up.safetensors")]
    [InlineData("con.safetensors")]
    [InlineData("LPT1.x.safetensors")]
    [InlineData("up?.safetensors")]
    public async Task An_index_that_leads_elsewhere_is_refused(string name)
    {
        _hub.Files = TinyModel.Sharded(name);
        string message = await RefuseAsync();
        Assert.StartsWith(Name, message, StringComparison.Ordinal);
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.DoesNotContain(_hub.Hub.Requests, request => request.Path.Contains("up", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(401, null, "HF_TOKEN")]
    [InlineData(403, "GatedRepo", "accept the model's conditions")]
    [InlineData(404, "RepoNotFound", "no such model")]
    [InlineData(404, "RevisionNotFound", "no such revision")]
    [InlineData(418, null, "answers 418")]
    public async Task A_refusal_says_what_to_do(int status, string? code, string expected)
    {
        _hub.Fault = _ => new HttpAnswer(status, [], code is null ? [] : [("X-Error-Code", code), ("X-Error-Message", "because of that")]);
        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(() => PullAsync());
        Assert.Equal(status, (int)error.StatusCode!);
        Assert.StartsWith($"{Name} at main: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_secret", error.Message, StringComparison.Ordinal);
        Assert.Equal(code is not null, error.Message.Contains("because of that", StringComparison.Ordinal));
        Assert.Single(_hub.Hub.Requests);
    }

    [Fact]
    public async Task A_revision_that_is_gone_is_told_although_an_older_copy_is_there()
    {
        await PullAsync();
        _hub.Fault = _ => new HttpAnswer(404, [], ("X-Error-Code", "RevisionNotFound"));
        await Assert.ThrowsAsync<HttpRequestException>(() => PullAsync());
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Pulls_at_once_download_each_file_once(bool useLinks)
    {
        HubOptions options = Options with { UseSymbolicLinks = useLinks };
        string[] paths = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => PullAsync(options))));
        Assert.Single(paths.Distinct());
        AssertSameModel(paths[0], _hub.Files);
        Assert.All(["config.json", "vocab.json", "merges.txt", TinyModel.Weights], file => Assert.Single(_hub.Downloads(file)));
    }

    [Fact]
    public async Task Two_downloads_do_not_disturb_each_other_where_locks_are_of_no_effect()
    {
        byte[] weights = _hub.Files[TinyModel.Weights];
        var stalled = new TaskCompletionSource();
        int stalls = 0;
        _hub.Fault = request => request.Path.StartsWith("/blob/", StringComparison.Ordinal) && stalls++ < 1 ? FakeHub.Part(request, weights) with { CutAfter = 1000, Stalls = true } : null;
        var stages = new Stages { Then = stage => _ = stage is { Name: TinyModel.Weights, Done: 1000 } && stalled.TrySetResult() };
        Task<string> first = PullAsync(Options with { DownloadTimeout = TimeSpan.FromSeconds(1) }, progress: stages);
        await stalled.Task;
        // Another file of the same name is another lock.
        Directory.Delete(_folder.PathOf("cache/.locks"), recursive: true);
        AssertSameModel(await PullAsync(), _hub.Files);
        Assert.False(first.IsCompleted);
        AssertSameModel(await first, _hub.Files);
        Assert.Equal([null, null, "bytes=1000-"], _hub.Downloads(TinyModel.Weights).Select(request => request["Range"]));
    }

    [Fact]
    public async Task Safetensors_are_preferred_and_pickled_weights_taken_where_there_are_no_others()
    {
        _hub.Files = new Dictionary<string, byte[]>(_hub.Files) { ["pytorch_model.bin"] = [1, 2, 3] };
        await PullAsync();
        Assert.Empty(_hub.Downloads("pytorch_model.bin"));
        _hub.Files = new Dictionary<string, byte[]>(TinyModel.Others()) { ["pytorch_model.bin"] = [1, 2, 3] };
        _hub.Commit = new string('c', 40);
        Assert.Contains("pytorch_model.bin", await RefuseAsync(), StringComparison.Ordinal);
        Assert.Single(_hub.Downloads("pytorch_model.bin"));
    }

    [Fact]
    public async Task Without_links_the_files_lie_in_the_snapshots()
    {
        HubOptions options = Options with { UseSymbolicLinks = false };
        AssertSameModel(await PullAsync(options), _hub.Files);
        string snapshots = Path.Combine(Repository, "snapshots");
        Assert.All(Directory.GetFiles(Path.Combine(snapshots, _hub.Commit)), file => Assert.Null(new FileInfo(file).LinkTarget));
        Assert.Empty(Directory.GetFiles(Path.Combine(Repository, "blobs")));
        AssertSameModel(await PullAsync(options with { Offline = true }), _hub.Files);

        // A blob that others may link to is copied, and stays.
        await File.WriteAllBytesAsync(WeightsBlob, _hub.Files[TinyModel.Weights]);
        _hub.Commit = new string('b', 40);
        await PullAsync(options);
        Assert.True(File.Exists(WeightsBlob));
        Assert.Equal(_hub.Files[TinyModel.Weights], await File.ReadAllBytesAsync(Path.Combine(snapshots, _hub.Commit, TinyModel.Weights)));
    }

    [Fact]
    public async Task A_revision_may_have_slashes_and_a_commit_needs_no_reference()
    {
        await PullAsync(options: new PullOptions { Revision = "refs/pr/1" });
        Assert.Equal($"/api/models/{Name}/revision/refs%2Fpr%2F1", _hub.Hub.Requests.First().Path);
        Assert.Equal(_hub.Commit, await File.ReadAllTextAsync(Path.Combine(Repository, "refs", "refs", "pr", "1")));
        await PullAsync(options: new PullOptions { Revision = _hub.Commit });
        Assert.Equal(["refs"], Directory.GetFileSystemEntries(Path.Combine(Repository, "refs")).Select(entry => Path.GetFileName(entry)!));
    }

    [Theory]
    [InlineData("org/../x", null)]
    [InlineData("../x", null)]
    [InlineData("org/x/y", null)]
    [InlineData("org\\x", null)]
    [InlineData("org--x/y", null)]
    [InlineData("/x", null)]
    [InlineData("org/x.git", null)]
    [InlineData("org/x?y", null)]
    [InlineData("orgé/x", null)]
    [InlineData("org/x\n", null)]
    [InlineData("fairseq:data2vec/none", null)]
    [InlineData("fairseq:data2vec/audio_base_ls", "main")]
    [InlineData("org/x", "../../up")]
    [InlineData("org/x", "/up")]
    [InlineData("org/x", "a\\b")]
    [InlineData("org/x", "nul")]
    [InlineData("org/x", "a//b")]
    [InlineData("org/x", "")]
    public async Task What_is_no_name_and_no_revision_is_refused_before_anything_is_asked(string name, string? revision)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => PullAsync(name: name, options: new PullOptions { Revision = revision }));
        Assert.Empty(_hub.Hub.Requests);
    }

    [Fact]
    public async Task A_model_file_may_be_put_elsewhere()
    {
        string path = _folder.PathOf("mine.d2v");
        Assert.Equal(path, await PullAsync(options: new PullOptions { OutputPath = path, Type = ElementType.F16 }));
        using D2vFile file = D2vFile.Open(path);
        Assert.Contains(file.Tensors.Values, tensor => tensor.Type == ElementType.F16);
        Assert.False(Directory.Exists(Path.Combine(Repository, "d2v")));
    }

    [Fact]
    public async Task A_pull_that_is_cancelled_keeps_what_came()
    {
        byte[] weights = _hub.Files[TinyModel.Weights];
        _hub.Fault = request => request.Path.StartsWith("/blob/", StringComparison.Ordinal) ? FakeHub.Part(request, weights) with { CutAfter = 1000, Stalls = true } : null;
        using var cancellation = new CancellationTokenSource();
        var stages = new Stages { Then = stage => cancellation.CancelAfter(stage is { Name: TinyModel.Weights, Done: 1000 } ? 0 : Timeout.Infinite) };
        using var store = new ModelStore(Options);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PullAsync(Name, null, stages, cancellation.Token));
        Assert.Equal(weights[..1000], await File.ReadAllBytesAsync($"{WeightsBlob}.incomplete"));
    }

    [Fact]
    public async Task A_handler_that_follows_redirects_is_refused()
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = true };
        using var store = new ModelStore(Options, handler);
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.PullAsync(Name));
    }

    private async Task<string> PullAsync(HubOptions? hub = null, string name = Name, PullOptions? options = null, IProgress<PullProgress>? progress = null)
    {
        using var store = new ModelStore(hub ?? Options);
        return await store.PullAsync(name, options, progress);
    }

    private async Task<string> RefuseAsync() => (await Assert.ThrowsAsync<InvalidDataException>(() => PullAsync())).Message;

    private async Task LeaveAsync(byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(WeightsBlob)!);
        await File.WriteAllBytesAsync($"{WeightsBlob}.incomplete", bytes);
    }

    /// <summary>Asserts that a model file gives what a conversion of the files in a plain folder gives.</summary>
    private void AssertSameModel(string path, IReadOnlyDictionary<string, byte[]> files)
    {
        string folder = Directory.CreateDirectory(_folder.PathOf(Path.GetRandomFileName())).FullName;
        foreach ((string name, byte[] content) in files)
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }

        string expected = Path.Combine(folder, "expected.d2v");
        CheckpointConverter.Convert(folder, expected);
        using TextModel wanted = Data2VecModel.Load<TextModel>(expected);
        using TextModel given = Data2VecModel.Load<TextModel>(path);
        Assert.Equal(wanted.Embed(["any text"]), given.Embed(["any text"]));
    }

    private sealed class Stages : IProgress<PullProgress>
    {
        public List<PullProgress> All { get; } = [];

        public Action<PullProgress> Then { get; init; } = _ => { };

        public void Report(PullProgress value)
        {
            All.Add(value);
            Then(value);
        }
    }
}
