using Data2Vec.Text;

namespace Data2Vec.Server.Requests;

/// <summary>A request that cannot be answered. The message is for the client.</summary>
/// <param name="status">The status of the answer.</param>
/// <param name="message">What is wrong, and the way out.</param>
/// <param name="parameter">The field at fault, if there is one.</param>
internal sealed class RequestException(int status, string message, string? parameter = null) : Exception(message)
{
    private const int MostLetters = 100;

    public int Status => status;

    public string? Parameter => parameter;

    /// <summary>A name of the error for programs.</summary>
    public string Code { get; init; } = status switch
    {
        StatusCodes.Status401Unauthorized => "invalid_api_key",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_exceeded",
        StatusCodes.Status500InternalServerError => "internal_error",
        _ => "invalid_request",
    };

    /// <summary>The time after which the client may try again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static RequestException Bad(string message, string? parameter = null) => new(StatusCodes.Status400BadRequest, message, parameter);

    public static RequestException TooLarge(string message, string? parameter = null) => new(StatusCodes.Status413PayloadTooLarge, message, parameter);

    public static RequestException OtherMethod(HttpRequest request) =>
        new(StatusCodes.Status405MethodNotAllowed, $"{Shorten(request.Path)} takes POST, not {request.Method}");

    public static RequestException Busy(TimeSpan wait) => new(
        StatusCodes.Status429TooManyRequests, string.Create(CultureInfo.InvariantCulture, $"the server is busy; a request would wait about {wait.TotalSeconds:0.0} s"))
    {
        RetryAfter = wait,
    };

    /// <summary>What a client is told about an error.</summary>
    /// <returns>Null for an error of the server.</returns>
    public static RequestException? From(Exception error) => error switch
    {
        RequestException known => known,
        QueueFullException full => Busy(full.EstimatedWait),
        TooManyRowsException => TooLarge(WithoutParameter(error.Message)),
        TextTooLongException => TooLarge(WithoutParameter(error.Message)),
        BadHttpRequestException bad => new RequestException(bad.StatusCode, bad.Message),
        InvalidDataException when IO.SizeLimits.AreExceeded(error) => TooLarge(error.Message),
        InvalidDataException => Bad(error.Message),
        ArgumentException => Bad(WithoutParameter(error.Message)),
        ObjectDisposedException => new RequestException(StatusCodes.Status503ServiceUnavailable, "the server is stopping") { Code = "stopping", RetryAfter = TimeSpan.FromSeconds(5) },
        InsufficientMemoryException => new RequestException(StatusCodes.Status503ServiceUnavailable, "there is not enough memory for the request") { Code = "out_of_memory" },
        _ => null,
    };

    /// <summary>Foreign text for a message.</summary>
    public static string Shorten(string text) => text.Length <= MostLetters ? text : $"{text[..MostLetters]}...";

    private static string WithoutParameter(string message) => message.Split(" (Parameter '")[0];
}
