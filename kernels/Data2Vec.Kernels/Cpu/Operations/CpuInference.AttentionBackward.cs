using System.Numerics.Tensors;

namespace Data2Vec.Kernels.Cpu;

/// <content>The backward partner of attention.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    /// <summary>The keys of a task. A long sequence is several tasks, and what each keeps fits into the second-level cache.</summary>
    private const int LeastKeys = 512;

    /// <summary>Tasks begin where blocks of keys do.</summary>
    private const int KeyAlignment = DropoutMask<S, V>.Group;

    /// <summary>The most tasks of one sequence and head. Each but the first has gradients of all queries of its own.</summary>
    private const int MostChunks = 4;

    /// <summary>The most tables in which gradients of a bias are summed, one after another in groups of sequences.</summary>
    private const int MostTables = 8;

    /// <summary>The floats of these tables, unless one alone has more.</summary>
    private const long TableMemory = 1 << 24;

    public override void AttentionBackward(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Dropout dropout, Tensor output, Tensor logSums,
        Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue, AttentionBias dBias)
    {
        OperationShapes.RequireAttention(query, key, value, sequences, heads, AttentionJob<S, V>.LargestHead, output);
        OperationShapes.RequireTrainingAttention(query, sequences, heads, bias, dropout, logSums);
        OperationShapes.RequireAttentionGradients(query, dOutput, dQuery, dKey, dValue, bias, dBias);
        if (query.Rows == 0)
        {
            return;
        }

        int size = query.Columns / heads, keys = 0;
        long mark = Mark();
        Tensor deltas = Allocate(query.Rows, heads), table = Tensor.None, dTables = Tensor.None;
        RunRows(new DeltaKernel(output, dOutput, heads, deltas), query.Rows);
        if (!bias.Table.IsEmpty)
        {
            table = AllocateTables(1, bias.Table);
            team.Run(new TransposeTableJob(bias.Table, table), heads);
        }

        int groupSize = 1;
        if (!dBias.Table.IsEmpty)
        {
            int groups = Math.Min((int)Math.Clamp(TableMemory / ((long)table.Rows * table.Stride), 1, MostTables), sequences.Count);
            groupSize = (sequences.Count + groups - 1) / groups;
            dTables = AllocateTables((sequences.Count + groupSize - 1) / groupSize, bias.Table);
        }

        var chunks = (KeyChunk*)Memory.Allocate((long)sequences.Count * MostChunks * sizeof(KeyChunk));
        int count = CutKeys(sequences, groupSize, dQuery, dTables, table.Rows, chunks);
        for (int i = 0; i < count; i++)
        {
            keys = Math.Max(keys, chunks[i].Keys);
        }

        double* dSlopes = dBias.Slopes.IsEmpty ? null : (double*)Memory.Allocate((long)count * heads * sizeof(double));
        TaskMemory memory = AllocateTaskMemory(AttentionBackwardJob<S, V>.MemorySize(size, keys));
        var job = new AttentionBackwardJob<S, V>(chunks, sequences, heads, size, scale, dropout, memory)
        {
            Query = query,
            Key = key,
            Value = value,
            LogSums = logSums,
            DOutput = dOutput,
            Deltas = deltas,
            DKey = dKey,
            DValue = dValue,
            Table = table,
            Slopes = bias.Slopes,
            DSlopes = dSlopes,
        };
        team.Run(job, count * heads);
        for (int i = 0; i < count; i++)
        {
            if (chunks[i].Key > 0)
            {
                int first = sequences.Start(chunks[i].Sequence), rows = chunks[i].Sequences * sequences.Length(chunks[i].Sequence);
                var part = new Tensor(chunks[i].DQuery, rows, dQuery.Columns, chunks[i].DQueryStride);
                Add(part, dQuery.SliceRows(first, rows));
            }
        }

        if (!dTables.IsEmpty)
        {
            team.Run(new AddTablesJob(dTables, heads, dBias.Table), heads);
        }

        for (int head = 0; dSlopes != null && head < heads; head++)
        {
            double sum = 0;
            for (int i = 0; i < count; i++)
            {
                sum += dSlopes[i * heads + head];
            }

            dBias.Slopes.Row(0)[head] += (float)sum;
        }

        Release(mark);
    }

    /// <summary>Cuts the keys of each group of sequences. The cut depends on lengths alone, as the order of sums does.</summary>
    private int CutKeys(Sequences sequences, int groupSize, Tensor dQuery, Tensor dTables, int tableRows, KeyChunk* chunks)
    {
        int count = 0;
        for (int sequence = 0; sequence < sequences.Count; sequence += groupSize)
        {
            int start = sequences.Start(sequence), length = sequences.Length(sequence), group = Math.Min(groupSize, sequences.Count - sequence);
            int parts = Math.Min((length + LeastKeys - 1) / LeastKeys, MostChunks);
            int keys = parts == 0 ? 0 : ((length + parts - 1) / parts + KeyAlignment - 1) / KeyAlignment * KeyAlignment;
            for (int key = 0; key < length; key += keys)
            {
                Tensor gradients = key == 0 ? dQuery.SliceRows(start, group * length) : Allocate(group * length, dQuery.Columns);
                nint dTable = dTables.IsEmpty ? 0 : (nint)dTables.Row(sequence / groupSize * tableRows);
                chunks[count++] = new KeyChunk(sequence, group, key, Math.Min(keys, length - key), gradients.Data, gradients.Stride, dTable);
            }
        }

        return count;
    }

    /// <summary>Memory for copies of a table whose rows end with whole vectors.</summary>
    private Tensor AllocateTables(int count, Tensor table)
    {
        int stride = AttentionBackwardJob<S, V>.TransposedStride(table.Columns), rows = checked(count * table.Rows);
        return new Tensor(Memory.Allocate((long)rows * stride * sizeof(float)), rows, table.Columns, stride);
    }

    private readonly struct DeltaKernel(Tensor output, Tensor dOutput, int heads, Tensor deltas) : IRowKernel
    {
        public void Run(int row)
        {
            int size = output.Columns / heads;
            for (int head = 0; head < heads; head++)
            {
                deltas.Row(row)[head] = TensorPrimitives.Dot(
                    new ReadOnlySpan<float>(output.Row(row) + head * size, size), new ReadOnlySpan<float>(dOutput.Row(row) + head * size, size));
            }
        }
    }

    /// <summary>Transposes a head's part of a bias table.</summary>
    private readonly struct TransposeTableJob(Tensor table, Tensor transposed) : IJob
    {
        public void Run(int head)
        {
            int row = head * table.Columns;
            Transposition.Run(table.Row(row), table.Stride, table.Columns, table.Columns, transposed.Row(row), transposed.Stride);
        }
    }

    /// <summary>Adds a head's part of transposed tables, one after another, to a table.</summary>
    private readonly struct AddTablesJob(Tensor tables, int heads, Tensor sum) : IJob
    {
        private const int Block = 16;

        public void Run(int head)
        {
            float* block = stackalloc float[Block * Block];
            int length = sum.Columns;
            for (int table = 0; table < tables.Rows; table += heads * length)
            {
                for (int row = 0; row < length; row += Block)
                {
                    for (int column = 0; column < length; column += Block)
                    {
                        int rows = Math.Min(Block, length - row), columns = Math.Min(Block, length - column);
                        Transposition.Run(tables.Row(table + head * length + column) + row, tables.Stride, columns, rows, block, Block);
                        for (int i = 0; i < rows; i++)
                        {
                            RowKernels<S, V>.Add(sum.Row(head * length + row + i) + column, block + i * Block, columns);
                        }
                    }
                }
            }
        }
    }
}
