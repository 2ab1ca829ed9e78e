namespace Data2Vec.Kernels.Cpu;

/// <summary>The processor, with its widest SIMD instructions, on a team of threads.</summary>
public sealed class CpuBackend : Backend
{
    private readonly CpuLevel _level;
    private readonly ThreadTeam _team;

    /// <summary>Creates a backend.</summary>
    /// <param name="threads">The number of threads, the caller's included; 0 for one per core.</param>
    /// <exception cref="NotSupportedException">The environment variable DATA2VEC_CPU has an unknown level, or one that this machine does not have.</exception>
    public CpuBackend(int threads = 0)
        : this(threads, CpuLevels.Choose())
    {
    }

    internal CpuBackend(int threads, CpuLevel level)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        _level = level;
        _team = ThreadTeam.Shared(threads == 0 ? Environment.ProcessorCount : threads);
    }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    public override string Description => $"CPU, {_level switch
    {
        CpuLevel.Avx512Dot => "AVX-512 with dot products of bf16 and integers",
        CpuLevel.Avx512Vnni => "AVX-512 with dot products of integers",
        CpuLevel.Avx512 => "AVX-512",
        CpuLevel.Avx2 => "AVX2",
        _ => "128-bit vectors",
    }}, {_team.Threads} {(_team.Threads == 1 ? "thread" : "threads")}";

    /// <inheritdoc/>
    public override WeightStore CreateStore() => new CpuStore(_level, _team);
}
