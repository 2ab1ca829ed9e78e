using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Some keys of a sequence, or the same keys of several sequences of one length.</summary>
/// <param name="Sequence">The first sequence.</param>
/// <param name="Sequences">The number of sequences.</param>
/// <param name="Key">The first key, within the sequence.</param>
/// <param name="Keys">The number of keys.</param>
/// <param name="DQuery">
/// Receives the gradients of the queries: the first row of the sequence in the result, or in a tensor of its own if other keys have their part in the gradients.
/// </param>
/// <param name="DQueryStride">The distance of two rows of <paramref name="DQuery"/>.</param>
/// <param name="DTable">Receives the gradients of the bias table, all heads, transposed; or 0.</param>
internal readonly record struct KeyChunk(int Sequence, int Sequences, int Key, int Keys, nint DQuery, int DQueryStride, nint DTable);

/// <summary>
/// The backward partner of <see cref="AttentionJob{S, V}"/> for some keys of one head (Dao 2023): it reads the queries in blocks and computes each block's
/// scores again, in the same order of operations.
/// </summary>
/// <remarks>
/// Scores are a row for each key and a column for each query. So the sums of the forward operation are vectors, and the scores are the left side of the products
/// that give the gradients of keys and values, and the right side of the one that gives the gradients of queries, as they are.
/// </remarks>
internal readonly unsafe struct AttentionBackwardJob<S, V>(
    KeyChunk* chunks, Sequences sequences, int heads, int headSize, float scale, Dropout dropout, TaskMemory memory) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>The queries of a block. Several vectors of them make up for reading and writing the sums of each key.</summary>
    private const int QueryBlock = 64;

    /// <summary>The keys whose scores for a block of queries are computed together: they stay in the second-level cache.</summary>
    private const int KeyBlock = DropoutMask<S, V>.Group;

    /// <summary>Smaller probabilities count as 0. Their products would leave the normal floats, which is slow.</summary>
    private const float LeastProbability = 1e-30f;

    private readonly MatrixTiles _tiles = MatrixTiles.Floats(S.Width);
    private readonly int _rowStride = Stride(headSize);

    public Tensor Query { get; init; }

    public Tensor Key { get; init; }

    public Tensor Value { get; init; }

    public Tensor LogSums { get; init; }

    public Tensor DOutput { get; init; }

    /// <summary>The products of each row of the output and its gradient, <c>[rows, heads]</c>.</summary>
    public Tensor Deltas { get; init; }

    public Tensor DKey { get; init; }

    public Tensor DValue { get; init; }

    /// <summary>The bias table, transposed: a row for each key.</summary>
    public Tensor Table { get; init; }

    public Tensor Slopes { get; init; }

    /// <summary>Receives a number for each task, whose sum over chunks is the gradient of the head's slope; or null.</summary>
    public double* DSlopes { get; init; }

    /// <summary>The floats that a task needs.</summary>
    public static long MemorySize(int headSize, int keys) =>
        2L * KeyBlock * QueryBlock + 2L * KeyBlock * QueryBlock + 3L * headSize * QueryBlock + 2L * Stride(headSize) * QueryBlock + 2L * QueryBlock
        + 4L * keys * Stride(headSize) + (long)headSize * TransposedStride(keys) + 2 * PanelLayout.Width;

    public void Run(int task)
    {
        KeyChunk chunk = chunks[task / heads];
        int head = task % heads;
        float* piece = memory.Take();
        float* dTable = null;
        if (chunk.DTable != 0)
        {
            dTable = (float*)chunk.DTable + ((long)head * Table.Columns + chunk.Key) * Table.Stride;
            new Span<float>(dTable, chunk.Keys * Table.Stride).Clear();
        }

        double dSlope = 0;
        for (int i = 0; i < chunk.Sequences; i++)
        {
            int start = sequences.Start(chunk.Sequence + i);
            float* dQuery = (float*)chunk.DQuery + (nint)(start - sequences.Start(chunk.Sequence)) * chunk.DQueryStride + head * headSize;
            dSlope += RunSequence(chunk, start, sequences.Length(chunk.Sequence + i), head, dQuery, dTable, piece);
        }

        if (DSlopes != null)
        {
            DSlopes[task] = -dSlope;
        }

        memory.Return(piece);
    }

    private static int Stride(int headSize) => (headSize + PanelLayout.Width - 1) / PanelLayout.Width * PanelLayout.Width;

    /// <summary>An odd number of cache lines: neighbouring rows fall into different cache sets.</summary>
    public static int TransposedStride(int columns) => ((columns + PanelLayout.Width - 1) / PanelLayout.Width * 2 | 1) * PanelLayout.Width / 2;

    private double RunSequence(in KeyChunk chunk, int start, int length, int head, float* dQuery, float* dTable, float* piece)
    {
        int keys = chunk.Keys, offset = head * headSize, keyStride = TransposedStride(keys);
        float* probabilities = Part(ref piece, KeyBlock * QueryBlock);
        float* gradients = Part(ref piece, KeyBlock * QueryBlock);
        float* factors = Part(ref piece, 2 * KeyBlock * QueryBlock);
        float* queryColumns = Part(ref piece, headSize * QueryBlock);
        float* dOutputColumns = Part(ref piece, headSize * QueryBlock);
        float* dQueryColumns = Part(ref piece, headSize * QueryBlock);
        float* queryRows = Part(ref piece, _rowStride * QueryBlock);
        float* dOutputRows = Part(ref piece, _rowStride * QueryBlock);
        float* logSums = Part(ref piece, QueryBlock);
        float* deltas = Part(ref piece, QueryBlock);
        float* keyRows = Part(ref piece, keys * _rowStride);
        float* valueRows = Part(ref piece, keys * _rowStride);
        float* dKeys = Part(ref piece, keys * _rowStride);
        float* dValues = Part(ref piece, keys * _rowStride);
        float* keyColumns = Part(ref piece, headSize * keyStride);
        CopyRows(Key, start + chunk.Key, keys, offset, keyRows);
        CopyRows(Value, start + chunk.Key, keys, offset, valueRows);
        Transposition.Run(keyRows, _rowStride, keys, headSize, keyColumns, keyStride);
        var mask = DropoutMask<S, V>.OfHead(dropout, head);
        double dSlope = 0;
        for (int query = 0; query < length; query += QueryBlock)
        {
            int queries = Math.Min(QueryBlock, length - query);
            CopyRows(Query, start + query, queries, offset, queryRows);
            CopyRows(DOutput, start + query, queries, offset, dOutputRows);
            Transposition.Run(queryRows, _rowStride, queries, headSize, queryColumns, QueryBlock);
            Transposition.Run(dOutputRows, _rowStride, queries, headSize, dOutputColumns, QueryBlock);
            for (int i = 0; i < queries; i++)
            {
                logSums[i] = LogSums.Row(start + query + i)[head];
                deltas[i] = Deltas.Row(start + query + i)[head];
            }

            for (int key = 0; key < keys; key += KeyBlock)
            {
                int count = Math.Min(KeyBlock, keys - key);
                Multiply(keyRows + key * _rowStride, _rowStride, count, headSize, queryColumns, QueryBlock, queries, probabilities, QueryBlock, false);
                Multiply(valueRows + key * _rowStride, _rowStride, count, headSize, dOutputColumns, QueryBlock, queries, gradients, QueryBlock, false);
                var block = new ScoreBlock
                {
                    Head = head,
                    Query = query,
                    Queries = queries,
                    Key = chunk.Key + key,
                    Keys = count,
                    Probabilities = probabilities,
                    Gradients = gradients,
                    Factors = dropout.IsNone ? null : DrawFactors(mask, start, query, queries, chunk.Key + key, count, factors),
                    DTable = dTable == null ? null : dTable + key * Table.Stride + query,
                };
                dSlope += Differentiate(block, logSums, deltas);
                Multiply(probabilities, QueryBlock, count, queries, dOutputRows, _rowStride, headSize, dValues + key * _rowStride, _rowStride, query > 0);
                Multiply(gradients, QueryBlock, count, queries, queryRows, _rowStride, headSize, dKeys + key * _rowStride, _rowStride, query > 0);
                Multiply(keyColumns + key, keyStride, headSize, count, gradients, QueryBlock, queries, dQueryColumns, QueryBlock, key > 0);
            }

            Transposition.Run(dQueryColumns, QueryBlock, headSize, queries, queryRows, _rowStride);
            for (int i = 0; i < queries; i++)
            {
                Scaled(queryRows + i * _rowStride, dQuery + (nint)(query + i) * chunk.DQueryStride);
            }
        }

        for (int i = 0; i < keys; i++)
        {
            Scaled(dKeys + i * _rowStride, DKey.Row(start + chunk.Key + i) + offset);
            new Span<float>(dValues + i * _rowStride, headSize).CopyTo(new Span<float>(DValue.Row(start + chunk.Key + i) + offset, headSize));
        }

        return dSlope;
    }

    private static float* Part(ref float* memory, int size)
    {
        float* part = memory;
        memory += size;
        return part;
    }

    private void Scaled(float* source, float* destination) =>
        TensorPrimitives.Multiply(new ReadOnlySpan<float>(source, headSize), scale, new Span<float>(destination, headSize));

    /// <summary>Copies a head's part of some rows, and fills them up with zeros to whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyRows(Tensor source, int row, int rows, int offset, float* destination)
    {
        float* from = source.Row(row) + offset;
        for (; rows > 0; rows--, from += source.Stride, destination += _rowStride)
        {
            for (int i = 0; i < headSize; i += S.Width)
            {
                S.Prefetch(from + PackKeysJob<S, V>.RowsAhead * source.Stride + i);
                S.Store(destination + i, S.KeepFirst(S.Load(from + i), headSize - i));
            }
        }
    }

    /// <summary>The factors of some keys, a row for each, as dropout draws them by whole groups of keys.</summary>
    private float* DrawFactors(DropoutMask<S, V> mask, int start, int query, int queries, int key, int keys, float* factors)
    {
        (int group, int skip) = Math.DivRem(dropout.Place(start + key).Row, KeyBlock);
        mask.Rows(dropout.Place(start + query), queries, group, factors, QueryBlock);
        if (skip + keys > KeyBlock)
        {
            mask.Rows(dropout.Place(start + query), queries, group + 1, factors + KeyBlock * QueryBlock, QueryBlock);
        }

        return factors + skip * QueryBlock;
    }

    private void Multiply(
        float* left, nint leftStride, int rows, int depth, float* right, nint rightStride, int columns, float* output, nint outputStride, bool accumulate)
    {
        for (int start = 0; start < columns; start += 2 * S.Width)
        {
            var arguments = new TileArguments(leftStride, 0, 1, depth, right + start, rightStride, outputStride, accumulate);
            for (int first = 0, height; first < rows; first += height)
            {
                height = MatrixTiles.Height(rows - first, S.TileRows);
                _tiles.Run<S, V>(arguments, height, columns - start > S.Width, left + first * leftStride, output + first * outputStride + start);
            }
        }
    }

    /// <summary>
    /// Turns products of queries and keys into probabilities, and products of values and gradients into the gradients of the scores.
    /// </summary>
    /// <returns>The sum of the gradients times the distances, if it is asked for.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Differentiate(in ScoreBlock block, float* logSums, float* deltas)
    {
        float slope = Slopes.IsEmpty ? 0f : Slopes.Row(0)[block.Head];
        V factor = S.Create(scale), zero = S.Create(0f), least = S.Create(LeastProbability);
        double dSlope = 0;
        for (int r = 0; r < block.Keys; r++)
        {
            int key = block.Key + r;
            float* probabilities = block.Probabilities + r * QueryBlock, gradients = block.Gradients + r * QueryBlock;
            float* factors = block.Factors == null ? null : block.Factors + r * QueryBlock;
            float* table = Table.IsEmpty ? null : Table.Row(block.Head * Table.Columns + key) + block.Query;
            float* dTable = block.DTable == null ? null : block.DTable + r * Table.Stride;
            V distances = zero;
            for (int i = 0; i < block.Queries; i += S.Width)
            {
                V v = S.Multiply(S.Load(probabilities + i), factor);
                if (table != null)
                {
                    v = S.Add(v, S.Load(table + i));
                }
                else if (slope != 0f)
                {
                    V distance = S.Abs(S.Add(S.Create(block.Query + i - key), S.Indices));
                    v = S.Subtract(v, S.Multiply(distance, S.Create(slope)));
                }

                V p = S.Max(zero, S.Subtract(VectorMath.Exp<S, V>(S.Subtract(v, S.Load(logSums + i))), least));
                V d = S.Load(gradients + i), kept = p;
                if (factors != null)
                {
                    V keep = S.Load(factors + i);
                    kept = S.Multiply(p, keep);
                    d = S.Multiply(d, keep);
                }

                d = S.Multiply(p, S.Subtract(d, S.Load(deltas + i)));
                S.Store(probabilities + i, kept);
                S.Store(gradients + i, d);
                if (dTable != null)
                {
                    S.Store(dTable + i, S.Add(S.Load(dTable + i), d));
                }

                if (DSlopes != null)
                {
                    V distance = S.Abs(S.Add(S.Create(block.Query + i - key), S.Indices));
                    distances = S.MultiplyAdd(distance, S.KeepFirst(d, block.Queries - i), distances);
                }
            }

            if (DSlopes != null)
            {
                dSlope += S.Sum(distances);
            }
        }

        return dSlope;
    }

    /// <summary>The scores of some keys, a row for each, and some queries.</summary>
    private ref struct ScoreBlock
    {
        public int Head { get; init; }

        /// <summary>The first query, within the sequence.</summary>
        public int Query { get; init; }

        public int Queries { get; init; }

        /// <summary>The first key, within the sequence.</summary>
        public int Key { get; init; }

        public int Keys { get; init; }

        /// <summary>Products of queries and keys; then probabilities, those dropped being 0.</summary>
        public float* Probabilities { get; init; }

        /// <summary>The gradients of the probabilities; then those of the scores.</summary>
        public float* Gradients { get; init; }

        /// <summary>What dropout multiplies the probabilities by; or null.</summary>
        public float* Factors { get; init; }

        /// <summary>The gradients of the bias are added here; or null.</summary>
        public float* DTable { get; init; }
    }
}
