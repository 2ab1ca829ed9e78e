using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Data2Vec.Converters.HuggingFace;

namespace Data2Vec.Converters.Hub;

/// <summary>
/// Published models by name: downloads them into the cache that huggingface_hub uses too, converts them, and finds both again.
/// Safe to use from any number of threads; processes may share the cache.
/// </summary>
public sealed class ModelStore : IDisposable
{
    private const string DefaultRevision = "main";

    /// <summary>Raised when the converter makes another model file of the same checkpoint.</summary>
    private const int ConverterRevision = 2;

    private readonly HubOptions _options;
    private readonly HttpClient _client;

    /// <summary>Creates a store. Nothing is read or sent before the first call.</summary>
    /// <param name="options">Where models come from and where they are kept; null reads the environment.</param>
    /// <param name="handler">
    /// Sends the requests, and is not disposed; it must neither follow redirects, which could carry the token to another host, nor
    /// decompress. Null takes the system's.
    /// </param>
    /// <exception cref="ArgumentException">A variable of the environment cannot be used.</exception>
    public ModelStore(HubOptions? options = null, HttpMessageHandler? handler = null)
    {
        _options = options ?? HubOptions.FromEnvironment();
        _client = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }, disposeHandler: handler is null)
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The names of fairseq's checkpoints.</summary>
    public static IReadOnlyList<string> FairseqNames { get; } = [.. FairseqModel.All.Keys.Select(name => FairseqSource.Prefix + name)];

    /// <summary>
    /// Makes a model file of a published model. What is in the cache is not downloaded again, and what was converted is not converted
    /// again; a download that was cut off goes on where it ended. Where the server cannot be reached, the copy in the cache is used.
    /// </summary>
    /// <param name="name">
    /// A repository of the hub, such as <c>facebook/data2vec-audio-base-960h</c>, or one of <see cref="FairseqNames"/>.
    /// </param>
    /// <param name="options">What of it is wanted.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it; what was downloaded is kept for the next call.</param>
    /// <returns>The path of the model file.</returns>
    /// <exception cref="ArgumentException">The name or the revision is none.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, has no such model, or wants a token; the message says what to do.</exception>
    /// <exception cref="InvalidDataException">What the server sends is damaged or no data2vec model.</exception>
    /// <exception cref="IOException">The disk is too small, a file cannot be written, or the model is not in the cache and no server may be asked.</exception>
    public async Task<string> PullAsync(
        string name, PullOptions? options = null, IProgress<PullProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= new PullOptions();
        ModelSource source = Find(name, options.Revision);
        var requests = new HubRequests(_client, _options, progress, cancellationToken);
        string commit = await FetchAsync(source, requests).ConfigureAwait(false);
        return await ConvertAsync(source, commit, options, requests).ConfigureAwait(false);
    }

    /// <summary>Finds the model file of a published model in the cache. Nothing is downloaded or converted.</summary>
    /// <param name="name">The name of the model, as <see cref="PullAsync"/> takes it.</param>
    /// <param name="type">The number format; null prefers f32 and takes any.</param>
    /// <param name="revision">A branch, a tag or a commit; null takes <c>main</c>.</param>
    /// <returns>The newest model file of the revision as it was last pulled; null if there is none.</returns>
    /// <exception cref="ArgumentException">The name or the revision is none.</exception>
    public CachedModel? Find(string name, ElementType? type = null, string? revision = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ModelSource source = Find(name, revision);
        string? commit = source.Cache.CommitOf(source.Revision);
        return CachedModel.In(name, source.Cache).Where(model => model.Commit == commit && (type ?? model.Type) == model.Type).MinBy(model => model.Type);
    }

    /// <summary>Lists the model files in the cache, by name.</summary>
    public IReadOnlyList<CachedModel> List()
    {
        string[] names =
        [
            .. Folders(_options.CacheFolder, HubSource.FolderPrefix).Where(HubNames.IsRepository),
            .. Folders(_options.FairseqCacheFolder, FairseqSource.FolderPrefix).Where(FairseqModel.All.ContainsKey).Select(name => FairseqSource.Prefix + name),
        ];
        return [.. names.Order(StringComparer.Ordinal).SelectMany(name => CachedModel.In(name, Find(name, null).Cache))];

        static IEnumerable<string> Folders(string root, string prefix) => !Directory.Exists(root) ? [] : Directory.EnumerateDirectories(root, $"{prefix}*")
            .Select(folder => Path.GetFileName(folder)[prefix.Length..].Replace("--", "/", StringComparison.Ordinal));
    }

    /// <summary>Deletes the model files of a published model, and on request what was downloaded for it, which other programs may use too.</summary>
    /// <param name="name">The name of the model, as <see cref="PullAsync"/> takes it.</param>
    /// <param name="type">The number format; null for all.</param>
    /// <param name="downloads">Whether to delete the downloaded files, too.</param>
    /// <returns>The number of bytes that were freed.</returns>
    /// <exception cref="ArgumentException">The name is none.</exception>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    public long Remove(string name, ElementType? type = null, bool downloads = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        RepositoryCache cache = Find(name, null).Cache;
        long bytes = 0;
        foreach (CachedModel model in CachedModel.In(name, cache).Where(model => (type ?? model.Type) == model.Type).ToList())
        {
            bytes += model.Bytes + DecoderFiles.Remove(model.Path);
            File.Delete(model.Path);
        }

        if (downloads && Directory.Exists(cache.Folder))
        {
            bytes += new DirectoryInfo(cache.Folder).EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.LinkTarget is null).Sum(file => file.Length);
            Directory.Delete(cache.Folder, recursive: true);
        }

        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private ModelSource Find(string name, string? revision)
    {
        if (name.StartsWith(FairseqSource.Prefix, StringComparison.Ordinal))
        {
            string known = name[FairseqSource.Prefix.Length..];
            if (!FairseqModel.All.TryGetValue(known, out FairseqModel? model))
            {
                throw new ArgumentException($"{name}: no such checkpoint of fairseq's; there are {string.Join(", ", FairseqModel.All.Keys)}");
            }

            return revision is null
                ? new FairseqSource(known, model, _options)
                : throw new ArgumentException($"{name}: fairseq's checkpoints have no revisions");
        }

        if (!HubNames.IsRepository(name))
        {
            throw new ArgumentException(
                $"{name}: not the name of a model, which is OWNER/NAME as in facebook/data2vec-audio-base-960h, or {FairseqSource.Prefix}NAME");
        }

        return HubNames.IsSafePath(revision ??= DefaultRevision)
            ? new HubSource(name, revision, _options)
            : throw new ArgumentException($"'{revision}' is not a revision, which is a branch, a tag or a commit");
    }

    /// <summary>Ensures that the files of a model are in the cache.</summary>
    /// <returns>The commit that they are of.</returns>
    private async Task<string> FetchAsync(ModelSource source, HubRequests requests)
    {
        string? cached = source.Cache.CommitOf(source.Revision) is { } known && source.FindFiles(source.Cache.Snapshot(known)) is not null ? known : null;
        if (_options.Offline)
        {
            return cached ?? throw new IOException(
                $"{source.Title}: not in the cache ({source.Cache.Folder}), and HF_HUB_OFFLINE forbids downloads; pull it once without it");
        }

        string commit;
        IReadOnlyList<string> files;
        try
        {
            // With a cached copy, do not wait for a busy server.
            (commit, files) = cached is null
                ? await requests.RetryAsync(() => source.ResolveAsync(requests)).ConfigureAwait(false)
                : await source.ResolveAsync(requests).ConfigureAwait(false);
        }
        catch (HttpRequestException error) when (cached is not null && error.StatusCode != HttpStatusCode.NotFound)
        {
            requests.Report(PullStage.Unreachable, error.Message, 0, 0);
            return cached;
        }

        await DownloadAsync(source, commit, files, requests).ConfigureAwait(false);

        // Files name files: the modules of a model its folder, the index in it the shards.
        string snapshot = source.Cache.Snapshot(commit);
        while (source.FurtherFiles(snapshot).Where(file => !source.Cache.Has(commit, file)).ToArray() is { Length: > 0 } further)
        {
            await DownloadAsync(source, commit, further, requests).ConfigureAwait(false);
        }

        source.Cache.SetCommitOf(source.Revision, commit);
        return commit;
    }

    private static async Task DownloadAsync(ModelSource source, string commit, IReadOnlyList<string> files, HubRequests requests)
    {
        var missing = new List<RemoteFile>();
        foreach (string file in files.Where(file => !source.Cache.Has(commit, file)))
        {
            missing.Add(await requests.RetryAsync(() => source.DescribeAsync(requests, commit, file)).ConfigureAwait(false));
        }

        CheckSpace(source, missing);
        foreach (RemoteFile file in missing)
        {
            await DownloadAsync(source, commit, file, requests).ConfigureAwait(false);
        }
    }

    private static async Task DownloadAsync(ModelSource source, string commit, RemoteFile file, HubRequests requests)
    {
        string blob = source.Cache.Blob(file.Etag);
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        using IDisposable held = await source.Cache.LockAsync(file.Etag, requests.Cancellation).ConfigureAwait(false);
        if (source.Cache.Has(commit, file.Name))
        {
            return;
        }

        bool isNew = !IsWhole(blob, file);
        if (isNew)
        {
            await new BlobDownload(requests, file).RunAsync(blob).ConfigureAwait(false);
        }

        source.Cache.Place(blob, commit, file.Name, isNew);
    }

    private static bool IsWhole(string blob, RemoteFile file) => new FileInfo(blob) is { Exists: true } info && info.Length == file.Size;

    private static void CheckSpace(ModelSource source, IEnumerable<RemoteFile> files)
    {
        RemoteFile[] wanted = [.. files.Where(file => !IsWhole(source.Cache.Blob(file.Etag), file))];
        if (wanted.Length == 0 || source.Cache.FreeBytes() is not { } free)
        {
            return;
        }

        foreach (RemoteFile file in wanted)
        {
            if (file.Size > free)
            {
                throw new IOException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{file.Title}: {file.Size:N0} bytes do not fit on the disk of {source.Cache.Folder}; make room, or set HF_HOME to another disk"));
            }

            free -= file.Size;
        }
    }

    private static async Task<string> ConvertAsync(ModelSource source, string commit, PullOptions options, HubRequests requests)
    {
        string snapshot = source.Cache.Snapshot(commit);
        IReadOnlyList<string> files = source.FindFiles(snapshot) ?? throw new IOException($"{source.Title}: files vanished from {snapshot}; pull it again");
        if (options.OutputPath is { } path)
        {
            await ConvertAsync(source, snapshot, path, options.Type, requests).ConfigureAwait(false);
            return path;
        }

        string output = source.Cache.ModelFile(commit, FileName(options, files));
        // Checked before taking the lock, which fails in a read-only cache.
        if (File.Exists(output))
        {
            return output;
        }

        using IDisposable held = await source.Cache.LockAsync($"{commit}-{Path.GetFileName(output)}", requests.Cancellation).ConfigureAwait(false);
        if (!File.Exists(output))
        {
            await ConvertAsync(source, snapshot, output, options.Type, requests).ConfigureAwait(false);
        }

        return output;
    }

    private static async Task ConvertAsync(ModelSource source, string snapshot, string output, ElementType type, HubRequests requests)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
        var progress = new ConversionReporter(source.Title, requests);
        ConversionResult result = await Task.Run(
            () => CheckpointConverter.Convert(source.CheckpointIn(snapshot), output, source.ConversionIn(snapshot, type), progress),
            requests.Cancellation).ConfigureAwait(false);
        foreach (string warning in result.Warnings)
        {
            requests.Report(PullStage.Warning, $"{source.Title}: {warning}", 0, 0);
        }
    }

    // Other programs put only those files of a commit into the cache that they need, so that the model file depends on which are there;
    // and another version of the converter may make another one of the same.
    private static string FileName(PullOptions options, IEnumerable<string> files)
    {
        string made = $"{typeof(ModelStore).Assembly.GetName().Version} {ConverterRevision} {string.Join(' ', files)}";
        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(made)).AsSpan(0, 4));
        return CachedModel.FileName(options.Type, digest);
    }

    /// <summary>Reports progress and checks for cancellation between tensors.</summary>
    private sealed class ConversionReporter(string title, HubRequests requests) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            requests.Cancellation.ThrowIfCancellationRequested();
            requests.Report(PullStage.Converting, title, value.Done, value.Total);
        }
    }
}
