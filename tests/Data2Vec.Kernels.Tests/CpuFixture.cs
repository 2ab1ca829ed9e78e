using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Kernels.Tests;

/// <summary>The CPU levels of this machine.</summary>
internal static class CpuFixture
{
    public static TheoryData<string> Levels =>
        new(Enum.GetValues<CpuLevel>().Where(level => level <= CpuLevels.Best).Select(level => level.ToString()).ToArray());

    public static CpuBackend Backend(string level, int threads = 2) => new(threads, Enum.Parse<CpuLevel>(level));
}
