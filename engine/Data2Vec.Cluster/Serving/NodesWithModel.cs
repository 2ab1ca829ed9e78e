using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Data2Vec.Cluster.Serving;

/// <summary>Grains with this attribute run on the silos that have said that they have the model that the grain's key names.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NodesWithModelAttribute() : PlacementFilterAttribute(new NodesWithModel());

internal sealed class NodesWithModel : PlacementFilterStrategy
{
    public NodesWithModel()
        : base(order: 0)
    {
    }
}

#pragma warning disable ORLEANSEXP004 // The data of silos may change in a later version of the framework.
internal sealed class NodesWithModelDirector(ISiloMetadataCache silos) : IPlacementFilterDirector
{
    private const string Prefix = "data2vec-model:";

    /// <summary>What a silo tells about its models.</summary>
    public static Dictionary<string, string> Describe(IEnumerable<string> models) => models.ToDictionary(model => Prefix + model, _ => "");

    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> candidates)
    {
        string key = Prefix + target.GrainIdentity.Key;
        return candidates.Where(silo => silos.GetSiloMetadata(silo).Metadata.ContainsKey(key));
    }
}
#pragma warning restore ORLEANSEXP004
