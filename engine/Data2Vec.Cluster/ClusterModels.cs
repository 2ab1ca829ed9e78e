using Data2Vec.Cluster.Serving;

namespace Data2Vec.Cluster;

/// <summary>The text models of all nodes of a cluster, see <see cref="Data2VecClusterOptions.Models"/>. A service of the host.</summary>
public sealed class ClusterModels
{
    private readonly IGrainFactory _grains;

    internal ClusterModels(IGrainFactory grains) => _grains = grains;

    /// <summary>The vectors of texts, from this node if it has the model, otherwise from one that has.</summary>
    /// <param name="model">The name of the model.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>A vector for each text, with the bits that the model gives on its node.</returns>
    /// <exception cref="ModelUnavailableException">No node has the model, or the one that had it was lost. A server answers 503.</exception>
    public async Task<float[][]> EmbedAsync(string model, IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(model);
        ArgumentNullException.ThrowIfNull(texts);
        try
        {
            return await _grains.GetGrain<IModelGrain>(model).EmbedAsync([.. texts], cancellationToken).ConfigureAwait(false);
        }
        catch (OrleansException e)
        {
            throw new ModelUnavailableException(
                e is SiloUnavailableException ? $"The node with the model '{model}' was lost during the call." : $"No node of the cluster has the model '{model}'.", e);
        }
    }
}
