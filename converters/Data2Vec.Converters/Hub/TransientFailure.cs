using System.Net;

namespace Data2Vec.Converters.Hub;

/// <summary>A failure that may be gone at the next attempt.</summary>
/// <param name="message">What failed.</param>
/// <param name="status">The server's answer, if there was one.</param>
/// <param name="retryAfter">How long the server asks to wait.</param>
/// <param name="inner">What it came from.</param>
internal sealed class TransientFailure(string message, HttpStatusCode? status = null, TimeSpan? retryAfter = null, Exception? inner = null)
    : HttpRequestException(message, inner, status)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
