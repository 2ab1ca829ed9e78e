using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Hub;

/// <summary>A file on a server.</summary>
internal sealed partial record RemoteFile
{
    /// <param name="name">Its name.</param>
    /// <param name="address">Where it is downloaded from.</param>
    /// <param name="etag">Which version of the file it is: its SHA-256 or that of git where the hub gives it, else any mark; it names the blob.</param>
    /// <param name="size">Its length in bytes.</param>
    /// <param name="source">Whose file it is, for messages.</param>
    /// <exception cref="InvalidDataException">The server does not say enough about the file.</exception>
    public RemoteFile(string name, Uri address, string? etag, long? size, string source)
    {
        (Name, Address, Title) = (name, address, $"{source}: {name}");
        Etag = etag is not null && SafeEtag().IsMatch(etag)
            ? etag
            : throw new InvalidDataException(
                $"{Title}: the server gives {(etag is null ? "no ETag" : $"the ETag '{PickleText.Quote(etag)}', which cannot name a file")}");
        Size = size is >= 0 and { } bytes ? bytes : throw new InvalidDataException($"{Title}: the server does not say how large it is");
    }

    public string Name { get; }

    public Uri Address { get; }

    public string Etag { get; }

    public long Size { get; }

    /// <summary>The name in messages.</summary>
    public string Title { get; }

    /// <summary>The validator for resuming a file without a content hash.</summary>
    public EntityTagHeaderValue? Validator { get; init; }

    public bool HasSha256 => Etag.Length == 64 && IsHexadecimal;

    /// <summary>Whether the ETag is git's hash of the content: the SHA-1 of a length header and the content.</summary>
    public bool HasGitHash => Etag.Length == 40 && IsHexadecimal;

    /// <summary>Whether a download can be resumed safely.</summary>
    public bool CanResume => HasSha256 || HasGitHash || Validator is not null;

    /// <summary>An ETag without the quotes and the weak prefix.</summary>
    public static string Unquote(string etag) => (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"');

    private bool IsHexadecimal => Etag.All(char.IsAsciiHexDigitLower);

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(?<!\.)\z")]
    private static partial Regex SafeEtag();
}
