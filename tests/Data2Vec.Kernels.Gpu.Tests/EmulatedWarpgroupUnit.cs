using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Frontend;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>
/// Warpgroup instructions, emulated after the PTX ISA: ownership of sums, fields of matrix descriptors, swizzling of 128-byte lines. For ILGPU's simulated devices with one multiprocessor and warps of 32 threads.
/// </summary>
internal struct EmulatedWarpgroupUnit<TCopies, TFormat> : IWarpgroupUnit
    where TCopies : struct, ICopyTime
    where TFormat : struct, IFloat16Format
{
    /// <summary>Distances in a descriptor, in bytes: of eight lines, and of 64 columns.</summary>
    private const int Stride = 1024, Leading = 8192;

    private static readonly Registers[] s_registers = [.. Enumerable.Range(0, 512).Select(_ => new Registers())];

    private static Registers Mine => s_registers[Group.IdxX];

    [External(nameof(Begin))]
    public static void Begin(ArrayView<float> shared)
    {
        Mine.Copies.Begin(shared, TCopies.IsAtOnce);
        Array.Clear(Mine.Sums);
        Mine.Products.Clear();
    }

    [External(nameof(Prefetch))]
    public static void Prefetch(long address)
    {
    }

    [External(nameof(Copy))]
    public static void Copy(int destination, long source, int count) => Mine.Copies.Add(destination, source, count);

    [External(nameof(Commit))]
    public static void Commit() => Mine.Copies.Commit();

    [External(nameof(WaitForCopies))]
    public static void WaitForCopies(int groups) => Mine.Copies.Wait(groups);

    [External(nameof(Multiply))]
    public static void Multiply(int columns, int left, int right)
    {
        Mine.Products.Enqueue((columns, left, right));
        if (TCopies.IsAtOnce)
        {
            DoProducts(0);
        }
    }

    [External(nameof(WaitForProducts))]
    public static void WaitForProducts(int count) => DoProducts(count);

    [External(nameof(Store))]
    public static void Store(int part, int upper, int lower)
    {
        if (Mine.Products.Count > 0)
        {
            throw new InvalidOperationException("Sums are stored that are not waited for.");
        }

        ArrayView<float> shared = Mine.Copies.Shared;
        for (int n = 0; n < 8; n++)
        {
            for (int i = 0; i < 4; i++)
            {
                shared[(i < 2 ? upper : lower) / 4 + 8 * n + i % 2] = Mine.Sums[32 * part + 4 * n + i];
            }
        }
    }

    /// <summary>Executes all but the last products, as late as possible.</summary>
    private static void DoProducts(int left)
    {
        while (Mine.Products.Count > left)
        {
            (int columns, int leftAt, int rightAt) = Mine.Products.Dequeue();
            if (leftAt % Stride != 0 || rightAt % Stride != 0)
            {
                throw new InvalidOperationException("A matrix does not begin at an atom.");
            }

            ArrayView<ushort> shared = Mine.Copies.Shared.Cast<ushort>();
            int lane = Group.IdxX % 32, warp = Group.IdxX / 32 % 4;
            for (int k = 0; k < 64; k++)
            {
                // The left side's chunks lie along the depth, and the descriptor moves with them; the right side's along the columns.
                int upper = 16 * warp + lane / 4;
                float first = Number(shared, leftAt + upper / 8 * Stride + upper % 8 * 128 + 2 * k);
                float second = Number(shared, leftAt + (upper / 8 + 1) * Stride + upper % 8 * 128 + 2 * k);
                for (int n = 0; n < columns / 8; n++)
                {
                    for (int i = 0; i < 2; i++)
                    {
                        int column = 8 * n + lane % 4 * 2 + i;
                        float right = Number(shared, rightAt + column / 64 * Leading + k / 8 * Stride + k % 8 * 128 + column % 64 * 2);
                        Mine.Sums[4 * n + i] += first * right;
                        Mine.Sums[4 * n + 2 + i] += second * right;
                    }
                }
            }
        }
    }

    /// <summary>A number of a swizzled matrix: bits 7 to 9 of the address are xored into bits 4 to 6.</summary>
    private static float Number(ArrayView<ushort> shared, int place) =>
        StoredNumbers.Widen(shared[(place ^ (place >> 7 & 7) << 4) / 2], TFormat.Type);

    /// <summary>The registers of a thread.</summary>
    private sealed class Registers
    {
        public EmulatedCopies Copies { get; } = new();

        public Queue<(int Columns, int Left, int Right)> Products { get; } = [];

        public float[] Sums { get; } = new float[96];
    }
}
