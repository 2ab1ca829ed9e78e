using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Training.Tests;

/// <summary>The instruction sets of this machine, by the width of the registers.</summary>
internal static class Levels
{
    /// <summary>Dot products of bf16 make no difference to training, which is in f32.</summary>
    public static IEnumerable<string> Names =>
        Enum.GetValues<CpuLevel>().Where(level => level <= CpuLevels.Best && level <= CpuLevel.Avx512).Select(level => level.ToString());

    public static TheoryData<string> All => new(Names.ToArray());

    public static CpuBackend Backend(string level, int threads = 2) => new(threads, Enum.Parse<CpuLevel>(level));
}
