namespace Data2Vec.Bench;

/// <summary>The workloads that are compared with other programs on the CPU.</summary>
internal static class CpuWorkloads
{
    /// <summary>Those of random models, and of all-MiniLM-L6-v2.</summary>
    public static IReadOnlyList<Workload> All { get; } = [.. Workload.All, MiniLmWorkload.Of(1, 32), MiniLmWorkload.Of(64, 32), MiniLmWorkload.Of(1, 128)];
}
