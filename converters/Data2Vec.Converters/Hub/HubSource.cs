using System.Globalization;
using System.Text.Json;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.Hub;

/// <summary>A repository of the Hugging Face hub.</summary>
internal sealed class HubSource(string repository, string revision, HubOptions options)
    : ModelSource(new RepositoryCache(options.CacheFolder, FolderPrefix + HubNames.AsFolder(repository), options.UseSymbolicLinks), revision)
{
    /// <summary>What the names of these models' folders begin with.</summary>
    public const string FolderPrefix = "models--";

    private const int MaxListBytes = 64 << 20;

    /// <summary>The files of the repository, once the hub was asked.</summary>
    private HashSet<string> _files = [];

    public override string Title => $"{repository} at {Revision}";

    public override async Task<(string Commit, IReadOnlyList<string> Files)> ResolveAsync(HubRequests requests)
    {
        using HttpResponseMessage response = await requests.SendAsync(
            HttpMethod.Get, Address($"api/models/{repository}/revision/{Uri.EscapeDataString(Revision)}"), Title).ConfigureAwait(false);
        (string commit, HashSet<string> files) = Read(await requests.ReadAsync(response, MaxListBytes, Title).ConfigureAwait(false));
        InvalidData.ThrowIf(HubNames.IsCommit(Revision) && commit != Revision, $"{Title}: {options.Endpoint.Host} answers with another commit, {commit}");
        _files = files;
        if (files.Contains(SentenceTransformer.ModulesName))
        {
            // The modules tell where the model is. They are read once they are here.
            return (commit, [.. new[] { SentenceTransformer.ModulesName, SentenceTransformer.PromptsName }.Where(files.Contains)]);
        }

        return (commit, [.. DecoderFiles.Among(files), .. ModelFiles("", files.Contains)]);
    }

    public override async Task<RemoteFile> DescribeAsync(HubRequests requests, string commit, string file)
    {
        string title = $"{repository}: {file}";
        Uri address = Address($"{repository}/resolve/{commit}/{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}");
        using HttpResponseMessage response = await requests.SendAsync(HttpMethod.Head, address, title).ConfigureAwait(false);
        InvalidData.ThrowIf(
            HubRequests.Header(response, "X-Repo-Commit") != commit,
            $"{title}: {address.Host} does not answer as a hub does: it does not say that the file is of commit {commit}");

        bool isElsewhere = (int)response.StatusCode is >= 300 and < 400;
        string? etag = HubRequests.Header(response, "X-Linked-Etag") ?? HubRequests.Header(response, "ETag");
        long? size = long.TryParse(HubRequests.Header(response, "X-Linked-Size"), NumberStyles.None, CultureInfo.InvariantCulture, out long linked)
            ? linked
            : isElsewhere ? null : response.Content.Headers.ContentLength;
        return new RemoteFile(file, address, etag is null ? null : RemoteFile.Unquote(etag), size, repository);
    }

    public override IReadOnlyList<string> FurtherFiles(string snapshot)
    {
        if (SentenceTransformer.Find(snapshot) is { } sentence && ModelIn(snapshot, sentence) is null)
        {
            return [.. ModelFiles(sentence.ModelPath, _files.Contains), .. sentence.FilesBesideModel(_files.Contains)];
        }

        return HuggingFaceFolder.Find(snapshot) is { } weights ? Shards(weights, Path.GetRelativePath(snapshot, Path.GetDirectoryName(weights)!)) : [];
    }

    public override IReadOnlyList<string>? FindFiles(string snapshot)
    {
        SentenceTransformer? sentence = SentenceTransformer.Find(snapshot);
        if (ModelIn(snapshot, sentence) is not { } files)
        {
            return null;
        }

        IEnumerable<string> shards = Shards(Path.Combine(snapshot, files[^1]), sentence?.ModelPath ?? "");
        return !shards.All(IsThere) ? null
            : sentence is null ? [.. DecoderFiles.In(snapshot), .. files]
            : [SentenceTransformer.ModulesName, .. new[] { SentenceTransformer.PromptsName }.Where(IsThere), .. sentence.FilesBesideModel(IsThere), .. files];

        bool IsThere(string file) => RepositoryCache.Exists(Path.Combine(snapshot, file));
    }

    public override string CheckpointIn(string snapshot) => snapshot;

    public override ConversionOptions ConversionIn(string snapshot, ElementType type) =>
        new() { Type = type, SourceName = $"{repository}@{Path.GetFileName(snapshot)}", ModelId = repository };

    /// <summary>The files of a model in a folder of the repository, the weights last.</summary>
    /// <exception cref="InvalidDataException">There is no model that can be converted.</exception>
    private List<string> ModelFiles(string folder, Func<string, bool> exists)
    {
        string prefix = folder.Length == 0 ? "" : folder + "/";
        string weights = HuggingFaceFolder.WeightNames.FirstOrDefault(name => exists(prefix + name))
            ?? throw new InvalidDataException(
                $"{Title}: it has none of the files of weights that can be converted, {string.Join(", ", HuggingFaceFolder.WeightNames)}");
        InvalidData.ThrowIf(!exists(prefix + HuggingFaceFolder.ConfigName), $"{Title}: it has no {prefix}{HuggingFaceFolder.ConfigName}, which says what model it is");
        return [prefix + HuggingFaceFolder.ConfigName, .. HuggingFaceFolder.InputNames.Select(name => prefix + name).Where(exists), prefix + weights];
    }

    /// <summary>The files of the model in a snapshot, the weights last, or null if one that is needed is missing.</summary>
    private List<string>? ModelIn(string snapshot, SentenceTransformer? sentence)
    {
        bool IsThere(string file) => RepositoryCache.Exists(Path.Combine(snapshot, file));
        string prefix = sentence is { ModelPath.Length: > 0 } ? sentence.ModelPath + "/" : "";
        bool isWhole = IsThere(prefix + HuggingFaceFolder.ConfigName) && HuggingFaceFolder.WeightNames.Any(name => IsThere(prefix + name))
            && (sentence is null || sentence.FilesBesideModel(IsThere).All(IsThere));
        return isWhole ? ModelFiles(sentence?.ModelPath ?? "", IsThere) : null;
    }

    /// <summary>The files that an index of weights in a folder of the repository names; none for other weights.</summary>
    private List<string> Shards(string weights, string folder)
    {
        string name = Path.GetFileName(weights), prefix = folder is "" or "." ? "" : folder + "/";
        string? extension = name == HuggingFaceFolder.IndexName ? ".safetensors" : name == HuggingFaceFolder.PickleIndexName ? ".bin" : null;
        return extension is null ? [] : InvalidData.Named($"{repository}: {name}", () => SafetensorsIndex.Read(weights, extension)
            .Values.Distinct().Order(StringComparer.Ordinal).Select(shard => prefix + HubNames.RequireFile(shard, repository)).ToList());
    }

    private Uri Address(string path) => new($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");

    private (string Commit, HashSet<string> Files) Read(byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("sha", out JsonElement sha) && sha.ValueKind == JsonValueKind.String && HubNames.IsCommit(sha.GetString()!)
                && root.TryGetProperty("siblings", out JsonElement siblings) && siblings.ValueKind == JsonValueKind.Array)
            {
                IEnumerable<string> files = siblings.EnumerateArray()
                    .Select(file => file.ValueKind == JsonValueKind.Object && file.TryGetProperty("rfilename", out JsonElement name) ? name : default)
                    .Select(name => name.ValueKind == JsonValueKind.String ? name.GetString() : null)
                    .OfType<string>();
                return (sha.GetString()!, [.. files]);
            }
        }
        catch (Exception error) when (JsonTokens.IsBrokenJson(error))
        {
            throw new InvalidDataException($"{Title}: {options.Endpoint.Host} does not answer as a hub does: {error.Message}", error);
        }

        throw new InvalidDataException($"{Title}: {options.Endpoint.Host} does not answer as a hub does: no commit and no list of files");
    }
}
