using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Data2Vec.Converters.Hub;

/// <summary>Sends the requests of one pull: redirects, token, timeouts, retries, and the meaning of answers.</summary>
/// <remarks>The client must not follow redirects, which could carry the token to another host.</remarks>
internal sealed partial class HubRequests(HttpClient client, HubOptions options, IProgress<PullProgress>? progress, CancellationToken cancellation)
{
    /// <summary>The most failures in a row.</summary>
    public const int MaxAttempts = 5;

    private const int MaxRedirects = 10;
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(2);

    public CancellationToken Cancellation => cancellation;

    /// <summary>The longest time a download may stall.</summary>
    public TimeSpan DownloadTimeout => options.DownloadTimeout;

    public void Report(PullStage stage, string name, long done, long total) => progress?.Report(new PullProgress(stage, name, done, total));

    /// <summary>
    /// Sends a request without a body and follows redirects. <c>HEAD</c> stops at a redirect to another host that has the hub's marks of the file: there the
    /// content begins. A mirror redirects without marks.
    /// </summary>
    /// <returns>The answer: success, a redirect that is not followed, or a refused range.</returns>
    /// <exception cref="HttpRequestException">The server is not there or refuses; the message says what to do.</exception>
    /// <exception cref="InvalidDataException">It leads in circles or to no address.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, string title, Action<HttpRequestHeaders>? prepare = null)
    {
        for (int redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            HttpResponseMessage response = await SendOnceAsync(method, address, title, prepare).ConfigureAwait(false);
            try
            {
                if (RedirectOf(response, address, title) is not { } target || (method == HttpMethod.Head && !IsSameHost(target, address) && Header(response, "X-Repo-Commit") is not null))
                {
                    Check(response, address, title);
                    return response;
                }

                address = target;
            }
            catch
            {
                response.Dispose();
                throw;
            }

            response.Dispose();
        }

        throw new InvalidDataException($"{title}: {address.Host} redirects more than {MaxRedirects} times");
    }

    /// <summary>Retries after transient failures.</summary>
    public async Task<T> RetryAsync<T>(Func<Task<T>> attempt)
    {
        for (int failures = 1; ; failures++)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (TransientFailure failure) when (failures < MaxAttempts)
            {
                await WaitAsync(failure, failures).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits before the next attempt.</summary>
    /// <exception cref="HttpRequestException">The server asks to wait too long.</exception>
    public async Task WaitAsync(TransientFailure failure, int failures)
    {
        TimeSpan delay = failure.RetryAfter ?? options.RetryDelay * (1 << (failures - 1));
        if (delay > s_longestWait)
        {
            throw new HttpRequestException($"{failure.Message}, and asks to wait {delay.TotalMinutes:F0} minutes; try again then", failure, failure.StatusCode);
        }

        Report(PullStage.Waiting, failure.Message, 0, (long)Math.Ceiling(delay.TotalSeconds));
        await Task.Delay(delay, cancellation).ConfigureAwait(false);
    }

    /// <summary>Reads a short body.</summary>
    /// <exception cref="InvalidDataException">It is not short.</exception>
    public async Task<byte[]> ReadAsync(HttpResponseMessage response, int most, string title)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(options.DownloadTimeout);
        try
        {
            using Stream body = await response.Content.ReadAsStreamAsync(timeout.Token).ConfigureAwait(false);
            using var bytes = new MemoryStream();
            byte[] buffer = new byte[1 << 14];
            for (int count; (count = await body.ReadAsync(buffer, timeout.Token).ConfigureAwait(false)) > 0; bytes.Write(buffer, 0, count))
            {
                InvalidData.ThrowIf(bytes.Length + count > most, $"{title}: the server's answer is larger than {most >> 20} MiB");
            }

            return bytes.ToArray();
        }
        catch (Exception error) when (IsCut(error))
        {
            throw new TransientFailure($"{title}: the server's answer was cut off", inner: error);
        }
    }

    /// <summary>Whether an error while reading a body is a broken connection or a timeout.</summary>
    public bool IsCut(Exception error) =>
        error is IOException or HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested);

    /// <summary>The first value of a header, or null.</summary>
    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private static bool IsSameHost(Uri one, Uri other) =>
        Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>Whether an address is of the hub, where the token may go: the chosen endpoint, or the hub itself, to which a mirror redirects.</summary>
    private bool IsHub(Uri address) => IsSameHost(address, options.Endpoint) || IsSameHost(address, HubOptions.Hub);

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, Uri address, string title, Action<HttpRequestHeaders>? prepare)
    {
        using var request = new HttpRequestMessage(method, address);
        // Lengths and ranges of a compressed body would not be those of the file.
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("data2vec-dotnet", typeof(HubRequests).Assembly.GetName().Version!.ToString(3)));
        if (options.Token is { } token && IsHub(address))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        prepare?.Invoke(request.Headers);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(options.MetadataTimeout);
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            string message = string.Create(
                CultureInfo.InvariantCulture, $"{title}: {address.Host} does not answer within {options.MetadataTimeout.TotalSeconds} s");
            throw new TransientFailure(message, inner: error);
        }
        catch (HttpRequestException error)
        {
            string message = $"{title}: {address.Host} cannot be reached: {error.Message}";
            throw error.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
                ? new HttpRequestException(message, error)
                : new TransientFailure(message, inner: error);
        }

        if (response.RequestMessage?.RequestUri == address)
        {
            return response;
        }

        response.Dispose();
        throw new InvalidOperationException("the handler of requests follows redirects itself; it must not (AllowAutoRedirect = false)");
    }

    private static Uri? RedirectOf(HttpResponseMessage response, Uri address, string title)
    {
        if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
        {
            return null;
        }

        if (response.Headers.Location is not { } location || !Uri.TryCreate(address, location, out Uri? target) || !HubOptions.IsHttp(target))
        {
            throw new InvalidDataException($"{title}: {address.Host} redirects to nowhere");
        }

        return address.Scheme == Uri.UriSchemeHttps && target.Scheme != address.Scheme
            ? throw new InvalidDataException($"{title}: {address.Host} redirects from https to {target.Scheme} at {target.Host}")
            : target;
    }

    private void Check(HttpResponseMessage response, Uri address, string title)
    {
        HttpStatusCode status = response.StatusCode;
        if ((int)status < 400 || status == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return;
        }

        string answer = $"{title}: {address.Host} answers {(int)status}";
        if (Header(response, "X-Error-Message") is { } reason)
        {
            answer += $" ({PickleText.Quote(reason)})";
        }

        if (status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
        {
            throw new TransientFailure(answer, status, RetryAfter(response));
        }

        string? advice = IsHub(address) ? Advice(status, Header(response, "X-Error-Code")) : null;
        throw new HttpRequestException(advice is null ? answer : $"{answer}; {advice}", null, status);
    }

    /// <summary>What the hub's refusal means, and the way out.</summary>
    private string? Advice(HttpStatusCode status, string? code) => (status, code) switch
    {
        (HttpStatusCode.Unauthorized, _) when options.Token is null =>
            "there is no such model, or it is private or gated: set HF_TOKEN to a token that may read it",
        (HttpStatusCode.Unauthorized, _) => "the token in HF_TOKEN is not accepted, or there is no such model",
        (HttpStatusCode.Forbidden, _) =>
            $"accept the model's conditions at {options.Endpoint}, and set HF_TOKEN to a token of that account that may read gated models",
        (HttpStatusCode.NotFound, "RevisionNotFound") => "there is no such revision",
        (HttpStatusCode.NotFound, "EntryNotFound") => "there is no such file",
        (HttpStatusCode.NotFound, _) => "there is no such model, or a token is needed to see it (HF_TOKEN)",
        _ => null,
    };

    /// <summary>How long the server asks to wait: <c>Retry-After</c>, or the time to the next window of its <c>RateLimit</c> (an IETF draft).</summary>
    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        RetryConditionHeaderValue? header = response.Headers.RetryAfter;
        TimeSpan? delay = header?.Delta ?? header?.Date - DateTimeOffset.UtcNow
            ?? (RateLimitReset().Match($"{Header(response, "RateLimit")};reset={Header(response, "RateLimit-Reset")}") is { Success: true } match
                ? TimeSpan.FromSeconds(int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture))
                : null);
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }

    [GeneratedRegex(@"\b(?:t|reset)\s*=\s*([0-9]{1,9})\b")]
    private static partial Regex RateLimitReset();
}

/// <summary>A failure that may not recur.</summary>
internal sealed class TransientFailure(string message, HttpStatusCode? status = null, TimeSpan? retryAfter = null, Exception? inner = null)
    : HttpRequestException(message, inner, status)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
