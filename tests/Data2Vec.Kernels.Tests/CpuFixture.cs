using System.Runtime.InteropServices;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Kernels.Tests;

/// <summary>The levels of this machine, and weights in memory that stays until the process ends.</summary>
internal static unsafe class CpuFixture
{
    public static TheoryData<string> Levels =>
        new(Enum.GetValues<CpuLevel>().Where(level => level <= CpuLevels.Best).Select(level => level.ToString()).ToArray());

    public static CpuBackend Backend(string level, int threads = 2) => new(threads, Enum.Parse<CpuLevel>(level));

    public static float[] Numbers(int seed, int count, float scale = 1f)
    {
        var random = new Random(seed);
        var numbers = new float[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = scale * (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2;
        }

        return numbers;
    }

    public static WeightData Weight(float[] values, params int[] shape)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)(values.Length * sizeof(float) + 64), 64);
        values.CopyTo(new Span<float>(memory, values.Length));
        return new WeightData((nint)memory, ElementType.F32, WeightLayout.Rows, shape);
    }

    public static float[] Download(Inference run, Tensor x)
    {
        var values = new float[x.Rows * x.Columns];
        run.Download(x, values);
        return values;
    }

    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double bound)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]), $"element {i} is {actual[i]}");
            worst = Math.Max(worst, Math.Abs(expected[i] - actual[i]));
        }

        Assert.True(worst <= bound, $"largest difference {worst}");
    }
}
