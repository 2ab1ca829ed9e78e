namespace Data2Vec.Cluster.Coordination;

/// <summary>What a worker does next. Neither a shard nor a scan: it waits and asks again.</summary>
/// <param name="Shard">The number of the shard to run, or null.</param>
/// <param name="Scan">Whether the worker looks into the output folder for shards that are not done, and reports them.</param>
[GenerateSerializer, Immutable]
internal readonly record struct CoordinatorAnswer([property: Id(0)] int? Shard, [property: Id(1)] bool Scan);
