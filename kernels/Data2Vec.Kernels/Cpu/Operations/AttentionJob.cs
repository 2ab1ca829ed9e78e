using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Packs the keys of one sequence and head, floats or words of bf16, as panels of 32 keys, as matrix tiles read their right side.</summary>
internal readonly unsafe struct PackKeysJob<S, V>(Tensor key, Sequences sequences, int heads, float* packed) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>How far ahead rows are prefetched, and how many are transposed at a time.</summary>
    public const int RowsAhead = 4;

    /// <summary>The words of the packed keys of a sequence, all heads together.</summary>
    public static long Size(int length, int columns) => (long)columns * Padded(length);

    public static int Padded(int length) => (length + PanelLayout.Width - 1) / PanelLayout.Width * PanelLayout.Width;

    public void Run(int task)
    {
        (int sequence, int head) = Math.DivRem(task, heads);
        int size = key.Columns / heads, length = sequences.Length(sequence), padded = Padded(length);
        int fullPanels = length / PanelLayout.Width * PanelLayout.Width;
        float* destination = packed + Offset(sequence) + (long)head * size * padded;
        new Span<float>(destination + (long)fullPanels * size, (padded - fullPanels) * size).Clear();
        for (int row = 0; row < length; row += RowsAhead)
        {
            float* source = key.Row(sequences.Start(sequence) + row) + head * size;
            float* column = destination + (long)(row / PanelLayout.Width * PanelLayout.Width) * size + row % PanelLayout.Width;
            for (int i = RowsAhead; i < 2 * RowsAhead; i++)
            {
                Prefetch(source + i * key.Stride, size);
            }

            Transposition.Run(source, key.Stride, Math.Min(RowsAhead, length - row), size, column, PanelLayout.Width);
        }
    }

    /// <summary>A head's part of a row lies pages from that of the next row, so the hardware does not prefetch it.</summary>
    private static void Prefetch(float* row, int size)
    {
        for (int i = 0; i < size; i += S.Width)
        {
            S.Prefetch(row + i);
        }
    }

    private long Offset(int sequence)
    {
        long offset = 0;
        for (int i = 0; i < sequence; i++)
        {
            offset += Size(sequences.Length(i), key.Columns);
        }

        return offset;
    }
}

/// <summary>Interleaves each two rows of one sequence and head as words of bf16, as the products of attention read values.</summary>
/// <param name="value"><c>[rows, heads * size]</c>.</param>
/// <param name="sequences">The sequences of rows.</param>
/// <param name="heads">The number of heads.</param>
/// <param name="words">Receives half as many rows of each sequence; a last odd row is interleaved with zeros.</param>
internal readonly unsafe struct InterleaveRowsJob(Tensor value, Sequences sequences, int heads, Tensor words) : IJob
{
    public void Run(int task)
    {
        int sequence = task / heads, size = value.Columns / heads, offset = task % heads * size;
        int row = sequences.Start(sequence), end = row + sequences.Length(sequence), to = 0;
        for (int i = 0; i < sequence; i++)
        {
            to += PanelLayout.Words(ElementType.BF16, sequences.Length(i));
        }

        for (; row < end; row += 2, to++)
        {
            float* second = row + 1 < end ? value.Row(row + 1) + offset : null;
            NumberFormat.InterleaveBFloat16(value.Row(row) + offset, second, (uint*)words.Row(to) + offset, size);
        }
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

/// <summary>
/// Attention of one block of queries of one head: reads the keys in blocks and keeps for each query the greatest score so far,
/// the sum of the exponentials and the weighted sum of the values (Milakov and Gimelshein 2018).
/// </summary>
/// <param name="type">Floats, or bf16 if queries, keys and values are words of bf16.</param>
/// <param name="blocks">The blocks of queries; each with each head is a task.</param>
/// <param name="heads">The number of heads.</param>
/// <param name="headSize">The features of a head.</param>
/// <param name="scale">Multiplies the scores.</param>
/// <param name="bias">Added to the scores.</param>
/// <param name="memory">Memory of <see cref="MemorySize"/> floats for each task that runs.</param>
internal readonly unsafe struct AttentionJob<S, V>(
    ProductType type, AttentionBlock* blocks, int heads, int headSize, float scale, AttentionBias bias, TaskMemory memory) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public const int LargestHead = 256;

    /// <summary>Keys at a time: their scores for one tile of queries stay in the first-level cache.</summary>
    private const int KeyBlock = 256;

    private readonly MatrixTiles _tiles = MatrixTiles.Create(type, S.Width);
    private readonly int _perWord = type.PerWord();

    /// <summary>Floats, or words of two features.</summary>
    public Tensor Query { get; init; }

    /// <summary>Floats, or words of the same feature of two keys.</summary>
    public Tensor Value { get; init; }

    public Tensor Output { get; init; }

    /// <summary>The bias of each head for all distances of keys from queries, followed by padding; or empty.</summary>
    public Tensor Distances { get; init; }

    /// <summary>The column of <see cref="Distances"/> where a row is both query and key.</summary>
    public int NoDistance { get; init; }

    public Dropout Dropout { get; init; }

    /// <summary>Receives the logarithm of the sum of the exponentials of each query and head; or empty.</summary>
    public Tensor LogSums { get; init; }

    /// <summary>The floats that a task needs for its sums, their greatest scores and their totals.</summary>
    public static long MemorySize(int queries, int headSize)
    {
        const long Line = 16;
        return ((long)queries * (SumsStride(headSize) + 2) + Line - 1) / Line * Line;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task)
    {
        AttentionBlock block = blocks[task / heads];
        int head = task % heads, depth = headSize / _perWord, sumsStride = SumsStride(headSize);
        float* scores = stackalloc float[MatrixTiles.MaxRows * KeyBlock];
        float* keys = (float*)block.Keys + (long)head * depth * PackKeysJob<S, V>.Padded(block.Length);
        float* sums = memory.Take(), highest = sums + (long)block.Queries * sumsStride, totals = highest + block.Queries;
        var mask = DropoutMask<S, V>.OfHead(Dropout, head);

        // All queries of the block use some keys and values while these are in the cache.
        for (int key = 0; key < block.Length; key += KeyBlock)
        {
            int count = Math.Min(KeyBlock, block.Length - key);
            for (int done = 0, rows; done < block.Queries; done += rows)
            {
                rows = MatrixTiles.Height(block.Queries - done, S.TileRows);
                int first = block.Query + done;
                float* query = Query.Row(block.Start + first) + head * depth;
                for (int panel = 0; panel < count; panel += PanelLayout.Width)
                {
                    float* panelKeys = keys + (long)(key + panel) * depth;
                    for (int start = 0; start < PanelLayout.Width; start += 2 * S.Width)
                    {
                        var arguments = new TileArguments(Query.Stride, 0, 1, depth, panelKeys + start, PanelLayout.Width, KeyBlock, accumulate: false);
                        _tiles.Run<S, V>(arguments, rows, two: true, query, scores + panel + start);
                    }
                }

                float* tileSums = sums + (long)done * sumsStride;
                for (int r = 0; r < rows; r++)
                {
                    float* row = scores + r * KeyBlock;
                    Softmax(row, count, first + r, key, head, block, highest + done + r, totals + done + r, key == 0 ? null : tileSums + r * sumsStride, sumsStride);
                    if (!Dropout.IsNone)
                    {
                        // The total is that of all exponentials.
                        mask.Apply(Dropout.Place(block.Start + first + r), Dropout.Place(block.Start + key).Row, row, count);
                    }

                    if (type == ProductType.BFloat16)
                    {
                        NumberFormat.RoundToBFloat16(row, (ushort*)row, count, count + count % _perWord);
                    }
                }

                float* values = (float*)block.Values + key / _perWord * Value.Stride + head * headSize;
                for (int start = 0; start < headSize; start += 2 * S.Width)
                {
                    var arguments = new TileArguments(
                        KeyBlock, 0, 1, (count + _perWord - 1) / _perWord, values + start, Value.Stride, sumsStride, accumulate: key > 0);
                    _tiles.Run<S, V>(arguments, rows, headSize - start > S.Width, scores, tileSums + start);
                }
            }
        }

        for (int i = 0; i < block.Queries; i++)
        {
            int row = block.Start + block.Query + i;
            TensorPrimitives.Multiply(
                new ReadOnlySpan<float>(sums + (long)i * sumsStride, headSize), 1f / totals[i], new Span<float>(Output.Row(row) + head * headSize, headSize));
            if (!LogSums.IsEmpty)
            {
                LogSums.Row(row)[head] = highest[i] + MathF.Log(totals[i]);
            }
        }

        memory.Return(sums);
    }

    private static int SumsStride(int headSize) => (headSize + PanelLayout.Width - 1) / PanelLayout.Width * PanelLayout.Width;

    /// <summary>Turns a row of products into exponentials, and rescales the earlier sums to the same maximum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax(
        float* scores, int count, int query, int key, int head, in AttentionBlock block, float* highest, float* total, float* sums, int sumsLength)
    {
        for (int i = count; i < (count + S.Width - 1) / S.Width * S.Width; i++)
        {
            scores[i] = float.NegativeInfinity;
        }

        float* added = !bias.Table.IsEmpty ? bias.Table.Row(head * block.Length + query) + key
            : !Distances.IsEmpty ? Distances.Row(head) + NoDistance + key - query
            : null;
        V gate = S.Create(bias.Gates.IsEmpty ? 1f : bias.Gates.Row(block.Start + query)[head]);
        float slope = bias.Slopes.IsEmpty ? 0f : bias.Slopes.Row(0)[head];
        V factor = S.Create(scale);
        V max = S.Create(float.NegativeInfinity);
        for (int i = 0; i < count; i += S.Width)
        {
            V v = S.Multiply(S.Load(scores + i), factor);
            if (added != null)
            {
                v = S.MultiplyAdd(S.Load(added + i), gate, v);
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
                V distance = S.Add(S.Create(key + i - query), S.Indices);
                v = S.Subtract(v, S.Multiply(S.Abs(distance), S.Create(slope)));
            }

            S.Store(scores + i, v);
            max = S.Max(max, v);
        }

        // The difference of two infinities would not be a number.
        float greatest = MathF.Max(S.MaxOfAll(max), float.MinValue);
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

        float blockTotal = S.Sum(sum);
        if (sums == null)
        {
            *total = blockTotal;
        }
        else
        {
            float fade = MathF.Exp(*highest - greatest);
            *total = *total * fade + blockTotal;
            V rescale = S.Create(fade);
            for (int i = 0; i < sumsLength; i += S.Width)
            {
                S.Store(sums + i, S.Multiply(S.Load(sums + i), rescale));
            }
        }

        *highest = greatest;
    }
}
