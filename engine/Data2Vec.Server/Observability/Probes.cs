using Data2Vec.Server.Models;

namespace Data2Vec.Server.Observability;

/// <summary>
/// Three different questions. Live: is the process worth keeping? Started: were all models loaded once? Ready: should requests come here now?
/// A server that loads its models is live and not ready; one that stops is live and no longer ready.
/// </summary>
internal sealed class Probes(ModelCatalog catalog, Data2VecServerOptions options)
{
    public Task LiveAsync(HttpContext context) => AnswerAsync(context, Hanging());

    public Task StartedAsync(HttpContext context) => AnswerAsync(context, catalog.IsStarted ? null : Loading());

    public Task ReadyAsync(HttpContext context) => AnswerAsync(context, catalog.IsStopping ? "stopping" : !catalog.IsStarted ? Loading() : Hanging());

    private string Loading() => $"loading {string.Join(", ", catalog.All.Where(model => !model.IsReady).Select(model => model.Id))}";

    private string? Hanging() => catalog.All.FirstOrDefault(model => model.BusyFor > options.HangTime) is { } hanging
        ? FormattableString.Invariant($"{hanging.Id} has been at one batch for {hanging.BusyFor.TotalSeconds:0} s")
        : null;

    private static Task AnswerAsync(HttpContext context, string? problem)
    {
        context.Response.StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(problem ?? "ok", context.RequestAborted);
    }
}
