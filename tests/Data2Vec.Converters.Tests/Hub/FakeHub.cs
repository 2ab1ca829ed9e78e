using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Data2Vec.Converters.Tests.Hub;

/// <summary>
/// A hub with one repository, and another host for the content of its weights, as the Hugging Face hub behaves. What it should do
/// otherwise, a test tells it.
/// </summary>
internal sealed class FakeHub : IDisposable
{
    public const string Repository = "org/tiny.model";

    /// <param name="files">The files of the repository.</param>
    public FakeHub(IReadOnlyDictionary<string, byte[]> files)
    {
        Files = files;
        Hub = new HttpServer("127.0.0.1", request => Fault(request) ?? AnswerHub(request));
        Content = new HttpServer("localhost", request => Fault(request) ?? AnswerContent(request));
    }

    public HttpServer Hub { get; }

    public HttpServer Content { get; }

    public IReadOnlyDictionary<string, byte[]> Files { get; set; }

    public string Commit { get; set; } = "0123456789abcdef0123456789abcdef01234567";

    /// <summary>Names in the list of files that lead to nothing.</summary>
    public IReadOnlyList<string> OtherNames { get; set; } = [];

    /// <summary>Answers in the hub's and the other host's place, where it gives something.</summary>
    public Func<HttpRequest, HttpAnswer?> Fault { get; set; } = _ => null;

    /// <summary>The requests for the content of a file, to the host that has it.</summary>
    public HttpRequest[] Downloads(string file) =>
    [
        .. (IsLarge(file) ? Content : Hub).Requests.Where(request =>
            request.Method == "GET" && request.Path.EndsWith(IsLarge(file) ? $"/blob/{Etag(file)}" : $"/{file}", StringComparison.Ordinal)),
    ];

    /// <summary>The mark of a file: SHA-256 of a large one, git's of a small one.</summary>
    public string Etag(string file) => IsLarge(file) ? Convert.ToHexStringLower(SHA256.HashData(Files[file])) : GitHash(Files[file]);

    public static string GitHash(byte[] content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0")));
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void Dispose()
    {
        Hub.Dispose();
        Content.Dispose();
    }

    /// <summary>An answer with a content, or with the part of it that is asked for.</summary>
    public static HttpAnswer Part(HttpRequest request, byte[] content, params (string, string)[] headers)
    {
        if (request["Range"] is not { } range)
        {
            return new HttpAnswer(200, content, headers);
        }

        int start = int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
        return start < content.Length
            ? new HttpAnswer(206, content[start..], [.. headers, ("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {start}-{content.Length - 1}/{content.Length}"))])
            : new HttpAnswer(416, [], ("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes */{content.Length}")));
    }

    private static bool IsLarge(string file) => Path.GetExtension(file) is ".safetensors" or ".bin";

    private HttpAnswer AnswerHub(HttpRequest request)
    {
        if (request.Path.StartsWith($"/api/models/{Repository}/revision/", StringComparison.Ordinal))
        {
            return new HttpAnswer(200, JsonSerializer.SerializeToUtf8Bytes(new
            {
                id = Repository,
                sha = Commit,
                siblings = Files.Keys.Concat(OtherNames).Select(name => new { rfilename = name }),
            }));
        }

        string file = new[] { Commit, "main" }.Select(revision => $"/{Repository}/resolve/{revision}/")
            .Where(prefix => request.Path.StartsWith(prefix, StringComparison.Ordinal)).Select(prefix => Uri.UnescapeDataString(request.Path[prefix.Length..])).FirstOrDefault("");
        if (!Files.TryGetValue(file, out byte[]? content))
        {
            return new HttpAnswer(404, [], ("X-Error-Code", "EntryNotFound"));
        }

        string etag = Etag(file);
        if (!IsLarge(file))
        {
            return Part(request, content, ("X-Repo-Commit", Commit), ("ETag", $"W/\"{etag}\""));
        }

        return new HttpAnswer(
            302, [], ("X-Repo-Commit", Commit), ("ETag", "\"of the pointer\""), ("X-Linked-Etag", $"\"{etag}\""),
            ("X-Linked-Size", content.Length.ToString(CultureInfo.InvariantCulture)), ("Location", $"{Content.Address}blob/{etag}"));
    }

    private HttpAnswer AnswerContent(HttpRequest request)
    {
        string? file = Files.Keys.FirstOrDefault(name => request.Path == $"/blob/{Etag(name)}");
        return file is null ? new HttpAnswer(404, []) : Part(request, Files[file], ("ETag", "\"another mark\""));
    }
}
