using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Answers;

/// <summary>Writes errors in OpenAI's shape.</summary>
internal static class ErrorAnswer
{
    public static async Task WriteAsync(HttpResponse response, RequestException error)
    {
        response.Clear();
        response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, 3600).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (error.Status == StatusCodes.Status405MethodNotAllowed)
        {
            response.Headers.Allow = HttpMethods.Post;
        }

        await using var answer = new JsonAnswer(response.HttpContext);
        answer.Json.WriteStartObject();
        answer.Json.WriteStartObject("error");
        answer.Json.WriteString("message", error.Message);
        answer.Json.WriteString("type", error.Status switch
        {
            StatusCodes.Status401Unauthorized => "authentication_error",
            StatusCodes.Status429TooManyRequests => "rate_limit_error",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        });
        answer.Json.WriteString("param", error.Parameter);
        answer.Json.WriteString("code", error.Code);
        answer.Json.WriteEndObject();
        answer.Json.WriteEndObject();
    }
}
