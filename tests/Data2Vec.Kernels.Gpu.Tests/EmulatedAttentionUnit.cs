using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Frontend;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>
/// Tensor core instructions for attention, emulated after the figures of the PTX ISA, for ILGPU's simulated devices with one
/// multiprocessor and warps of 32 threads. ILGPU does not translate external methods; its simulated devices call them.
/// </summary>
internal unsafe struct EmulatedAttentionUnit<TCopies, TFormat> : IAttentionUnit
    where TCopies : struct, ICopyTime
    where TFormat : struct, IFloat16Format
{
    private const float Lowest = -1e30f;

    private static readonly Registers[] s_registers = [.. Enumerable.Range(0, TensorAttentionKernel.Threads).Select(_ => new Registers())];

    /// <summary>The number of bank conflicts of loads, stores and copies.</summary>
    public static int BankConflicts { get; set; }

    private static Registers Mine => s_registers[Group.IdxX];

    private static int Lane => Group.IdxX % 32;

    private static ElementType Type => TFormat.Type;

    [External(nameof(Begin))]
    public static void Begin(ArrayView<float> shared, float scale)
    {
        s_registers[Group.IdxX] = new Registers { Scale = scale };
        Mine.Copies.Begin(shared, TCopies.IsAtOnce);
        Array.Fill(Mine.Highest, Lowest);
    }

    [External(nameof(Copy))]
    public static void Copy(int destination, long source, int rows)
    {
        Mine.Copies.Add(destination, source, rows > 0 ? 16 : 0);
        Mine.Address = destination;
        CountConflicts(16);
    }

    [External(nameof(Commit))]
    public static void Commit() => Mine.Copies.Commit();

    [External(nameof(WaitForAllButOne))]
    public static void WaitForAllButOne() => Mine.Copies.Wait(1);

    [External(nameof(LoadQueries))]
    public static void LoadQueries(int sixteen, int address) => LoadMatrices(address, Mine.Queries[sixteen], isTransposed: false);

    [External(nameof(LoadSlope))]
    public static void LoadSlope(long address) => Mine.Slope = *(float*)address;

    [External(nameof(Scores))]
    public static void Scores(int step, int queries, int features, bool hasTable, int address)
    {
        for (int i = 0; i < 64 && step == 0; i++)
        {
            Mine.Scores[i] = hasTable ? Mine.Scores[i] / Mine.Scale : 0;
        }

        for (int pair = 0; pair < 256 / features; pair++)
        {
            LoadMatrices(address + 2048 * pair, Mine.Right, isTransposed: false);
            Multiply(registers => registers.Queries[step], Mine.Scores, 2 * pair);
            if (queries == 32)
            {
                Multiply(registers => registers.Queries[4 + step], Mine.Scores, 8 + 2 * pair);
            }

            Warp.Barrier();
        }
    }

    [External(nameof(LoadTable))]
    public static void LoadTable(int sixteen, int queries, long table, int row0, int row8, int row16, int row24, int keys)
    {
        for (int i = 0; i < queries / 2; i++)
        {
            int eight = 2 * sixteen + i / 4 % 2;
            long pair = table + (uint)((i / 8 * 2 + i % 4 / 2) switch { 0 => row0, 1 => row8, 2 => row16, _ => row24 }) + 32 * eight;
            if (pair % 8 != 0)
            {
                throw new InvalidOperationException("A pair is not aligned.");
            }

            if (keys > 8 * eight)
            {
                Mine.Scores[i / 8 * 32 + eight * 4 + i % 4] = ((float*)pair)[i % 2];
            }
        }
    }

    [External(nameof(ScaleQueries))]
    public static void ScaleQueries(int queries, int features, float scale)
    {
        float power = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(scale) & 0x7F800000);
        foreach ((float First, float Second)[] matrices in Mine.Queries)
        {
            for (int i = 0; i < 4; i++)
            {
                matrices[i] = (Nearest(matrices[i].First * power), Nearest(matrices[i].Second * power));
            }
        }

        Mine.Scale = scale / power;
    }

    [External(nameof(AddSlopes))]
    public static void AddSlopes(int part, int features, float distance)
    {
        for (int i = 0; i < 2048 / features; i++)
        {
            Mine.Scores[32 * part + i] -= Mine.Slope / Mine.Scale * Math.Abs(distance + i % 4 / 2 * 8 - i / 4 * 8 - i % 2);
        }
    }

    [External(nameof(Mask))]
    public static void Mask(int queries, int features, int keys)
    {
        for (int i = 0; i < 64; i++)
        {
            if (keys <= i % 32 / 4 * 8 + i % 2)
            {
                Mine.Scores[i] = Lowest;
            }
        }
    }

    [External(nameof(Rescale))]
    public static void Rescale(int queries, int features)
    {
        // The quads' greatest are exchanged in two steps, as shfl.bfly does.
        for (int row = 0; row < queries / 8; row++)
        {
            Mine.Exchanged[row] = Mine.Highest[row];
            for (int i = 0; i < 2048 / features; i++)
            {
                if (i % 4 / 2 == row % 2)
                {
                    Mine.Exchanged[row] = Math.Max(Mine.Exchanged[row], Mine.Scores[row / 2 * 32 + i]);
                }
            }
        }

        Exchange(Math.Max);
        Mine.IsHigher = Enumerable.Range(0, queries / 8).Any(row => (Mine.Highest[row] - Mine.Exchanged[row]) * Mine.ScaleOfPowers < -8);
        Warp.Barrier();
        bool isAnyHigher = Enumerable.Range(0, 32).Any(lane => OfLane(lane).IsHigher);
        Warp.Barrier();
        if (isAnyHigher)
        {
            for (int row = 0; row < 4; row++)
            {
                Mine.Decay[row] = Exp2((Mine.Highest[row] - Mine.Exchanged[row]) * Mine.ScaleOfPowers);
                Mine.Highest[row] = Mine.Exchanged[row];
                Mine.Total[row] *= Mine.Decay[row];
            }

            ScaleSums(queries);
        }
    }

    [External(nameof(Weigh))]
    public static void Weigh(int sixteen, int queries)
    {
        for (int part = 0; part < queries / 16; part++)
        {
            for (int i = 0; i < 8; i++)
            {
                int row = 2 * part + i % 4 / 2;
                float weight = Exp2((Mine.Scores[32 * part + 8 * sixteen + i] - Mine.Highest[row]) * Mine.ScaleOfPowers);
                Mine.Total[row] += weight;
                ref (float First, float Second) pair = ref Mine.Weights[part][i / 2];
                if (i % 2 == 0)
                {
                    pair.First = Nearest(weight);
                }
                else
                {
                    pair.Second = Nearest(weight);
                }
            }
        }
    }

    [External(nameof(AddValues))]
    public static void AddValues(int queries, int half, int address0, int address1, int address2, int address3, int offset)
    {
        for (int pair = 0; pair < 4; pair++)
        {
            int address = pair switch { 0 => address0, 1 => address1, 2 => address2, _ => address3 };
            LoadMatrices(address + offset, Mine.Right, isTransposed: true);
            Multiply(registers => registers.Weights[0], Mine.Sums, 2 * pair + 8 * half);
            if (queries == 32)
            {
                Multiply(registers => registers.Weights[1], Mine.Sums, 8 + 2 * pair);
            }

            Warp.Barrier();
        }
    }

    [External(nameof(Finish))]
    public static void Finish(int queries, int features)
    {
        Mine.Total.CopyTo(Mine.Exchanged, 0);
        Exchange((a, b) => a + b);
        for (int row = 0; row < 4; row++)
        {
            Mine.Decay[row] = 1 / Mine.Exchanged[row];
        }

        ScaleSums(queries);
    }

    [External(nameof(Store))]
    public static void Store(int part, int address)
    {
        ArrayView<ushort> shared = Mine.Copies.Shared.Cast<ushort>();
        for (int eight = 0; eight < 8; eight++)
        {
            Mine.Address = address ^ 16 * eight;
            CountConflicts(4);
            for (int i = 0; i < 4; i++)
            {
                shared[(Mine.Address + i / 2 * 1024) / 2 + i % 2] = StoredNumbers.Round(Mine.Sums[(8 * part + eight) * 4 + i], Type);
            }
        }
    }

    [External(nameof(Write))]
    public static void Write(long destination, int source)
    {
        if (destination % 16 != 0 || source % 16 != 0)
        {
            throw new InvalidOperationException("A store is not aligned.");
        }

        for (int i = 0; i < 16; i++)
        {
            ((byte*)destination)[i] = Mine.Copies.Shared.Cast<byte>()[source + i];
        }
    }

    private static float Nearest(float value) => StoredNumbers.Widen(StoredNumbers.Round(value, Type), Type);

    private static float Exp2(float value) => (float)Math.Pow(2, value);

    private static Registers OfLane(int lane) => s_registers[Group.IdxX / 32 * 32 + lane];

    /// <summary>ldmatrix: four 8 x 8 matrices; each thread gives the address of a row.</summary>
    private static void LoadMatrices(int address, (float First, float Second)[] matrices, bool isTransposed)
    {
        Mine.Address = address;
        Warp.Barrier();
        for (int matrix = 0; matrix < 4; matrix++)
        {
            int row = Lane / 4, column = Lane % 4 * 2;
            matrices[matrix] = isTransposed
                ? (Element(matrix, column, row), Element(matrix, column + 1, row))
                : (Element(matrix, row, column), Element(matrix, row, column + 1));
        }

        CountConflictsAtBarrier(16);
        Warp.Barrier();
    }

    /// <summary>Two mma: a left side of 16 x 16 and the loaded right side of 16 columns.</summary>
    private static void Multiply(Func<Registers, (float First, float Second)[]> left, float[] sums, int block)
    {
        for (int i = 0; i < 8; i++)
        {
            int m = Lane / 4 + i % 4 / 2 * 8, n = Lane % 4 * 2 + i % 2;
            for (int k = 0; k < 16; k += 2)
            {
                (float First, float Second) a = left(OfLane(m % 8 * 4 + k % 8 / 2))[m / 8 + k / 8 * 2];
                (float First, float Second) b = OfLane(n * 4 + k % 8 / 2).Right[i / 4 * 2 + k / 8];
                sums[block * 4 + i] += a.First * b.First + a.Second * b.Second;
            }
        }
    }

    /// <summary>Reduces the numbers of the four threads of a quad.</summary>
    private static void Exchange(Func<float, float, float> together)
    {
        for (int mask = 1; mask <= 2; mask *= 2)
        {
            Warp.Barrier();
            float[] others = [.. OfLane(Lane ^ mask).Exchanged];
            Warp.Barrier();
            for (int row = 0; row < 4; row++)
            {
                Mine.Exchanged[row] = together(Mine.Exchanged[row], others[row]);
            }
        }
    }

    private static void ScaleSums(int queries)
    {
        for (int i = 0; i < 64; i++)
        {
            Mine.Sums[i] *= Mine.Decay[(queries == 32 ? i / 32 * 2 : 0) + i % 4 / 2];
        }
    }

    /// <summary>An element of an 8 x 8 matrix whose rows are at the threads' addresses.</summary>
    private static float Element(int matrix, int row, int column)
    {
        return StoredNumbers.Widen(Mine.Copies.Shared.Cast<ushort>()[OfLane(8 * matrix + row).Address / 2 + column], Type);
    }

    /// <summary>Counts a conflict if two threads of a 128-byte access use the same bank.</summary>
    private static void CountConflicts(int bytes)
    {
        Warp.Barrier();
        CountConflictsAtBarrier(bytes);
        Warp.Barrier();
    }

    private static void CountConflictsAtBarrier(int bytes)
    {
        int together = 128 / bytes;
        if (Lane % together == 0 && Enumerable.Range(Lane, together).Select(other => OfLane(other).Address / bytes % together).Distinct().Count() < together)
        {
            BankConflicts++;
        }
    }

    /// <summary>The registers of a thread.</summary>
    private sealed class Registers
    {
        public EmulatedCopies Copies { get; } = new();

        public float Scale { get; set; }

        public float ScaleOfPowers => Scale * MathF.Log2(MathF.E);

        public float Slope { get; set; }

        public int Address { get; set; }

        public bool IsHigher { get; set; }

        public (float First, float Second)[][] Queries { get; } = [.. Enumerable.Range(0, 8).Select(_ => new (float, float)[4])];

        public (float First, float Second)[][] Weights { get; } = [new (float, float)[4], new (float, float)[4]];

        public (float First, float Second)[] Right { get; } = new (float, float)[4];

        public float[] Scores { get; } = new float[64];

        public float[] Sums { get; } = new float[64];

        public float[] Highest { get; } = new float[4];

        public float[] Total { get; } = new float[4];

        public float[] Decay { get; } = new float[4];

        public float[] Exchanged { get; } = new float[4];
    }
}
