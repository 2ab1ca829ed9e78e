using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Frontend;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>When asynchronous copies of <see cref="EmulatedTensorUnit{TCopies, TNumbers}"/> run.</summary>
internal interface ICopyTime
{
    static abstract bool IsAtOnce { get; }
}

internal struct AtOnce : ICopyTime
{
    public static bool IsAtOnce => true;
}

internal struct WhenWaitedFor : ICopyTime
{
    public static bool IsAtOnce => false;
}

/// <summary>
/// Tensor core instructions for products, emulated after the figures of the PTX ISA, for ILGPU's simulated devices with one
/// multiprocessor and warps of 32 threads, one device at a time: tests that use it are in the collection <c>emulated tensor unit</c>. ILGPU does not
/// translate external methods; its simulated devices call them.
/// </summary>
internal struct EmulatedTensorUnit<TCopies, TNumbers> : ITensorUnit
    where TCopies : struct, ICopyTime
    where TNumbers : struct, IPacked4
{
    private static readonly Registers[] s_registers = [.. Enumerable.Range(0, TensorKernel.Threads).Select(_ => new Registers())];

    /// <summary>The number of bank conflicts of loads.</summary>
    public static int BankConflicts { get; set; }

    private static Registers Mine => s_registers[Group.IdxX];

    [External(nameof(Begin))]
    public static void Begin(ArrayView<float> shared)
    {
        Mine.Copies.Begin(shared, TCopies.IsAtOnce);
        Array.Clear(Mine.Sums);
    }

    [External(nameof(Copy))]
    public static void Copy(int destination, long source, int count) => Mine.Copies.Add(destination, source, count);

    [External(nameof(Commit))]
    public static void Commit() => Mine.Copies.Commit();

    [External(nameof(WaitForAllButOne))]
    public static void WaitForAllButOne() => Mine.Copies.Wait(1);

    [External(nameof(WaitForAll))]
    public static void WaitForAll() => Mine.Copies.Wait(0);

    [External(nameof(LoadRight))]
    public static void LoadRight(int column, int address, int pitch)
    {
        Mine.Address = address;
        Warp.Barrier();
        if (TNumbers.Bytes == 4)
        {
            for (int i = 0; i < 4; i++)
            {
                Mine.Right[4 * column + i] = (Mine.Copies.Shared[((address ^ i / 2 * 32) + i % 2 * 4 * pitch) / 4], 0);
            }

            if (Group.IdxX % 32 == 0 && Enumerable.Range(0, 32).Select(lane => OfLane(lane).Address / 4 % 32).Distinct().Count() < 32)
            {
                BankConflicts++;
            }
        }
        else
        {
            for (int matrix = 0; matrix < 4; matrix++)
            {
                int lane = Group.IdxX % 32;
                Mine.Right[4 * column + matrix] = (Short(matrix, lane % 4 * 2, lane / 4), Short(matrix, lane % 4 * 2 + 1, lane / 4));
            }

            CountConflicts();
        }

        Warp.Barrier();
    }

    [External(nameof(MultiplyAdd))]
    public static void MultiplyAdd(int row, int columns, int address)
    {
        int lane = Group.IdxX % 32;
        Mine.Address = address;
        Warp.Barrier();
        for (int matrix = 0; matrix < 4; matrix++)
        {
            Mine.Left[matrix] = TNumbers.Bytes == 4
                ? (StoredNumbers.RoundToTf32(Mine.Copies.Shared[OfLane(8 * matrix + lane / 4).Address / 4 + lane % 4]), 0)
                : (Short(matrix, lane / 4, lane % 4 * 2), Short(matrix, lane / 4, lane % 4 * 2 + 1));
        }

        CountConflicts();
        Warp.Barrier();
        for (int n = 0; n < columns / 8; n++)
        {
            for (int i = 0; i < 4; i++)
            {
                int m = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
                for (int k = 0; k < 8; k++)
                {
                    (float First, float Second) left = OfLane(m % 8 * 4 + k % 4).Left[m / 8 + k / 4 * 2];
                    (float First, float Second) right = OfLane(column * 4 + k % 4).Right[2 * n + k / 4];
                    Mine.Sums[(row * 8 + n) * 4 + i] += left.First * right.First + left.Second * right.Second;
                }
            }
        }

        Warp.Barrier();
    }

    [External(nameof(Store))]
    public static void Store(int row, int columns, int upper, int lower)
    {
        ArrayView<float> shared = Mine.Copies.Shared;
        for (int n = 0; n < columns / 8; n++)
        {
            for (int i = 0; i < 4; i++)
            {
                shared[(i < 2 ? upper : lower) / 4 + 8 * n + i % 2] = Mine.Sums[(row * 8 + n) * 4 + i];
            }
        }
    }

    private static Registers OfLane(int lane) => s_registers[Group.IdxX / 32 * 32 + lane];

    /// <summary>An element of an 8 x 8 matrix whose rows are at the threads' addresses.</summary>
    private static float Short(int matrix, int row, int column) =>
        StoredNumbers.Widen(Mine.Copies.Shared.Cast<ushort>()[OfLane(8 * matrix + row).Address / 2 + column], TNumbers.Type);

    private static void CountConflicts()
    {
        int lane = Group.IdxX % 32;
        if (lane % 8 == 0 && Enumerable.Range(lane, 8).Select(other => OfLane(other).Address / 16 % 8).Distinct().Count() < 8)
        {
            BankConflicts++;
        }
    }

    /// <summary>The registers of a thread.</summary>
    private sealed class Registers
    {
        public EmulatedCopies Copies { get; } = new();

        public int Address { get; set; }

        public (float First, float Second)[] Left { get; } = new (float, float)[4];

        public (float First, float Second)[] Right { get; } = new (float, float)[16];

        public float[] Sums { get; } = new float[4 * 8 * 4];
    }
}
