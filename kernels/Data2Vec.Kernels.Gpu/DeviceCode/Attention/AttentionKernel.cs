namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How a thread group shares some queries of one head.</summary>
internal interface IAttentionTile
{
    /// <summary>Threads along the queries, with four queries each.</summary>
    static abstract int QueryThreads { get; }

    /// <summary>Threads along the keys, with four keys each, and along the features of the values.</summary>
    static abstract int KeyThreads { get; }

    /// <summary><see cref="Float4"/> vectors of features of a thread: 2 or 4.</summary>
    static abstract int Vectors { get; }
}

/// <summary>Heads of up to 64 features.</summary>
internal struct AttentionTile64 : IAttentionTile
{
    public static int QueryThreads => 16;
    public static int KeyThreads => 8;
    public static int Vectors => 2;
}

/// <summary>Heads of up to 128 features.</summary>
internal struct AttentionTile128 : IAttentionTile
{
    public static int QueryThreads => 8;
    public static int KeyThreads => 8;
    public static int Vectors => 4;
}

/// <summary>Heads of up to 64 features, for simulated devices with few threads.</summary>
internal struct AttentionTileOfSimulator : IAttentionTile
{
    public static int QueryThreads => 4;
    public static int KeyThreads => 4;
    public static int Vectors => 4;
}

/// <summary>Sizes and options of attention.</summary>
internal struct AttentionArguments
{
    /// <summary>Features of a head.</summary>
    public int HeadSize;

    /// <summary>Tiles of queries in the longest sequence.</summary>
    public int Tiles;

    public float Scale;
    public int QueryStride;
    public int KeyStride;
    public int ValueStride;
    public int OutputStride;

    /// <summary><see cref="RowLayout.Aligned4"/> if queries, keys, values and outputs all are, else 0.</summary>
    public int Aligned;

    /// <summary>Kind of bias: a constant of <see cref="AttentionKernel"/>.</summary>
    public int Bias;
    public int BiasStride;

    /// <summary>The farthest key that has a number of its own in a bias by distance.</summary>
    public int Reach;

    public int GateStride;

    /// <summary>1 if gates multiply the bias by distance, else 0.</summary>
    public int HasGates;
}

/// <summary>
/// Attention of some queries of one head. Iterates over the keys and keeps, for each query, the maximum score so far, the sum of exponentials and the weighted
/// sum of values (Milakov and Gimelshein 2018, Dao et al. 2022).
/// </summary>
internal static class AttentionKernel
{
    public const int NoBias = 0;
    public const int TableBias = 1;
    public const int SlopeBias = 2;
    public const int DistanceBias = 3;

    /// <summary>Less than any score; its exponential is 0.</summary>
    private const float Lowest = -1e30f;

    public static void Attend<TTile>(
        ArrayView<float> query, ArrayView<float> key, ArrayView<float> value, ArrayView<float> bias, ArrayView<float> gates,
        ArrayView<float> output, ArrayView<int> starts, AttentionArguments arguments)
        where TTile : struct, IAttentionTile
    {
        int queryThreads = TTile.QueryThreads, keyThreads = TTile.KeyThreads, width = 4 * TTile.KeyThreads * TTile.Vectors;
        ArrayView<Float4> queries = SharedMemory.Allocate<Float4>(4 * TTile.KeyThreads * TTile.Vectors * (TTile.QueryThreads + 1));
        ArrayView<Float4> rows = SharedMemory.Allocate<Float4>(4 * TTile.KeyThreads * TTile.Vectors * (TTile.KeyThreads + 1)); // of keys, then of values
        ArrayView<Float4> weights = SharedMemory.Allocate<Float4>(4 * TTile.KeyThreads * (TTile.QueryThreads + 1));
        ArrayView<Float4> partial = SharedMemory.Allocate<Float4>(TTile.KeyThreads * TTile.QueryThreads);

        int thread = Group.IdxX, threads = TTile.QueryThreads * TTile.KeyThreads, across = thread % keyThreads, down = thread / keyThreads;
        int sequence = Grid.IdxX / arguments.Tiles, head = Grid.IdxY;
        int start = starts[sequence], length = starts[sequence + 1] - start;
        int firstQuery = Grid.IdxX % arguments.Tiles * queryThreads * 4;
        if (firstQuery >= length)
        {
            return;
        }

        int feature = head * arguments.HeadSize, myQuery = firstQuery + down * 4;
        LoadColumns(
            query, (start + firstQuery) * arguments.QueryStride + feature, arguments.QueryStride, length - firstQuery, arguments, queryThreads, width,
            queries, thread, threads);

        var gate = new Float4(
            Gate(gates, arguments, head, start, length, myQuery), Gate(gates, arguments, head, start, length, myQuery + 1),
            Gate(gates, arguments, head, start, length, myQuery + 2), Gate(gates, arguments, head, start, length, myQuery + 3));
        Float4x4 sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        Float4 highest = Float4.All(Lowest), total = default;
        for (int firstKey = 0; firstKey < length; firstKey += keyThreads * 4)
        {
            LoadColumns(
                key, (start + firstKey) * arguments.KeyStride + feature, arguments.KeyStride, length - firstKey, arguments, keyThreads, width,
                rows, thread, threads);
            Group.Barrier();

            Float4x4 scores = default;
            for (int i = 0; i < arguments.HeadSize; i += 4)
            {
                // Features past the last one are zero.
                int queryAt = i * (queryThreads + 1) + down, keyAt = i * (keyThreads + 1) + across;
                scores = Float4x4.MultiplyAdd(scores, queries[queryAt], rows[keyAt]);
                scores = Float4x4.MultiplyAdd(scores, queries[queryAt + queryThreads + 1], rows[keyAt + keyThreads + 1]);
                scores = Float4x4.MultiplyAdd(scores, queries[queryAt + 2 * (queryThreads + 1)], rows[keyAt + 2 * (keyThreads + 1)]);
                scores = Float4x4.MultiplyAdd(scores, queries[queryAt + 3 * (queryThreads + 1)], rows[keyAt + 3 * (keyThreads + 1)]);
            }

            int myKey = firstKey + across * 4;
            scores.A = Score(scores.A, bias, gate.X, arguments, head, length, myQuery, myKey);
            scores.B = Score(scores.B, bias, gate.Y, arguments, head, length, myQuery + 1, myKey);
            scores.C = Score(scores.C, bias, gate.Z, arguments, head, length, myQuery + 2, myKey);
            scores.D = Score(scores.D, bias, gate.W, arguments, head, length, myQuery + 3, myKey);
            partial[across * queryThreads + down] = new Float4(Highest(scores.A), Highest(scores.B), Highest(scores.C), Highest(scores.D));
            Group.Barrier();

            Float4 top = highest;
            for (int i = 0; i < keyThreads; i++)
            {
                top = Float4.Max(top, partial[i * queryThreads + down]);
            }

            Float4 decay = Float4.Exp(new Float4(highest.X - top.X, highest.Y - top.Y, highest.Z - top.Z, highest.W - top.W));
            highest = top;
            scores.A = Float4.Exp(scores.A - top.X);
            scores.B = Float4.Exp(scores.B - top.Y);
            scores.C = Float4.Exp(scores.C - top.Z);
            scores.D = Float4.Exp(scores.D - top.W);
            total = total * decay + new Float4(scores.A.Sum(), scores.B.Sum(), scores.C.Sum(), scores.D.Sum());
            int at = across * 4 * (queryThreads + 1) + down;
            weights[at] = new Float4(scores.A.X, scores.B.X, scores.C.X, scores.D.X);
            weights[at + queryThreads + 1] = new Float4(scores.A.Y, scores.B.Y, scores.C.Y, scores.D.Y);
            weights[at + 2 * (queryThreads + 1)] = new Float4(scores.A.Z, scores.B.Z, scores.C.Z, scores.D.Z);
            weights[at + 3 * (queryThreads + 1)] = new Float4(scores.A.W, scores.B.W, scores.C.W, scores.D.W);
            for (int i = thread; i < keyThreads * width; i += threads)
            {
                int row = i / (width / 4), column = i % (width / 4) * 4;
                int count = firstKey + row < length ? arguments.HeadSize - column : 0;
                rows[i] = Float4.Load(value, (start + firstKey + row) * arguments.ValueStride + feature + column, count, arguments.Aligned);
            }

            Group.Barrier();

            sum0 = Float4x4.Scale(sum0, decay);
            sum1 = Float4x4.Scale(sum1, decay);
            if (TTile.Vectors == 4)
            {
                sum2 = Float4x4.Scale(sum2, decay);
                sum3 = Float4x4.Scale(sum3, decay);
            }

            for (int i = 0; i < keyThreads * 4; i += 2)
            {
                int weightAt = i * (queryThreads + 1) + down, from = i * (width / 4) + across;
                AddValue<TTile>(weights[weightAt], rows, from, ref sum0, ref sum1, ref sum2, ref sum3);
                AddValue<TTile>(weights[weightAt + queryThreads + 1], rows, from + width / 4, ref sum0, ref sum1, ref sum2, ref sum3);
            }

            Group.Barrier();
        }

        partial[across * queryThreads + down] = total;
        Group.Barrier();
        total = default;
        for (int i = 0; i < keyThreads; i++)
        {
            total += partial[i * queryThreads + down];
        }

        Float4 inverse = new(1f / total.X, 1f / total.Y, 1f / total.Z, 1f / total.W);
        int place = (start + myQuery) * arguments.OutputStride + feature;
        Store(output, arguments, place, length - myQuery, across * 4, Float4x4.Scale(sum0, inverse));
        Store(output, arguments, place, length - myQuery, (keyThreads + across) * 4, Float4x4.Scale(sum1, inverse));
        if (TTile.Vectors == 4)
        {
            Store(output, arguments, place, length - myQuery, (2 * keyThreads + across) * 4, Float4x4.Scale(sum2, inverse));
            Store(output, arguments, place, length - myQuery, (3 * keyThreads + across) * 4, Float4x4.Scale(sum3, inverse));
        }
    }

    /// <summary>Adds the weighted value of one key to the sums of four queries.</summary>
    private static void AddValue<TTile>(
        Float4 weight, ArrayView<Float4> values, int from, ref Float4x4 sum0, ref Float4x4 sum1, ref Float4x4 sum2, ref Float4x4 sum3)
        where TTile : struct, IAttentionTile
    {
        sum0 = Float4x4.MultiplyAdd(sum0, weight, values[from]);
        sum1 = Float4x4.MultiplyAdd(sum1, weight, values[from + TTile.KeyThreads]);
        if (TTile.Vectors == 4)
        {
            sum2 = Float4x4.MultiplyAdd(sum2, weight, values[from + 2 * TTile.KeyThreads]);
            sum3 = Float4x4.MultiplyAdd(sum3, weight, values[from + 3 * TTile.KeyThreads]);
        }
    }

    /// <summary>
    /// Loads a head's features of some rows, transposed. Of 32 threads, 8 take rows and 4 take groups of four features, so that at most two store to the same
    /// bank of shared memory at once.
    /// </summary>
    private static void LoadColumns(
        ArrayView<float> source, int offset, int stride, int count, AttentionArguments arguments, int rowGroups, int width,
        ArrayView<Float4> destination, int thread, int threads)
    {
        ArrayView<float> numbers = destination.Cast<float>();
        int pitch = 4 * rowGroups + 4;
        for (int i = thread; i < rowGroups * width; i += threads)
        {
            int part = i / 32, row = part / (width / 16) * 8 + i % 8, column = (part % (width / 16) * 4 + i % 32 / 8) * 4;
            Float4 values = Float4.Load(source, offset + row * stride + column, row < count ? arguments.HeadSize - column : 0, arguments.Aligned);
            int at = column * pitch + row;
            numbers[at] = values.X;
            numbers[at + pitch] = values.Y;
            numbers[at + 2 * pitch] = values.Z;
            numbers[at + 3 * pitch] = values.W;
        }
    }

    private static Float4 Score(Float4 product, ArrayView<float> bias, float gate, AttentionArguments arguments, int head, int length, int query, int key) => new(
        Score(product.X, bias, gate, arguments, head, length, query, key),
        Score(product.Y, bias, gate, arguments, head, length, query, key + 1),
        Score(product.Z, bias, gate, arguments, head, length, query, key + 2),
        Score(product.W, bias, gate, arguments, head, length, query, key + 3));

    private static float Score(float product, ArrayView<float> bias, float gate, AttentionArguments arguments, int head, int length, int query, int key)
    {
        float score = product * arguments.Scale;
        if (arguments.Bias == SlopeBias)
        {
            score -= bias[head] * (query > key ? query - key : key - query);
        }
        else if (arguments.Bias == TableBias && query < length && key < length)
        {
            score += bias[(head * length + query) * arguments.BiasStride + key];
        }

        else if (arguments.Bias == DistanceBias)
        {
            int distance = key - query;
            distance = distance < -arguments.Reach ? -arguments.Reach : distance > arguments.Reach ? arguments.Reach : distance;
            score += gate * bias[head * arguments.BiasStride + arguments.Reach + distance];
        }

        return key < length ? score : Lowest;
    }

    /// <summary>What multiplies the bias by distance of a query.</summary>
    private static float Gate(ArrayView<float> gates, AttentionArguments arguments, int head, int start, int length, int query) =>
        arguments.HasGates != 0 && query < length ? gates[(start + query) * arguments.GateStride + head] : 1f;

    private static float Highest(Float4 scores) =>
        DeviceMath.Max(DeviceMath.Max(scores.X, scores.Y), DeviceMath.Max(scores.Z, scores.W));

    private static void Store(ArrayView<float> output, AttentionArguments arguments, int place, int rows, int column, Float4x4 block)
    {
        for (int i = 0; i < 4; i++)
        {
            if (i < rows)
            {
                Float4.Store(output, place + i * arguments.OutputStride + column, arguments.HeadSize - column, arguments.Aligned, block.Row(i));
            }
        }
    }
}
