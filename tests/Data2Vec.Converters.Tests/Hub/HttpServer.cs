using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Data2Vec.Converters.Tests.Hub;

/// <summary>A request as it came.</summary>
internal sealed record HttpRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);
}

/// <summary>An answer, right or wrong as told.</summary>
internal sealed record HttpAnswer(int Status, byte[] Body, params (string Name, string Value)[] Headers)
{
    /// <summary>The length that is announced; null announces none.</summary>
    public long? Length { get; init; } = Body.Length;

    /// <summary>Ends the connection behind so many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Says nothing more, behind what is sent, until the server ends.</summary>
    public bool Stalls { get; init; }
}

/// <summary>A small HTTP server on the loopback interface; each connection serves one request.</summary>
internal sealed class HttpServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new(); // without a timer there is nothing to dispose
    private readonly Func<HttpRequest, HttpAnswer> _answer;
    private readonly Task _loop;

    /// <param name="host">The name that it is to be called by.</param>
    /// <param name="answer">Answers requests, possibly several at once.</param>
    public HttpServer(string host, Func<HttpRequest, HttpAnswer> answer)
    {
        _answer = answer;
        _listener.Start();
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{((IPEndPoint)_listener.LocalEndpoint).Port}"));
        _loop = Task.Run(RunAsync);
    }

    public Uri Address { get; }

    /// <summary>All requests that came.</summary>
    public ConcurrentQueue<HttpRequest> Requests { get; } = new();

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
        _loop.Wait();
    }

    private async Task RunAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient connection = await _listener.AcceptTcpClientAsync(_end.Token);
                connections.Add(Task.Run(() => ServeAsync(connection)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using (connection)
        {
            try
            {
                NetworkStream stream = connection.GetStream();
                if (await ReadAsync(stream) is not { } request)
                {
                    return;
                }

                Requests.Enqueue(request);
                HttpAnswer answer = _answer(request);
                var head = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} Because\r\nConnection: close\r\n"));
                if (answer.Length is { } length)
                {
                    head.Append(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n");
                }

                foreach ((string name, string value) in answer.Headers)
                {
                    head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
                }

                await stream.WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), _end.Token);
                if (request.Method != "HEAD")
                {
                    await stream.WriteAsync(answer.Body.AsMemory(0, answer.CutAfter ?? answer.Body.Length), _end.Token);
                }

                if (answer.Stalls)
                {
                    await Task.Delay(Timeout.Infinite, _end.Token);
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // The client went away, or the test is over.
            }
        }
    }

    private async Task<HttpRequest?> ReadAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
        if (await reader.ReadLineAsync(_end.Token) is not { } first)
        {
            return null;
        }

        string[] parts = first.Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(_end.Token) is { Length: > 0 } line)
        {
            headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }

        return new HttpRequest(parts[0], parts[1], headers);
    }
}
