using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Data2Vec.Server.Answers;
using Data2Vec.Server.Limits;
using Data2Vec.Server.Observability;
using Data2Vec.Server.Requests;
using Data2Vec.Server.Security;

namespace Data2Vec.Server.Endpoints;

/// <summary>What all requests have in common: the key, the size of the body, the errors, the measurements.</summary>
internal sealed partial class RequestRunner(ApiKeys keys, BodyReader bodies, ServerMetrics metrics, ILogger<RequestRunner> logger)
{
    private const int ClientClosedRequest = 499; // nobody reads it but the metrics

    /// <summary>The handler of a route.</summary>
    /// <param name="route">The route, for the measurements.</param>
    /// <param name="handle">Answers a request, or throws.</param>
    public RequestDelegate For(string route, Func<HttpContext, Task> handle) => async context =>
    {
        long start = Stopwatch.GetTimestamp();
        metrics.Begin(route);
        try
        {
            await RunAsync(context, handle).ConfigureAwait(false);
        }
        finally
        {
            metrics.End(route, context.Response.StatusCode, Stopwatch.GetElapsedTime(start));
        }
    };

    [SuppressMessage("Design", "CA1031", Justification = "Every error becomes an answer.")]
    private async Task RunAsync(HttpContext context, Func<HttpContext, Task> handle)
    {
        try
        {
            keys.Require(context);
            bodies.Begin(context);
            await handle(context).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = ClientClosedRequest;
            }
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            if (RequestException.From(error) is not { } known)
            {
                Failed(context.Request.Path, error);
                known = new RequestException(StatusCodes.Status500InternalServerError, "the server failed; its log says why");
            }

            await ErrorAnswer.WriteAsync(context.Response, known).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Failed(context.Request.Path, error);
            context.Abort(); // the answer is incomplete, and the client must know
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A request to {Path} failed")]
    private partial void Failed(PathString path, Exception error);
}
