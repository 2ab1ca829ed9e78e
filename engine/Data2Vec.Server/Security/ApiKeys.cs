using System.Security.Cryptography;
using System.Text;
using Data2Vec.IO;
using Data2Vec.Server.Requests;
using Microsoft.Extensions.Primitives;

namespace Data2Vec.Server.Security;

/// <summary>The keys with which requests are allowed. Only their digests are kept.</summary>
internal sealed class ApiKeys
{
    private const int ShortestKey = 16;
    private const long MaxFileBytes = 1 << 20;
    private const string Scheme = "Bearer ";

    private readonly byte[][] _digests = [];

    /// <summary>Reads the file of keys.</summary>
    /// <exception cref="InvalidDataException">There is no usable key in it.</exception>
    public ApiKeys(Data2VecServerOptions options)
    {
        if (options.KeyFile is not { } path)
        {
            return;
        }

        string[] keys = [.. TextFile.ReadLines(path, MaxFileBytes).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
        if (keys.Length == 0)
        {
            throw new InvalidDataException($"{path}: there is no key in it; write one per line");
        }

        if (keys.Any(key => key.Length < ShortestKey || key.Any(letter => letter is <= ' ' or > '~')))
        {
            throw new InvalidDataException($"{path}: a key must have at least {ShortestKey} characters, letters, digits and punctuation of ASCII without spaces; openssl rand -hex 32 makes one");
        }

        _digests = [.. keys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];
    }

    /// <summary>Requires a key of a request.</summary>
    /// <exception cref="RequestException">It has none, or another one.</exception>
    public void Require(HttpContext context)
    {
        if (_digests.Length > 0 && !Accepts(context.Request.Headers.Authorization))
        {
            throw new RequestException(StatusCodes.Status401Unauthorized, "send a valid API key: Authorization: Bearer KEY");
        }
    }

    /// <summary>Compares with all keys, so that the time tells nothing about them.</summary>
    private bool Accepts(StringValues header)
    {
        if (header.Count != 1 || header[0] is not { } value || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(value[Scheme.Length..].Trim()));
        bool isKnown = false;
        foreach (byte[] key in _digests)
        {
            isKnown |= CryptographicOperations.FixedTimeEquals(key, digest);
        }

        return isKnown;
    }
}
