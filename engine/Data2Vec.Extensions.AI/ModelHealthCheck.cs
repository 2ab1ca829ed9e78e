using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Data2Vec.Extensions.AI;

/// <summary>Loads the registered models when the host starts.</summary>
internal sealed class WarmUp(IServiceProvider provider) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(provider.GetModels().Select(model => model.WarmUpAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Runs a small input through each loaded model.</summary>
internal sealed class ModelHealthCheck(IEnumerable<LazyModel> models) : IHealthCheck
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(3);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        LazyModel[] all = [.. models];
        Finding[] findings = await Task.WhenAll(
            all.Select(model => CheckAsync(model, context.Registration.FailureStatus, cancellationToken))).ConfigureAwait(false);
        var states = new Dictionary<string, object>();
        foreach ((LazyModel model, Finding finding) in all.Zip(findings))
        {
            string name = model.ModelId;
            for (int number = 2; !states.TryAdd(name, finding.State); number++)
            {
                name = $"{model.ModelId} ({number})";
            }
        }

        return new HealthCheckResult(
            findings.Select(finding => finding.Status).Append(HealthStatus.Healthy).Min(),
            string.Join("; ", states.Select(state => $"{state.Key}: {state.Value}")),
            findings.Select(finding => finding.Error).FirstOrDefault(error => error is not null),
            states);
    }

    [SuppressMessage("Design", "CA1031", Justification = "A health check reports any failure.")]
    private static async Task<Finding> CheckAsync(LazyModel model, HealthStatus failureStatus, CancellationToken cancellationToken)
    {
        if (!model.IsLoaded && model.Failure is null)
        {
            return new(HealthStatus.Degraded, "not loaded yet");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_timeout);
        try
        {
            // This retries a model that failed to load.
            float[] vector = await model.ProbeAsync(limit.Token).ConfigureAwait(false);
            return vector.All(float.IsFinite)
                ? new(HealthStatus.Healthy, "ready")
                : new(failureStatus, "its output is not finite");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(HealthStatus.Degraded, $"no answer within {s_timeout.TotalSeconds} seconds");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new(failureStatus, error.Message, error);
        }
    }

    private readonly record struct Finding(HealthStatus Status, string State, Exception? Error = null);
}
