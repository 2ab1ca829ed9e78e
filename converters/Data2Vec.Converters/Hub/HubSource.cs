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

    public override string Title => $"{repository} at {Revision}";

    public override async Task<(string Commit, IReadOnlyList<string> Files)> ResolveAsync(HubRequests requests)
    {
        using HttpResponseMessage response = await requests.SendAsync(
            HttpMethod.Get, Address($"api/models/{repository}/revision/{Uri.EscapeDataString(Revision)}"), Title).ConfigureAwait(false);
        (string commit, HashSet<string> files) = Read(await requests.ReadAsync(response, MaxListBytes, Title).ConfigureAwait(false));
        InvalidData.ThrowIf(HubNames.IsCommit(Revision) && commit != Revision, $"{Title}: {options.Endpoint.Host} answers with another commit, {commit}");
        string weights = HuggingFaceFolder.WeightNames.FirstOrDefault(files.Contains)
            ?? throw new InvalidDataException(
                $"{Title}: it has none of the files of weights that can be converted, {string.Join(", ", HuggingFaceFolder.WeightNames)}");
        InvalidData.ThrowIf(!files.Contains(HuggingFaceFolder.ConfigName), $"{Title}: it has no {HuggingFaceFolder.ConfigName}, which says what model it is");
        return (commit, [HuggingFaceFolder.ConfigName, .. HuggingFaceFolder.InputNames.Where(files.Contains), weights]);
    }

    public override async Task<RemoteFile> DescribeAsync(HubRequests requests, string commit, string file)
    {
        string title = $"{repository}: {file}";
        Uri address = Address($"{repository}/resolve/{commit}/{Uri.EscapeDataString(file)}");
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

    public override IReadOnlyList<string> FurtherFiles(string snapshot) =>
        HuggingFaceFolder.Find(snapshot) is { } weights && Path.GetFileName(weights) == HuggingFaceFolder.IndexName ? Shards(weights) : [];

    public override IReadOnlyList<string>? FindFiles(string snapshot)
    {
        bool IsThere(string file) => RepositoryCache.Exists(Path.Combine(snapshot, file));
        if (!IsThere(HuggingFaceFolder.ConfigName) || HuggingFaceFolder.WeightNames.FirstOrDefault(IsThere) is not { } weights)
        {
            return null;
        }

        return weights == HuggingFaceFolder.IndexName && !Shards(Path.Combine(snapshot, weights)).All(IsThere)
            ? null
            : [HuggingFaceFolder.ConfigName, .. HuggingFaceFolder.InputNames.Where(IsThere), weights];
    }

    public override string CheckpointIn(string snapshot) => snapshot;

    public override ConversionOptions ConversionIn(string snapshot, ElementType type) =>
        new() { Type = type, SourceName = $"{repository}@{Path.GetFileName(snapshot)}", ModelId = repository };

    private List<string> Shards(string index) => InvalidData.Named($"{repository}: {HuggingFaceFolder.IndexName}", () => SafetensorsIndex.Read(index)
        .Values.Distinct().Order(StringComparer.Ordinal).Select(shard => HubNames.RequireFile(shard, repository)).ToList());

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
