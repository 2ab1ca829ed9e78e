namespace Data2Vec.Server.Models;

/// <summary>
/// Loads the models while the server already answers probes, and stops the application if one cannot be loaded. When the application stops, the server is not ready
/// first, and goes on for a while before it stops listening.
/// </summary>
internal sealed partial class ModelLoading(ModelCatalog catalog, ServerState state, Data2VecServerOptions options, ILogger<ModelLoading> logger) : BackgroundService, IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        catalog.IsStopping = true;
        await Task.Delay(options.StopDelay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // loading must not delay the start of the host
        ReserveThreads();
        foreach (ServedModel model in catalog.All)
        {
            try
            {
                await Task.Run(() => model.LoadAsync(stoppingToken), stoppingToken).ConfigureAwait(false);
                Loaded(model.Id);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                CannotLoad(model.Id, error.Message);
                state.Fail(error);
                throw;
            }
        }

        state.Start();
    }

    /// <summary>Batches, decoders and tokenizers keep threads of the pool busy. Probes and refusals must not wait until the pool notices.</summary>
    private void ReserveThreads()
    {
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, 2 * catalog.All.Count + 4 * Environment.ProcessorCount), ports);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model '{Id}' is loaded")]
    private partial void Loaded(string id);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Model '{Id}' cannot be loaded: {Problem}")]
    private partial void CannotLoad(string id, string problem);
}
