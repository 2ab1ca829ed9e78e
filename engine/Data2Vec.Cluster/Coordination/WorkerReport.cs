namespace Data2Vec.Cluster.Coordination;

/// <summary>All that a worker tells the coordinator of its job. Each report is complete, so that a new coordinator learns everything from the next ones.</summary>
[GenerateSerializer, Immutable]
internal sealed record WorkerReport
{
    /// <summary>A random number of the worker.</summary>
    [Id(0)]
    public required Guid Worker { get; init; }

    /// <summary>The silo of the worker's process.</summary>
    [Id(1)]
    public required SiloAddress Silo { get; init; }

    /// <summary>Grows with each report. A report that arrives after a newer one is ignored.</summary>
    [Id(2)]
    public required long Sequence { get; init; }

    /// <summary>The numbers of the shards that the worker runs now.</summary>
    [Id(3)]
    public required int[] Held { get; init; }

    /// <summary>The numbers of the shards whose files the worker has written since its last report that was answered.</summary>
    [Id(4)]
    public required int[] Done { get; init; }

    /// <summary>The numbers of the shards without a file in the output folder, if the coordinator asked for them.</summary>
    [Id(5)]
    public int[]? Open { get; init; }

    /// <summary>Whether the worker wants a shard.</summary>
    [Id(6)]
    public bool Wants { get; init; }
}
