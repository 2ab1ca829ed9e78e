using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Data2Vec.Kernels.Cpu.Dot;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// Lays the keys of one sequence and head out as panels of 32 keys, as matrix tiles read their right side. They are floats, or units of bf16.
/// </summary>
internal unsafe struct PackKeysJob<S, V>(Tensor key, Sequences sequences, int heads, float* packed) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    private const int RowsAhead = 4;

    /// <summary>Floats that the packed keys of a sequence take, all heads together.</summary>
    public static long Size(int length, int columns) => (long)columns * Padded(length);

    public static int Padded(int length) => (length + PanelLayout.Width - 1) / PanelLayout.Width * PanelLayout.Width;

    public readonly void Run(int task)
    {
        int sequence = task / heads;
        int head = task % heads;
        int size = key.Columns / heads;
        int length = sequences.Length(sequence);
        float* destination = packed + Offset(sequence) + (long)head * size * Padded(length);
        for (int panel = 0; panel < length; panel += PanelLayout.Width)
        {
            for (int column = 0; column < PanelLayout.Width; column++)
            {
                if (panel + column < length)
                {
                    float* source = key.Row(sequences.Start(sequence) + panel + column) + head * size;
                    Prefetch(source + RowsAhead * key.Stride, size);
                    for (int i = 0; i < size; i++)
                    {
                        destination[i * PanelLayout.Width + column] = source[i];
                    }
                }
                else
                {
                    for (int i = 0; i < size; i++)
                    {
                        destination[i * PanelLayout.Width + column] = 0;
                    }
                }
            }

            destination += size * PanelLayout.Width;
        }
    }

    /// <summary>A head's part of a row lies pages from the next one's: the hardware does not foresee it.</summary>
    private static void Prefetch(float* row, int size)
    {
        for (int i = 0; i < size; i += S.Width)
        {
            S.Prefetch(row + i);
        }
    }

    private readonly long Offset(int sequence)
    {
        long offset = 0;
        for (int i = 0; i < sequence; i++)
        {
            offset += Size(sequences.Length(i), key.Columns);
        }

        return offset;
    }
}

/// <summary>
/// Attention of one block of queries of one head: runs along the keys, some at a time, and keeps for each query the
/// greatest score so far, the sum of the exponentials and the weighted sum of the values (Milakov and Gimelshein 2018).
/// </summary>
internal unsafe struct AttentionJob<S, V> : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>Keys at a time: their scores for one tile of queries stay in the first-level cache.</summary>
    private const int KeyBlock = 256;

    public const int LargestHead = 256;

    public AttentionBlock* Blocks;
    public int Heads;
    public int HeadSize;
    public float Scale;
    public Tensor Output;
    public AttentionBias Bias;

    /// <summary>Floats, or units of two features.</summary>
    public Tensor Query;

    /// <summary>Floats, or units of the same feature of two keys.</summary>
    public Tensor Value;

    /// <summary>The tiles of <see cref="DotTiles"/> where queries, keys and values are units of bf16; otherwise null.</summary>
    public nint* DotFunctions;

    private readonly int PerUnit => DotFunctions == null ? 1 : PanelLayout.PerUnit(ElementType.BF16);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int task)
    {
        AttentionBlock block = Blocks[task / Heads];
        int head = task % Heads;
        int paddedKeys = PackKeysJob<S, V>.Padded(block.Length);
        int outputStride = (HeadSize + 31) / 32 * 32;
        float* scores = stackalloc float[14 * KeyBlock];
        float* sums = stackalloc float[14 * LargestHead];
        float* highest = stackalloc float[14];
        float* totals = stackalloc float[14];
        int depth = HeadSize / PerUnit;
        float* keys = (float*)block.Keys + (long)head * depth * paddedKeys;

        int first = block.Query;
        for (int tiles = (block.Queries + S.TileRows - 1) / S.TileRows; tiles > 0; tiles--)
        {
            int rows = (block.Query + block.Queries - first + tiles - 1) / tiles;
            float* query = Query.Row(block.Start + first) + head * depth;
            for (int key = 0; key < block.Length; key += KeyBlock)
            {
                int count = Math.Min(KeyBlock, block.Length - key);
                for (int panel = 0; panel < count; panel += PanelLayout.Width)
                {
                    float* panelKeys = keys + (long)(key + panel) * depth;
                    for (int start = 0; start < PanelLayout.Width; start += 2 * S.Width)
                    {
                        var arguments = new TileArguments(
                            Query.Stride, 0, 1, depth, panelKeys + start, PanelLayout.Width, KeyBlock, Accumulate: false);
                        MatrixTile<S, V>.Run(DotFunctions, arguments, rows, two: true, query, scores + panel + start);
                    }
                }

                for (int r = 0; r < rows; r++)
                {
                    float* row = scores + r * KeyBlock;
                    Softmax(row, count, first + r, key, head, block, highest + r, totals + r, key == 0 ? null : sums + r * outputStride, outputStride);
                    if (DotFunctions != null)
                    {
                        Bf16.Pack(row, (ushort*)row, count, count + count % PerUnit);
                    }
                }

                float* values = (float*)block.Values + key / PerUnit * Value.Stride + head * HeadSize;
                for (int start = 0; start < HeadSize; start += 2 * S.Width)
                {
                    var arguments = new TileArguments(
                        KeyBlock, 0, 1, (count + PerUnit - 1) / PerUnit, values + start, Value.Stride, outputStride, Accumulate: key > 0);
                    MatrixTile<S, V>.Run(DotFunctions, arguments, rows, HeadSize - start > S.Width, scores, sums + start);
                }
            }

            for (int r = 0; r < rows; r++)
            {
                float* output = Output.Row(block.Start + first + r) + head * HeadSize;
                TensorPrimitives.Multiply(new ReadOnlySpan<float>(sums + r * outputStride, HeadSize), 1f / totals[r], new Span<float>(output, HeadSize));
            }

            first += rows;
        }
    }

    /// <summary>Turns a row of products into exponentials, and brings what was summed so far to the same reference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Softmax(
        float* scores, int count, int query, int key, int head, in AttentionBlock block, float* highest, float* total, float* sums, int sumsLength)
    {
        for (int i = count; i < (count + S.Width - 1) / S.Width * S.Width; i++)
        {
            scores[i] = float.NegativeInfinity;
        }

        float* table = Bias.Table.IsEmpty ? null : Bias.Table.Row(head * block.Length + query) + key;
        float slope = Bias.Slopes.IsEmpty ? 0f : Bias.Slopes.Row(0)[head];
        V scale = S.Create(Scale);
        V max = S.Create(float.NegativeInfinity);
        for (int i = 0; i < count; i += S.Width)
        {
            V v = S.Multiply(S.Load(scores + i), scale);
            if (table != null)
            {
                v = S.Add(v, S.Load(table + i));
                if (count - i < S.Width)
                {
                    S.Store(scores + i, v);
                    for (int j = count; j < i + S.Width; j++)
                    {
                        scores[j] = float.NegativeInfinity;
                    }

                    v = S.Load(scores + i);
                }
            }
            else if (slope != 0f)
            {
                V distance = S.Add(S.Create(key + i - query), S.Load(Lanes));
                v = S.Subtract(v, S.Multiply(S.Abs(distance), S.Create(slope)));
            }

            S.Store(scores + i, v);
            max = S.Max(max, v);
        }

        float greatest = S.MaxOfAll(max);
        if (sums != null && *highest > greatest)
        {
            greatest = *highest;
        }

        V reference = S.Create(greatest);
        V sum = S.Create(0f);
        for (int i = 0; i < count; i += S.Width)
        {
            V e = S.KeepFirst(VectorMath.Exp<S, V>(S.Subtract(S.Load(scores + i), reference)), count - i);
            S.Store(scores + i, e);
            sum = S.Add(sum, e);
        }

        float added = S.Sum(sum);
        if (sums == null)
        {
            *total = added;
        }
        else
        {
            float fade = MathF.Exp(*highest - greatest);
            *total = *total * fade + added;
            V factor = S.Create(fade);
            for (int i = 0; i < sumsLength; i += S.Width)
            {
                S.Store(sums + i, S.Multiply(S.Load(sums + i), factor));
            }
        }

        *highest = greatest;
    }

    /// <summary>0, 1, 2 …</summary>
    private static readonly float* Lanes = MakeLanes();

    private static float* MakeLanes()
    {
        float* lanes = (float*)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(AttentionJob<S, V>), 16 * sizeof(float));
        for (int i = 0; i < 16; i++)
        {
            lanes[i] = i;
        }

        return lanes;
    }
}

/// <summary>Some queries of one sequence.</summary>
/// <param name="Start">The sequence's first row.</param>
/// <param name="Length">The sequence's length.</param>
/// <param name="Query">The first query, within the sequence.</param>
/// <param name="Queries">The number of queries.</param>
/// <param name="Keys">The sequence's packed keys.</param>
/// <param name="Values">The sequence's first row of values.</param>
internal readonly record struct AttentionBlock(int Start, int Length, int Query, int Queries, nint Keys, nint Values);
