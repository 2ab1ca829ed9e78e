namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>How the four warps of a group share attention.</summary>
internal interface ITensorAttentionTile
{
    /// <summary>Queries of a warp: 16 or 32.</summary>
    static abstract int Queries { get; }

    /// <summary>Largest number of features of a head: 64, or 128 with 16 queries of a warp.</summary>
    static abstract int Features { get; }

    /// <summary>Whether a table of biases is added to the scores.</summary>
    static abstract bool HasTable { get; }

    /// <summary>Groups that must fit the registers of a multiprocessor.</summary>
    static abstract int GroupsPerMultiprocessor { get; }
}

/// <summary>128 queries of up to 64 features: each load of keys and values serves twice as many products.</summary>
internal struct TensorAttentionTile128x64 : ITensorAttentionTile
{
    public static int Queries => 32;
    public static int Features => 64;
    public static bool HasTable => false;
    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>64 queries of up to 64 features: more groups, for small inputs.</summary>
internal struct TensorAttentionTile64x64 : ITensorAttentionTile
{
    public static int Queries => 16;
    public static int Features => 64;
    public static bool HasTable => false;
    public static int GroupsPerMultiprocessor => 3;
}

/// <summary><see cref="TensorAttentionTile64x64"/> with a table of biases.</summary>
internal struct TensorAttentionTile64x64WithTable : ITensorAttentionTile
{
    public static int Queries => 16;
    public static int Features => 64;
    public static bool HasTable => true;
    public static int GroupsPerMultiprocessor => 3;
}

/// <summary>64 queries of up to 128 features.</summary>
internal struct TensorAttentionTile64x128 : ITensorAttentionTile
{
    public static int Queries => 16;
    public static int Features => 128;
    public static bool HasTable => false;
    public static int GroupsPerMultiprocessor => 3;
}

/// <summary><see cref="TensorAttentionTile64x128"/> with a table of biases.</summary>
internal struct TensorAttentionTile64x128WithTable : ITensorAttentionTile
{
    public static int Queries => 16;
    public static int Features => 128;
    public static bool HasTable => true;
    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>
/// <see cref="AttentionKernel"/> on tensor cores, after FlashAttention-2 (Dao 2023): queries, keys, values and outputs in 16 bits, scores and sums in f32.
/// Each warp holds its queries in registers and iterates over the keys; weights become the left side of products with values without leaving the registers.
/// Keys and values are copied to shared memory two tiles ahead. Rows there have 64 features, 128 bytes; the upper 64 features of large heads follow all rows
/// of the lower. 16-byte chunks are swizzled by the row number, so that the eight chunks of an 8 x 8 matrix lie in different banks.
/// </summary>
internal static class TensorAttentionKernel
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 128;

    /// <summary>Numbers of one copy: head sizes and strides are multiples of it.</summary>
    private const int Chunk = TensorKernel.Chunk;

    /// <summary>Bytes of a tile of keys, and of a tile of values.</summary>
    private const int TileBytes = 8192;

    private const int StageBytes = 2 * TileBytes;

    /// <summary>Shared memory of a group, in bytes: three stages of keys and values. The last stage first holds the queries.</summary>
    public const int SharedBytes = 3 * StageBytes;

    /// <summary>Queries of a group.</summary>
    public static int Queries<TTile>()
        where TTile : struct, ITensorAttentionTile => 4 * TTile.Queries;

    /// <summary>Largest size of a head.</summary>
    public static int MaxHeadSize<TTile>()
        where TTile : struct, ITensorAttentionTile => TTile.Features;

    /// <param name="query">Address of the queries; everything but the bias is in a 16-bit format.</param>
    /// <param name="key">Address of the keys.</param>
    /// <param name="value">Address of the values.</param>
    /// <param name="bias">Address of the table or slopes, in f32; rows of a table begin at multiples of two numbers.</param>
    /// <param name="output">Address of the result.</param>
    /// <param name="starts">Starts of the sequences, and the end of the last.</param>
    /// <param name="arguments">Sizes and options; the scale is positive.</param>
    public static void Attend<TTile, TUnit>(
        long query, long key, long value, long bias, long output, ArrayView<int> starts, AttentionArguments arguments)
        where TTile : struct, ITensorAttentionTile
        where TUnit : struct, IAttentionUnit
    {
        TUnit.Begin(SharedMemory.GetDynamic<float>(), arguments.Scale);
        int thread = Group.IdxX, lane = thread & 31, warp = thread >> 5;
        int sequence = Grid.IdxX / arguments.Tiles, head = Grid.IdxY;
        int start = starts[sequence], length = starts[sequence + 1] - start;
        int queries = Queries<TTile>(), firstQuery = Grid.IdxX % arguments.Tiles * queries;
        if (firstQuery >= length)
        {
            return;
        }

        // A thread copies a chunk of every 16th row, and for heads of up to 128 features the chunk 64 features further. A chunk past the head's last feature
        // has no rows.
        int row = thread >> 3, chunk = thread & 7, to = row * 128 + (chunk ^ (row & 7)) * 16;
        int feature = head * arguments.HeadSize + chunk * Chunk;
        int rows = chunk * Chunk < arguments.HeadSize ? length - row : 0, upperRows = 64 + chunk * Chunk < arguments.HeadSize ? length - row : 0;
        long from = query + 2L * ((long)(start + firstQuery + row) * arguments.QueryStride + feature);
        for (int i = 0; i < queries; i += 16)
        {
            TUnit.Copy(2 * StageBytes + to + i * 128, from, rows - firstQuery - i);
            if (TTile.Features == 128)
            {
                TUnit.Copy(2 * StageBytes + to + (queries + i) * 128, from + 128, upperRows - firstQuery - i);
            }

            from += 32L * arguments.QueryStride;
        }

        TUnit.Commit();
        long keyFrom = key + 2L * ((long)(start + row) * arguments.KeyStride + feature);
        long valueFrom = value + 2L * ((long)(start + row) * arguments.ValueStride + feature);
        CopyTiles<TTile, TUnit>(keyFrom, valueFrom, arguments, rows, upperRows, to);
        TUnit.Commit();
        TUnit.WaitForAllButOne();
        Group.Barrier();

        // The thread's row of the first matrices; further ones lie at distances that keep the swizzle.
        int warpQuery = warp * (queries / 4), matrixRow = (lane & 15) * 128 + ((lane >> 4) ^ (lane & 7)) * 16;
        LoadQueries<TTile, TUnit>(2 * StageBytes + warpQuery * 128 + matrixRow);
        int keyAt = ((lane & 7) + (lane >> 4) * 8) * 128 + ((lane >> 3 & 1) ^ (lane & 7)) * 16, valueAt = TileBytes + matrixRow;
        if (!TTile.HasTable && arguments.Bias == AttentionKernel.SlopeBias)
        {
            TUnit.LoadSlope(bias + 4L * head);
        }

        int keys = Keys<TTile>(), myQuery = firstQuery + warpQuery + (lane >> 2), myKey = 2 * (lane & 3);
        long table = bias + 4L * head * length * arguments.BiasStride;
        int row0 = 0, row8 = 0, row16 = 0, row24 = 0;
        if (TTile.HasTable)
        {
            TUnit.ScaleQueries(TTile.Queries, TTile.Features, arguments.Scale);
            row0 = TableRow(arguments, length, myQuery, myKey);
            row8 = TableRow(arguments, length, myQuery + 8, myKey);
            if (TTile.Queries == 32)
            {
                row16 = TableRow(arguments, length, myQuery + 16, myKey);
                row24 = TableRow(arguments, length, myQuery + 24, myKey);
            }

            TUnit.LoadTable(0, TTile.Queries, table, row0, row8, row16, row24, length - myKey);
            TUnit.LoadTable(1, TTile.Queries, table, row0, row8, row16, row24, length - myKey);
            if (TTile.Features == 64)
            {
                TUnit.LoadTable(2, TTile.Queries, table, row0, row8, row16, row24, length - myKey);
                TUnit.LoadTable(3, TTile.Queries, table, row0, row8, row16, row24, length - myKey);
            }
        }

        keyFrom += 2L * keys * arguments.KeyStride;
        valueFrom += 2L * keys * arguments.ValueStride;
        CopyTiles<TTile, TUnit>(keyFrom, valueFrom, arguments, rows - keys, upperRows - keys, StageBytes + to);
        TUnit.Commit();
        int loading = 2 * StageBytes, stage = 0;
        table += 4 * keys;
        for (int firstKey = 0; firstKey < length; firstKey += keys)
        {
            // This tile has arrived for all threads, and none still reads what the one two further overwrites.
            TUnit.WaitForAllButOne();
            Group.Barrier();
            keyFrom += 2L * keys * arguments.KeyStride;
            valueFrom += 2L * keys * arguments.ValueStride;
            int left = length - firstKey;
            if (left > 2 * keys)
            {
                CopyTiles<TTile, TUnit>(keyFrom, valueFrom, arguments, rows - firstKey - 2 * keys, upperRows - firstKey - 2 * keys, loading + to);
            }

            TUnit.Commit();
            Scores<TTile, TUnit>(stage + keyAt);
            if (!TTile.HasTable && arguments.Bias == AttentionKernel.SlopeBias)
            {
                float distance = myQuery - firstKey - myKey;
                TUnit.AddSlopes(0, TTile.Features, distance);
                if (TTile.Queries == 32)
                {
                    TUnit.AddSlopes(1, TTile.Features, distance + 16f);
                }
            }

            if (left < keys)
            {
                TUnit.Mask(TTile.Queries, TTile.Features, left - myKey);
            }

            TUnit.Rescale(TTile.Queries, TTile.Features);
            AddValues<TTile, TUnit>(
                stage + valueAt, stage + (valueAt ^ 32), stage + (valueAt ^ 64), stage + (valueAt ^ 96), table, row0, row8, row16, row24, left - keys - myKey);
            table += 4 * keys;
            loading = Next(loading);
            stage = Next(stage);
        }

        TUnit.Finish(TTile.Queries, TTile.Features);
        Group.Barrier();
        int mine = warp * 4096, at = mine + (lane >> 2) * 128 + (lane >> 2) * 16 + (lane & 3) * 4;
        TUnit.Store(0, at);
        if (TTile.Queries == 32 || TTile.Features == 128)
        {
            TUnit.Store(1, at + 2048);
        }

        Group.Barrier();
        int outputRow = lane >> 3, outputChunk = lane & 7;
        for (int i = outputRow; i < 16; i += 4)
        {
            int from16 = mine + i * 128 + (outputChunk ^ (i & 7)) * 16, rowOfSequence = firstQuery + warpQuery + i;
            long place = output + 2L * ((long)(start + rowOfSequence) * arguments.OutputStride + head * arguments.HeadSize + outputChunk * Chunk);
            if (rowOfSequence < length && outputChunk * Chunk < arguments.HeadSize)
            {
                TUnit.Write(place, from16);
            }

            if (TTile.Queries == 32 && rowOfSequence + 16 < length && outputChunk * Chunk < arguments.HeadSize)
            {
                TUnit.Write(place + 32L * arguments.OutputStride, from16 + 2048);
            }

            if (TTile.Features == 128 && rowOfSequence < length && 64 + outputChunk * Chunk < arguments.HeadSize)
            {
                TUnit.Write(place + 128, from16 + 2048);
            }
        }
    }

    /// <summary>Keys of a tile.</summary>
    private static int Keys<TTile>()
        where TTile : struct, ITensorAttentionTile => 4096 / TTile.Features;

    private static int Next(int stage) => stage == 2 * StageBytes ? 0 : stage + StageBytes;

    /// <summary>Copies a thread's chunks of a tile of keys and of a tile of values.</summary>
    /// <param name="key">Address of the thread's first chunk of keys.</param>
    /// <param name="value">Address of the values.</param>
    /// <param name="arguments">Sizes and options.</param>
    /// <param name="rows">Rows from the thread's first to the last.</param>
    /// <param name="upperRows">The same for the chunks 64 features further.</param>
    /// <param name="destination">Destination of the first chunk.</param>
    private static void CopyTiles<TTile, TUnit>(long key, long value, AttentionArguments arguments, int rows, int upperRows, int destination)
        where TTile : struct, ITensorAttentionTile
        where TUnit : struct, IAttentionUnit
    {
        CopyTile<TTile, TUnit>(key, 32L * arguments.KeyStride, rows, upperRows, destination);
        CopyTile<TTile, TUnit>(value, 32L * arguments.ValueStride, rows, upperRows, destination + TileBytes);
    }

    private static void CopyTile<TTile, TUnit>(long from, long step, int rows, int upperRows, int destination)
        where TTile : struct, ITensorAttentionTile
        where TUnit : struct, IAttentionUnit
    {
        TUnit.Copy(destination, from, rows);
        TUnit.Copy(destination + 2048, from + step, rows - 16);
        if (TTile.Features == 128)
        {
            TUnit.Copy(destination + 4096, from + 128, upperRows);
            TUnit.Copy(destination + 6144, from + step + 128, upperRows - 16);
        }
        else
        {
            TUnit.Copy(destination + 4096, from + 2 * step, rows - 32);
            TUnit.Copy(destination + 6144, from + 3 * step, rows - 48);
        }
    }

    /// <summary>Loads a warp's queries.</summary>
    private static void LoadQueries<TTile, TUnit>(int address)
        where TTile : struct, ITensorAttentionTile
        where TUnit : struct, IAttentionUnit
    {
        TUnit.LoadQueries(0, address);
        TUnit.LoadQueries(1, address ^ 32);
        TUnit.LoadQueries(2, address ^ 64);
        TUnit.LoadQueries(3, address ^ 96);
        if (TTile.Queries == 32 || TTile.Features == 128)
        {
            // The second 16 queries, or the upper 64 features.
            int second = address + (TTile.Queries == 32 ? 2048 : 8192);
            TUnit.LoadQueries(4, second);
            TUnit.LoadQueries(5, second ^ 32);
            TUnit.LoadQueries(6, second ^ 64);
            TUnit.LoadQueries(7, second ^ 96);
        }
    }

    /// <summary>The products of a warp's queries and a tile's keys.</summary>
    private static void Scores<TTile, TUnit>(int address)
        where TTile : struct, ITensorAttentionTile
        where TUnit : struct, IAttentionUnit
    {
        TUnit.Scores(0, TTile.Queries, TTile.Features, TTile.HasTable, address);
        TUnit.Scores(1, TTile.Queries, TTile.Features, TTile.HasTable, address ^ 32);
        TUnit.Scores(2, TTile.Queries, TTile.Features, TTile.HasTable, address ^ 64);
        TUnit.Scores(3, TTile.Queries, TTile.Features, TTile.HasTable, address ^ 96);
        if (TTile.Features == 128)
        {
            int second = address + TileBytes / 2;
            TUnit.Scores(4, TTile.Queries, TTile.Features, TTile.HasTable, second);
            TUnit.Scores(5, TTile.Queries, TTile.Features, TTile.HasTable, second ^ 32);
            TUnit.Scores(6, TTile.Queries, TTile.Features, TTile.HasTable, second ^ 64);
            TUnit.Scores(7, TTile.Queries, TTile.Features, TTile.HasTable, second ^ 96);
        }
    }

    /// <summary>Byte offset of a pair in a head's table; queries past the last repeat it.</summary>
    private static int TableRow(AttentionArguments arguments, int length, int query, int key) =>
        4 * ((query < length ? query : length - 1) * arguments.BiasStride + key);

    /// <summary>Turns a tile's scores into weights, adds the weighted values, and starts loading the table entries of the next tile.</summary>
    private static void AddValues<TTile, TUnit>(
        int address0, int address1, int address2, int address3, long table, int row0, int row8, int row16, int row24, int keys)
        where TTile : struct, ITensorAttentionTile
        where TUnit : struct, IAttentionUnit
    {
        AddSixteen<TTile, TUnit>(0, address0, address1, address2, address3, table, row0, row8, row16, row24, keys);
        AddSixteen<TTile, TUnit>(1, address0, address1, address2, address3, table, row0, row8, row16, row24, keys);
        if (TTile.Features == 64)
        {
            AddSixteen<TTile, TUnit>(2, address0, address1, address2, address3, table, row0, row8, row16, row24, keys);
            AddSixteen<TTile, TUnit>(3, address0, address1, address2, address3, table, row0, row8, row16, row24, keys);
        }
    }

    /// <summary><see cref="AddValues"/> for 16 keys.</summary>
    private static void AddSixteen<TTile, TUnit>(
        int sixteen, int address0, int address1, int address2, int address3, long table, int row0, int row8, int row16, int row24, int keys)
        where TTile : struct, ITensorAttentionTile
        where TUnit : struct, IAttentionUnit
    {
        TUnit.Weigh(sixteen, TTile.Queries);
        if (TTile.HasTable)
        {
            TUnit.LoadTable(sixteen, TTile.Queries, table, row0, row8, row16, row24, keys);
        }

        TUnit.AddValues(TTile.Queries, 0, address0, address1, address2, address3, 2048 * sixteen);
        if (TTile.Features == 128)
        {
            TUnit.AddValues(TTile.Queries, 1, address0, address1, address2, address3, 4096 + 2048 * sixteen);
        }
    }
}
