using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;

namespace Data2Vec.Cluster.Serving;

/// <summary>A model on one of the silos that have it. The key is the model's name.</summary>
internal interface IModelGrain : IGrainWithStringKey
{
    [ResponseTimeout("00:05:00")]
    Task<float[][]> EmbedAsync(string[] texts, CancellationToken cancellationToken);
}

/// <summary>Calls run at the same time: the model forms batches of them.</summary>
[NodesWithModel, StatelessWorker(1), Reentrant]
internal sealed class ModelGrain(IServiceProvider services) : Grain, IModelGrain
{
    public Task<float[][]> EmbedAsync(string[] texts, CancellationToken cancellationToken)
        => services.GetRequiredKeyedService<TextModel>(this.GetPrimaryKeyString()).EmbedAsync(texts, cancellationToken: cancellationToken);
}
