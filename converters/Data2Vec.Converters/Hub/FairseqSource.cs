using System.Security.Cryptography;
using System.Text;

namespace Data2Vec.Converters.Hub;

/// <summary>
/// A checkpoint of fairseq's. Its server knows no commits: what stands for one is made of the marks of the files, so that the cache is that
/// of the hub's models.
/// </summary>
internal sealed class FairseqSource(string name, FairseqModel model, HubOptions options)
    : ModelSource(new RepositoryCache(options.FairseqCacheFolder, FolderPrefix + HubNames.AsFolder(name), options.UseSymbolicLinks), Latest)
{
    /// <summary>The prefix of the names of these models.</summary>
    public const string Prefix = "fairseq:";

    /// <summary>What the names of these models' folders begin with.</summary>
    public const string FolderPrefix = "fairseq--";

    private const string Latest = "main";

    private readonly Dictionary<string, RemoteFile> _files = [];

    public override string Title => Prefix + name;

    public override async Task<(string Commit, IReadOnlyList<string> Files)> ResolveAsync(HubRequests requests)
    {
        var marks = new StringBuilder();
        foreach (string path in model.Files)
        {
            var address = new Uri($"{options.FairseqEndpoint.AbsoluteUri.TrimEnd('/')}/{path}");
            string file = FileName(path);
            using HttpResponseMessage response = await requests.SendAsync(HttpMethod.Head, address, $"{Title}: {file}").ConfigureAwait(false);
            string? etag = response.Headers.ETag is { Tag: var tag } ? RemoteFile.Unquote(tag) : null;
            _files[file] = new RemoteFile(file, address, etag, response.Content.Headers.ContentLength, Title)
            {
                Validator = response.Headers.ETag is { IsWeak: false } validator ? validator : null,
            };
            marks.Append(file).Append(' ').Append(etag).Append('\n');
        }

        return (Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(marks.ToString())))[..40], [.. _files.Keys]);
    }

    public override Task<RemoteFile> DescribeAsync(HubRequests requests, string commit, string file) => Task.FromResult(_files[file]);

    public override IReadOnlyList<string>? FindFiles(string snapshot)
    {
        string[] files = [.. model.Files.Select(FileName)];
        return files.All(file => RepositoryCache.Exists(Path.Combine(snapshot, file))) ? files : null;
    }

    public override string CheckpointIn(string snapshot) => PathIn(snapshot, model.Checkpoint)!;

    public override ConversionOptions ConversionIn(string snapshot, ElementType type) => new()
    {
        Type = type,
        SourceName = Title,
        ModelId = Title,
        DictionaryPath = PathIn(snapshot, model.Dictionary),
        BytePairFiles = PathIn(snapshot, model.Encoder) is { } encoder && PathIn(snapshot, model.Merges) is { } merges ? (encoder, merges) : null,
    };

    private static string FileName(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static string? PathIn(string snapshot, string? path) => path is null ? null : Path.Combine(snapshot, FileName(path));
}
