using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Data2Vec.Extensions.AI;

/// <summary>Sends a small input through the models that are loaded.</summary>
internal sealed class ModelHealthCheck(IEnumerable<LazyModel> models) : IHealthCheck
{
    [SuppressMessage("Design", "CA1031", Justification = "A check reports what is wrong.")]
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        HealthStatus status = HealthStatus.Healthy;
        Exception? failure = null;
        var states = new Dictionary<string, object>();
        foreach (LazyModel model in models)
        {
            (HealthStatus found, string state) = (HealthStatus.Degraded, "not loaded yet");
            if (model.IsLoaded || model.Failure is not null)
            {
                try
                {
                    // A model that could not be loaded is tried again.
                    float[] vector = await model.ProbeAsync(cancellationToken).ConfigureAwait(false);
                    (found, state) = vector.All(float.IsFinite)
                        ? (HealthStatus.Healthy, "ready")
                        : (context.Registration.FailureStatus, "gives numbers that are not finite");
                }
                catch (QueueFullException error)
                {
                    state = error.Message;
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    failure = error;
                    (found, state) = (context.Registration.FailureStatus, error.Message);
                }
            }

            states[model.ModelId] = state;
            status = found < status ? found : status;
        }

        return new HealthCheckResult(status, string.Join("; ", states.Select(state => $"{state.Key}: {state.Value}")), failure, states);
    }
}
