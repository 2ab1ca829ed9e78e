using System.Net;
using System.Net.Sockets;
using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Security;

/// <summary>
/// Reads URLs of the public internet. A name is resolved once, and the connection goes to the address that was checked, for each redirection too. A client learns
/// nothing about why a URL cannot be read.
/// </summary>
internal sealed class UrlReader : IDisposable
{
    private const int MaxRedirections = 3, HttpPort = 80, HttpsPort = 443;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(20), s_connectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _client;
    private readonly Func<Uri, bool> _isAllowed;
    private readonly long _maxBytes;

    public UrlReader(Data2VecServerOptions options)
        : this(options.Limits.MaxBodyBytes, PublicAddress.Is, address => address.Port is HttpPort or HttpsPort)
    {
    }

    /// <summary>Creates a reader with other addresses, for tests.</summary>
    internal UrlReader(long maxBytes, Func<IPAddress, bool> isPublic, Func<Uri, bool> isAllowed)
    {
        (_maxBytes, _isAllowed) = (maxBytes, isAllowed);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false, // a proxy would connect in our place
            UseCookies = false,
            ConnectTimeout = s_connectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = async (context, cancellation) =>
            {
                IPAddress[] addresses = [.. (await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation).ConfigureAwait(false)).Where(isPublic)];
                if (addresses.Length == 0)
                {
                    throw new HttpRequestException("not a public address");
                }

                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Reads the content of a URL.</summary>
    /// <param name="address">An <c>http</c> or <c>https</c> URL.</param>
    /// <param name="name">The field, for messages.</param>
    /// <param name="cancellation">Ends the work.</param>
    public async Task<byte[]> ReadAsync(Uri address, string name, CancellationToken cancellation)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        time.CancelAfter(s_timeout);
        try
        {
            for (int redirections = 0; redirections <= MaxRedirections && IsAllowed(address); redirections++)
            {
                using HttpResponseMessage response = await _client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, time.Token).ConfigureAwait(false);
                if (response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
                    && response.Headers.Location is { } location)
                {
                    address = new Uri(address, location);
                    continue;
                }

                return response.IsSuccessStatusCode ? await ReadAsync(response, name, time.Token).ConfigureAwait(false) : throw Unreadable(name);
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException or UriFormatException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw Unreadable(name);
        }

        throw Unreadable(name);
    }

    public void Dispose() => _client.Dispose();

    private bool IsAllowed(Uri address) =>
        (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps) && address.UserInfo.Length == 0 && _isAllowed(address);

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, string name, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > _maxBytes)
        {
            throw TooLarge(name);
        }

        using var content = new MemoryStream();
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = new byte[1 << 16];
        for (int count; (count = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0; content.Write(buffer, 0, count))
        {
            if (content.Length + count > _maxBytes)
            {
                throw TooLarge(name);
            }
        }

        return content.ToArray();
    }

    private RequestException TooLarge(string name) => RequestException.TooLarge($"the content of the URL in '{name}' has more than {_maxBytes} bytes", name);

    private static RequestException Unreadable(string name) => RequestException.Bad($"the URL in '{name}' cannot be read", name);
}
