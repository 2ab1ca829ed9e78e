using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Data2Vec.Extensions.AI;

/// <summary>Sends a small input through the models that are loaded.</summary>
internal sealed class ModelHealthCheck(IEnumerable<LazyModel> models) : IHealthCheck
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

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

    [SuppressMessage("Design", "CA1031", Justification = "A check reports what is wrong.")]
    private static async Task<Finding> CheckAsync(LazyModel model, HealthStatus failureStatus, CancellationToken cancellationToken)
    {
        if (!model.IsLoaded && model.Failure is null)
        {
            return new(HealthStatus.Degraded, "not loaded yet");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        try
        {
            // A model that could not be loaded is tried again.
            float[] vector = await model.ProbeAsync(limit.Token).ConfigureAwait(false);
            return vector.All(float.IsFinite)
                ? new(HealthStatus.Healthy, "ready")
                : new(failureStatus, "gives numbers that are not finite");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(HealthStatus.Degraded, $"no answer within {s_patience.TotalSeconds} seconds");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new(failureStatus, error.Message, error);
        }
    }

    private readonly record struct Finding(HealthStatus Status, string State, Exception? Error = null);
}
