using Data2Vec.Kernels.Cpu.Dot;

namespace Data2Vec.Kernels.Cpu;

/// <summary>An inference on the CPU, with the kernels of one register width.</summary>
internal sealed unsafe class CpuInference<S, V>(CpuStore store, HostArena arena, ThreadTeam team) : Inference
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>Rows of a task's block at the most: with a panel of weights they fit the second-level cache.</summary>
    private const int LargestBlock = 112;

    /// <summary>
    /// Rows of a block at the least where there are as many: each block reads all weights, and their columns alone are work enough for
    /// the threads.
    /// </summary>
    private const int LeastBlock = 56;

    /// <summary>
    /// Tasks of a product for each thread at the least: they even out that the last ones end at different times, and what a thread loses
    /// to other work on the machine.
    /// </summary>
    private const int TasksPerThread = 16;

    private HostArena? _arena = arena;

    /// <summary>The working memory, which is somebody else's after this inference.</summary>
    private HostArena Memory => _arena ?? throw new ObjectDisposedException(nameof(Inference));

    public override long Mark() => Memory.Mark();

    public override void Release(long mark) => Memory.Release(mark);

    public override ElementType ActivationType => ElementType.F32;

    public override Tensor Allocate(int rows, int columns, ElementType type)
    {
        Shapes.RequireActivations(type, ActivationType);
        int stride = CpuLayout.Stride(columns);
        return new Tensor(Memory.Allocate((long)rows * stride * sizeof(float)), rows, columns, stride);
    }

    public override Sequences Sequences(ReadOnlySpan<int> lengths)
    {
        int* starts = (int*)Memory.Allocate((lengths.Length + 1L) * sizeof(int));
        starts[0] = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            starts[i + 1] = checked(starts[i] + lengths[i]);
        }

        return new Sequences(starts, lengths.Length);
    }

    public override Sequences Sequences(Sequences inputs, Conv1dShape shape)
    {
        int* starts = (int*)Memory.Allocate((inputs.Count + 1L) * sizeof(int));
        starts[0] = 0;
        for (int i = 0; i < inputs.Count; i++)
        {
            starts[i + 1] = starts[i] + shape.OutputLength(inputs.Length(i));
        }

        return new Sequences(starts, inputs.Count);
    }

    public override void Upload(ReadOnlySpan<float> values, Tensor destination)
    {
        for (int row = 0; row < destination.Rows; row++)
        {
            values.Slice(row * destination.Columns, destination.Columns).CopyTo(new Span<float>(destination.Row(row), destination.Columns));
        }
    }

    public override void Download(Tensor tensor, Span<float> values)
    {
        for (int row = 0; row < tensor.Rows; row++)
        {
            new ReadOnlySpan<float>(tensor.Row(row), tensor.Columns).CopyTo(values[(row * tensor.Columns)..]);
        }
    }

    public override void Copy(Tensor source, Tensor destination)
    {
        Shapes.RequireSame(source, destination);
        for (int row = 0; row < source.Rows; row++)
        {
            new ReadOnlySpan<float>(source.Row(row), source.Columns).CopyTo(new Span<float>(destination.Row(row), source.Columns));
        }
    }

    public override void Add(Tensor x, Tensor other)
    {
        Shapes.RequireSame(x, other);
        team.Run(new AddJob<S, V>(x, other), RowJob.Tasks(x.Rows));
    }

    public override void LayerNorm(Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation)
    {
        Shapes.RequireNorm(x, norm, output, residual);
        team.Run(new NormJob<S, V>(x, residual, ((CpuNorm)norm).Values, activation, output), RowJob.Tasks(x.Rows));
    }

    public override void Linear(Tensor x, LinearWeights weights, Tensor output, Activation activation, Tensor residual)
    {
        Shapes.RequireLinear(x, weights, output, residual);
        if (x.Rows == 0)
        {
            return;
        }

        long mark = Mark();
        PanelMatrix matrix = ((CpuLinear)weights).Matrix;
        float* scales = null;
        Tensor left = matrix.Type == ElementType.F32 ? x : Pack(x, matrix.Type, matrix.TapDepth, out scales);
        int height = Math.Max(BlockHeight(x.Rows), LeastBlock / S.TileRows * S.TileRows);
        int count = (x.Rows + height - 1) / height;
        RowBlock* blocks = (RowBlock*)Memory.Allocate((long)count * sizeof(RowBlock));
        Cut(blocks, 0, count, left.Data, (nint)left.Stride * sizeof(float), 0, x.Rows);
        MatrixJob<S, V> job = Job(matrix, blocks, count, output);
        job.RowStride = left.Stride;
        job.RowScale = scales;
        job.TapStride = 0;
        job.Activation = activation;
        job.Residual = residual.IsEmpty ? null : residual.Row(0);
        job.ResidualStride = residual.Stride;
        Run(job);
        Release(mark);
    }

    public override void Conv1d(
        Tensor x, Sequences inputs, Conv1dWeights weights, NormWeights? norm, Activation activation, Tensor output, Sequences outputs)
    {
        Conv1dShape shape = weights.Shape;
        Shapes.RequireConv1d(x, inputs, shape, output, outputs);
        if (output.Rows == 0)
        {
            return;
        }

        long mark = Mark();
        PanelMatrix matrix = ((CpuConv1d)weights).Matrix;
        Tensor padded = Pad(matrix.Type == ElementType.F32 ? x : Pack(x, matrix.Type, shape.InputChannels / PanelLayout.PerUnit(matrix.Type), out _), inputs, shape.Padding);
        int height = BlockHeight(output.Rows);
        int count = 0;
        for (int i = 0; i < outputs.Count; i++)
        {
            count += (outputs.Length(i) + height - 1) / height;
        }

        RowBlock* blocks = (RowBlock*)Memory.Allocate((long)count * sizeof(RowBlock));
        int filled = 0;
        for (int i = 0; i < outputs.Count; i++)
        {
            int pieces = (outputs.Length(i) + height - 1) / height;
            nint source = (nint)padded.Row(inputs.Start(i) + 2 * shape.Padding * i);
            Cut(blocks, filled, pieces, source, (nint)shape.Stride * padded.Stride * sizeof(float), outputs.Start(i), outputs.Length(i));
            filled += pieces;
        }

        MatrixJob<S, V> job = Job(matrix, blocks, count, output);
        job.RowStride = (nint)shape.Stride * padded.Stride;
        job.TapStride = padded.Stride;
        job.GroupStride = matrix.TapDepth;

        // A task that has whole rows of the result normalizes them while they are in the cache; with few rows they do not go around.
        bool isFused = norm is not null && count >= TasksPerThread * team.Threads;
        job.Norm = isFused ? ((CpuNorm)norm!).Values : null;
        job.Activation = isFused || norm is null ? activation : Activation.None;
        if (padded.Stride == job.Depth)
        {
            job.Depth *= job.Taps;
            job.Taps = 1;
        }

        Run(job, isFused);
        Release(mark);
        if (norm is not null && !isFused)
        {
            LayerNorm(output, norm, output, default, activation);
        }
    }

    public override void Conv2d(Tensor x, int height, int width, Conv2dWeights weights, Activation activation, Tensor output)
    {
        Conv2dShape shape = weights.Shape;
        Shapes.RequireConv2d(x, height, width, shape, output);
        if (output.Rows == 0)
        {
            return;
        }

        long mark = Mark();
        PanelMatrix matrix = ((CpuConv2d)weights).Matrix;
        Tensor packed = matrix.Type == ElementType.F32 ? x : Pack(x, matrix.Type, matrix.TapDepth, out _);

        // Pixels of a line stand side by side: so a line of a window is one stretch of numbers, and the window as many as it has lines.
        int images = x.Rows / (height * width);
        Tensor padded = Allocate(images * (height + 2 * shape.Padding), (width + 2 * shape.Padding) * matrix.TapDepth);
        team.Run(new PadImagesJob(packed, height, width, shape.Padding, padded), padded.Rows);
        nint imageStride = (nint)(height + 2 * shape.Padding) * padded.Stride, lineStride = (nint)shape.Stride * padded.Stride;
        nint rowStride = (nint)shape.Stride * matrix.TapDepth;
        int lines = shape.OutputLength(height), rows = shape.OutputLength(width);
        if (lines * rows == 1)
        {
            // Images of one pixel are the pixels of one line, so that all of them share what is read of the weights.
            (images, rows, rowStride) = (1, images, imageStride);
        }

        int wanted = Math.Max(BlockHeight(output.Rows), LeastBlock / S.TileRows * S.TileRows);
        int piecesOfLine = (rows + wanted - 1) / wanted, linesAtOnce = Math.Clamp(wanted / rows, 1, lines);
        int piecesOfImage = (lines + linesAtOnce - 1) / linesAtOnce;
        int count = checked(images * piecesOfImage * piecesOfLine);
        RowBlock* blocks = (RowBlock*)Memory.Allocate((long)count * sizeof(RowBlock));
        int filled = 0;
        for (int image = 0; image < images; image++)
        {
            int line = 0;
            for (int left = piecesOfImage; left > 0; left--)
            {
                int together = (lines - line + left - 1) / left;
                nint source = padded.Data + (image * imageStride + line * lineStride) * sizeof(float);
                Cut(blocks, filled, piecesOfLine, source, rowStride * sizeof(float), (image * lines + line) * rows, rows, together);
                filled += piecesOfLine;
                line += together;
            }
        }

        MatrixJob<S, V> job = Job(matrix, blocks, count, output);
        job.Taps = shape.Kernel;
        job.Depth = shape.Kernel * matrix.TapDepth;
        job.TapStride = padded.Stride;
        job.RowStride = rowStride;
        job.LineStride = lineStride;
        job.Activation = activation;
        Run(job);
        Release(mark);
    }

    public override void MaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output)
    {
        Shapes.RequireMaxPool2d(x, height, width, size, stride, output);
        if (output.Rows > 0)
        {
            team.Run(new MaxPoolJob<S, V>(x, height, width, size, stride, output), output.Rows / ((width - size) / stride + 1));
        }
    }

    public override void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Tensor output)
    {
        Shapes.RequireAttention(query, key, value, sequences, heads, AttentionJob<S, V>.LargestHead, output);
        int size = query.Columns / heads;
        long mark = Mark();
        long packedSize = 0;
        int blockCount = 0, pairs = 0;
        int height = BlockHeight(query.Rows * heads);
        for (int i = 0; i < sequences.Count; i++)
        {
            packedSize += PackKeysJob<S, V>.Size(sequences.Length(i), key.Columns);
            blockCount += (sequences.Length(i) + height - 1) / height;
            pairs += InterleaveRowsJob.Rows(sequences.Length(i));
        }

        bool isDot = store.UsesDots && size % PanelLayout.PerUnit(ElementType.BF16) == 0;
        if (isDot)
        {
            int units = key.Columns / PanelLayout.PerUnit(ElementType.BF16);
            packedSize /= PanelLayout.PerUnit(ElementType.BF16);
            query = Pack(query, ElementType.BF16, units, out _);
            key = Pack(key, ElementType.BF16, units, out _);
            Tensor interleaved = Allocate(pairs, value.Columns);
            team.Run(new InterleaveRowsJob(value, sequences, heads, interleaved), sequences.Count * heads);
            value = interleaved;
        }

        float* packed = (float*)Memory.Allocate(packedSize * sizeof(float));
        team.Run(new PackKeysJob<S, V>(key, sequences, heads, packed), sequences.Count * heads);

        AttentionBlock* blocks = (AttentionBlock*)Memory.Allocate((long)blockCount * sizeof(AttentionBlock));
        int filled = 0, row = 0;
        float* keys = packed;
        for (int i = 0; i < sequences.Count; i++)
        {
            int length = sequences.Length(i);
            for (int first = 0; first < length; first += height)
            {
                var block = new AttentionBlock(sequences.Start(i), length, first, Math.Min(height, length - first), (nint)keys, (nint)value.Row(row));
                blocks[filled++] = block;
                if (isDot)
                {
                    DotTiles.Bf16.Prepare(block.Queries);
                }
            }

            keys += PackKeysJob<S, V>.Size(length, key.Columns);
            row += isDot ? InterleaveRowsJob.Rows(length) : length;
        }

        team.Run(
            new AttentionJob<S, V>
            {
                Blocks = blocks,
                Heads = heads,
                HeadSize = size,
                Scale = scale,
                Query = query,
                Value = value,
                Output = output,
                Bias = bias,
                DotFunctions = isDot ? DotTiles.Bf16.Functions : null,
            },
            blockCount * heads);
        Release(mark);
    }

    public override void Embed(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output, bool add)
    {
        Shapes.RequireEmbedding(ids, table, output);
        WeightData data = ((CpuEmbedding)table).Table;
        long mark = Mark();
        float* looked = (float*)Memory.Allocate((long)table.Columns * sizeof(float));
        for (int row = 0; row < ids.Length; row++)
        {
            data.ReadRow(ids[row], new Span<float>(add ? looked : output.Row(row), table.Columns));
            if (add)
            {
                RowKernels<S, V>.Add(output.Row(row), looked, table.Columns);
            }
        }

        Release(mark);
    }

    public override Tensor MeanOfSequences(Tensor x, Sequences sequences, int skip)
    {
        Tensor means = Allocate(sequences.Count, x.Columns);
        for (int i = 0; i < sequences.Count; i++)
        {
            var mean = new Span<float>(means.Row(i), x.Columns);
            mean.Clear();
            for (int row = skip; row < sequences.Length(i); row++)
            {
                RowKernels<S, V>.Add(means.Row(i), x.Row(sequences.Start(i) + row), x.Columns);
            }

            System.Numerics.Tensors.TensorPrimitives.Divide(mean, sequences.Length(i) - skip, mean);
        }

        return means;
    }

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _arena, null) is { } memory)
        {
            memory.Reset();
            store.Return(memory);
        }
    }

    /// <summary>The height of blocks of rows: several for each thread where there are rows enough.</summary>
    private int BlockHeight(int rows)
    {
        int wanted = rows / (4 * team.Threads);
        return Math.Clamp(wanted / S.TileRows * S.TileRows, S.TileRows, LargestBlock / S.TileRows * S.TileRows);
    }

    private static void Cut(RowBlock* blocks, int at, int pieces, nint source, nint rowBytes, int firstRow, int rows, int lines = 1)
    {
        int done = 0;
        for (int left = pieces; left > 0; left--)
        {
            int count = (rows - done + left - 1) / left;
            blocks[at++] = new RowBlock(source + done * rowBytes, firstRow + done, count, lines);
            done += count;
        }
    }

    /// <summary>Rows as 32-bit units of bf16 or bytes.</summary>
    private Tensor Pack(Tensor x, ElementType type, int units, out float* scales)
    {
        Tensor packed = Allocate(x.Rows, units);
        scales = type == ElementType.I8 ? (float*)Memory.Allocate((long)x.Rows * sizeof(float)) : null;
        team.Run(new PackRowsJob(x, type, packed, scales), RowJob.Tasks(x.Rows));
        return packed;
    }

    private static MatrixJob<S, V> Job(PanelMatrix matrix, RowBlock* blocks, int count, Tensor output)
    {
        DotTiles? tiles = matrix.Type switch
        {
            ElementType.BF16 => DotTiles.Bf16,
            ElementType.I8 => DotTiles.Int8,
            _ => null,
        };
        for (int i = 0; i < count; i++)
        {
            tiles?.Prepare(blocks[i].Rows);
        }

        return new MatrixJob<S, V>
        {
            Blocks = blocks,
            BlockCount = count,
            Panels = (nint*)matrix.Panels,
            PanelsPerGroup = matrix.PanelsPerGroup,
            PanelCount = matrix.PanelsPerGroup * matrix.Groups,
            GroupOutputs = matrix.GroupOutputs,
            Taps = matrix.Taps,
            Depth = matrix.TapDepth,
            Output = output.Row(0),
            OutputStride = output.Stride,
            Bias = (float*)matrix.Bias,
            Scale = (float*)matrix.Scale,
            DotFunctions = tiles is null ? null : tiles.Functions,
            ColumnScale = (float*)matrix.ColumnScale,
            ColumnSums = (int*)matrix.ColumnSums,
        };
    }

    private void Run(MatrixJob<S, V> job, bool wholeRows = false)
    {
        int groups = wholeRows ? 1 : Math.Clamp((TasksPerThread * team.Threads + job.BlockCount - 1) / job.BlockCount, 1, job.PanelCount);
        job.PanelsPerTask = (job.PanelCount + groups - 1) / groups;
        team.Run(job, job.BlockCount * ((job.PanelCount + job.PanelsPerTask - 1) / job.PanelsPerTask));
    }

    private Tensor Pad(Tensor x, Sequences sequences, int padding)
    {
        if (padding == 0)
        {
            return x;
        }

        Tensor padded = Allocate(x.Rows + 2 * padding * sequences.Count, x.Columns);
        int row = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            Clear(padded, ref row, padding);
            Copy(x.SliceRows(sequences.Start(i), sequences.Length(i)), padded.SliceRows(row, sequences.Length(i)));
            row += sequences.Length(i);
            Clear(padded, ref row, padding);
        }

        return padded;
    }

    private static void Clear(Tensor x, ref int row, int count)
    {
        for (int end = row + count; row < end; row++)
        {
            new Span<float>(x.Row(row), x.Columns).Clear();
        }
    }
}
