namespace Data2Vec.Kernels.Cpu;

/// <summary>The processor: SIMD kernels of the widest kind it has, on a team of threads.</summary>
public sealed class CpuBackend : Backend
{
    private readonly CpuLevel _level;
    private readonly ThreadTeam _team;

    /// <summary>The processor with some of its cores.</summary>
    /// <param name="threads">The number of threads, the caller's included; 0 for one a core.</param>
    /// <exception cref="NotSupportedException">The variable DATA2VEC_CPU asks for what this machine does not have.</exception>
    public CpuBackend(int threads = 0)
        : this(threads, CpuLevels.Chosen())
    {
    }

    internal CpuBackend(int threads, CpuLevel level)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        _level = level;
        _team = ThreadTeam.Of(threads == 0 ? Environment.ProcessorCount : threads);
    }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    public override string Description => $"CPU, {_level switch
    {
        CpuLevel.Avx512Dot => "AVX-512 with dot products of bf16 and bytes",
        CpuLevel.Avx512 => "AVX-512",
        CpuLevel.Avx2 => "AVX2",
        _ => "128-bit vectors",
    }}, {_team.Threads} {(_team.Threads == 1 ? "thread" : "threads")}";

    /// <inheritdoc/>
    public override WeightStore CreateStore() => new CpuStore(_level, _team);
}
