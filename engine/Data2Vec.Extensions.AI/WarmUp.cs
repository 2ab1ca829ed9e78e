using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Data2Vec.Extensions.AI;

/// <summary>Loads the registered models when the host starts.</summary>
internal sealed class WarmUp(IServiceProvider provider) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(provider.GetModels().Select(model => model.WarmUpAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
