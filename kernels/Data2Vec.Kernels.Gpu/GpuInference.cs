using System.Runtime.InteropServices;
using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// An inference on a device. Operations are queued, one after another, and the device does them while the caller goes on;
/// downloading alone waits.
/// </summary>
internal sealed unsafe class GpuInference(GpuStore store, Workspace workspace, GpuKernels kernels) : Inference
{
    private Workspace? _workspace = workspace;

    /// <summary>What is worked with, which is somebody else's after this inference.</summary>
    private Workspace Workspace => _workspace ?? throw new ObjectDisposedException(nameof(Inference));

    public override long Mark() => Workspace.Memory.Mark();

    public override void Release(long mark) => Workspace.Memory.Release(mark);

    public override Tensor Allocate(int rows, int columns)
    {
        int stride = DeviceArena.Stride(columns);
        return new Tensor(Workspace.Memory.Allocate((long)rows * stride * sizeof(float)), rows, columns, stride);
    }

    public override Sequences Sequences(ReadOnlySpan<int> lengths)
    {
        int* starts = (int*)Workspace.Bounds.Allocate((lengths.Length + 1L) * sizeof(int));
        starts[0] = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            starts[i + 1] = checked(starts[i] + lengths[i]);
        }

        return Upload(starts, lengths.Length);
    }

    public override Sequences Sequences(Sequences inputs, Conv1dShape shape)
    {
        int* starts = (int*)Workspace.Bounds.Allocate((inputs.Count + 1L) * sizeof(int));
        starts[0] = 0;
        for (int i = 0; i < inputs.Count; i++)
        {
            starts[i + 1] = starts[i] + shape.OutputLength(inputs.Length(i));
        }

        return Upload(starts, inputs.Count);
    }

    public override void Upload(ReadOnlySpan<float> values, Tensor destination)
    {
        int count = destination.Rows * destination.Columns;
        if (IsDense(destination))
        {
            Send(values[..count], destination.Data);
            return;
        }

        long mark = Mark();
        Tensor dense = AllocateDense(destination.Rows, destination.Columns);
        Send(values[..count], dense.Data);
        Copy(dense, destination);
        Release(mark);
    }

    public override void Download(Tensor tensor, Span<float> values)
    {
        long mark = Mark();
        Fetch(tensor).CopyTo(values);
        Release(mark);
    }

    /// <summary>One transfer, however many the destinations are.</summary>
    public override void Download(Tensor tensor, IReadOnlyList<float[]> destinations)
    {
        long mark = Mark();
        ReadOnlySpan<float> rest = Fetch(tensor);
        foreach (float[] destination in destinations)
        {
            rest[..destination.Length].CopyTo(destination);
            rest = rest[destination.Length..];
        }

        Release(mark);
    }

    /// <summary>A tensor's numbers in pinned memory, good until the mark before is released.</summary>
    private ReadOnlySpan<float> Fetch(Tensor tensor)
    {
        int count = tensor.Rows * tensor.Columns;
        if (count == 0)
        {
            return [];
        }

        Tensor dense = tensor;
        if (!IsDense(tensor))
        {
            dense = AllocateDense(tensor.Rows, tensor.Columns);
            Copy(tensor, dense);
        }

        float* staged = (float*)Workspace.Staging.Allocate((long)count * sizeof(float));
        Workspace.Receive(View(dense), staged);
        return new ReadOnlySpan<float>(staged, count);
    }

    public override void Copy(Tensor source, Tensor destination)
    {
        Shapes.RequireSame(source, destination);
        CopyRows(source, destination, add: false);
    }

    public override void Add(Tensor x, Tensor other)
    {
        Shapes.RequireSame(x, other);
        CopyRows(other, x, add: true);
    }

    public override void Linear(Tensor x, LinearWeights weights, Tensor output, Activation activation, Tensor residual)
    {
        Shapes.RequireLinear(x, weights, output, residual);
        if (x.Rows == 0)
        {
            return;
        }

        ArrayView<int> none = View(output).Cast<int>();
        Multiply(((GpuLinear)weights).Matrix, x, residual.IsEmpty ? output : residual, output, none, none, new MatrixArguments
        {
            Rows = x.Rows,
            InputStride = x.Stride,
            OutputStride = output.Stride,
            ResidualStride = residual.Stride,
            AlignedInput = Aligned(x.Columns, x),
            AlignedOutput = Aligned(output.Columns, output, residual.IsEmpty ? output : residual),
            Activation = (int)activation,
            HasResidual = residual.IsEmpty ? 0 : 1,
        });
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

        int channels = shape.InputChannels / shape.Groups;
        Multiply(((GpuConv1d)weights).Matrix, x, output, output, View(inputs), View(outputs), new MatrixArguments
        {
            Rows = output.Rows,
            InputStride = x.Stride,
            OutputStride = output.Stride,
            AlignedInput = Aligned(channels, x),
            AlignedOutput = Aligned(shape.OutputChannels / shape.Groups, output),
            Activation = (int)(norm is null ? activation : Activation.None),
            Channels = channels,
            Step = shape.Stride,
            Padding = shape.Padding,
            Sequences = outputs.Count,
        });
        if (norm is not null)
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

        ArrayView<int> none = View(output).Cast<int>();
        Multiply(((GpuConv2d)weights).Matrix, x, output, output, none, none, new MatrixArguments
        {
            Rows = output.Rows,
            InputStride = x.Stride,
            OutputStride = output.Stride,
            AlignedInput = Aligned(shape.InputChannels, x),
            AlignedOutput = Aligned(shape.OutputChannels, output),
            Activation = (int)activation,
            Channels = shape.InputChannels,
            Step = shape.Stride,
            Padding = shape.Padding,
            Height = height,
            Width = width,
            OutputHeight = shape.OutputLength(height),
            OutputWidth = shape.OutputLength(width),
            Kernel = shape.Kernel,
        });
    }

    public override void MaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output)
    {
        Shapes.RequireMaxPool2d(x, height, width, size, stride, output);
        if (output.Rows == 0)
        {
            return;
        }

        kernels.MaxPool(Workspace.Stream, View(x), View(output), new PoolArguments
        {
            Rows = output.Rows,
            Columns = x.Columns,
            InputStride = x.Stride,
            OutputStride = output.Stride,
            Aligned = Aligned(x.Columns, x, output),
            Height = height,
            Width = width,
            OutputHeight = (height - size) / stride + 1,
            OutputWidth = (width - size) / stride + 1,
            Size = size,
            Step = stride,
        });
    }

    public override void LayerNorm(Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation)
    {
        Shapes.RequireNorm(x, norm, output, residual);
        if (x.Rows == 0)
        {
            return;
        }

        Tensor added = residual.IsEmpty ? x : residual;
        kernels.Normalize(Workspace.Stream, View(x), View(added), ((GpuNorm)norm).Vectors, View(output), new NormArguments
        {
            Rows = x.Rows,
            Columns = x.Columns,
            InputStride = x.Stride,
            ResidualStride = added.Stride,
            OutputStride = output.Stride,
            Aligned = Aligned(x.Columns, x, added) & Aligned(x.Columns, output),
            HasResidual = residual.IsEmpty ? 0 : 1,
            Activation = (int)activation,
            Epsilon = norm.Epsilon,
        });
    }

    public override void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Tensor output)
    {
        Shapes.RequireAttention(query, key, value, sequences, heads, kernels.LargestHead, output);
        int longest = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            longest = Math.Max(longest, sequences.Length(i));
        }

        if (longest == 0)
        {
            return;
        }

        int size = query.Columns / heads;
        Tensor added = !bias.Table.IsEmpty ? bias.Table : !bias.Slopes.IsEmpty ? bias.Slopes : query;
        kernels.Attention(Workspace.Stream, View(query), View(key), View(value), View(added), View(output), View(sequences), sequences.Count, longest, heads, new AttentionArguments
        {
            HeadSize = size,
            Scale = scale,
            QueryStride = query.Stride,
            KeyStride = key.Stride,
            ValueStride = value.Stride,
            OutputStride = output.Stride,
            Aligned = Aligned(size, query, key) & Aligned(size, value, output),
            Bias = !bias.Table.IsEmpty ? AttentionKernel.TableBias : !bias.Slopes.IsEmpty ? AttentionKernel.SlopeBias : AttentionKernel.NoBias,
            BiasStride = added.Stride,
        });
    }

    public override void Embed(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output, bool add)
    {
        Shapes.RequireEmbedding(ids, table, output);
        if (ids.IsEmpty)
        {
            return;
        }

        long mark = Mark();
        nint places = Workspace.Memory.Allocate((long)ids.Length * sizeof(int));
        Send(MemoryMarshal.Cast<int, float>(ids), places);
        ((GpuEmbedding)table).Launch(Workspace.Stream, Workspace.Memory.View(places, ids.Length).Cast<int>(), View(output), new RowArguments
        {
            Rows = output.Rows,
            Columns = output.Columns,
            OutputStride = output.Stride,
            Aligned = Aligned(output.Columns, output),
            Add = add ? 1 : 0,
        });
        Release(mark);
    }

    public override Tensor MeanOfSequences(Tensor x, Sequences sequences, int skip)
    {
        Tensor means = Allocate(sequences.Count, x.Columns);
        if (sequences.Count > 0 && x.Rows > 0)
        {
            kernels.Mean(Workspace.Stream, View(x), View(sequences), View(means), new RowArguments
            {
                Rows = means.Rows,
                Columns = means.Columns,
                InputStride = x.Stride,
                OutputStride = means.Stride,
                Skip = skip,
            });
        }

        return means;
    }

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _workspace, null) is { } done)
        {
            try
            {
                done.Reset();
            }
            catch (DeviceException)
            {
                // Whoever waited for a result knows; the memory is of no more use.
                done.Free();
                return;
            }

            store.Return(done);
        }
    }

    /// <summary>A product, on tensor cores where the device and the weights are for them.</summary>
    private void Multiply(
        GpuMatrix matrix, Tensor x, Tensor residual, Tensor output, ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes)
    {
        if (!matrix.TakesNarrow(sizes))
        {
            matrix.Launch(Workspace.Stream, View(x), View(residual), View(output), inputStarts, outputStarts, sizes);
            return;
        }

        long mark = Mark();
        sizes.InputStride = (x.Columns + TensorKernel.Chunk - 1) / TensorKernel.Chunk * TensorKernel.Chunk;
        long count = (long)x.Rows * sizes.InputStride / 2;
        ArrayView<float> narrow = Workspace.Memory.View(Workspace.Memory.Allocate(count * sizeof(float)), count);
        kernels.Narrow(Workspace.Stream, View(x), narrow, new RowArguments
        {
            Rows = x.Rows,
            Columns = x.Columns,
            InputStride = x.Stride,
            Aligned = Aligned(x.Columns, x),
        });
        matrix.LaunchNarrow(Workspace.Stream, narrow, View(residual), View(output), inputStarts, outputStarts, sizes);
        Release(mark);
    }

    private static bool IsDense(Tensor x) => x.Stride == x.Columns || x.Rows <= 1;

    /// <summary>1 where rows of some columns begin and end at multiples of four numbers in each tensor, else 0.</summary>
    private static int Aligned(int columns, Tensor x) =>
        columns % 4 == 0 && x.Stride % 4 == 0 && x.Data % (4 * sizeof(float)) == 0 ? 1 : 0;

    private static int Aligned(int columns, Tensor x, Tensor y) => Aligned(columns, x) & Aligned(columns, y);

    private ArrayView<float> View(Tensor x)
    {
        long count = x.Rows == 0 ? 0 : (x.Rows - 1L) * x.Stride + x.Columns;
        return GpuStore.IsConstant(x.Data) ? store.View(x.Data, count) : Workspace.Memory.View(x.Data, count);
    }

    private ArrayView<int> View(Sequences sequences) => Workspace.Memory.View(sequences.Data, sequences.Count + 1).Cast<int>();

    private Tensor AllocateDense(int rows, int columns) =>
        new(Workspace.Memory.Allocate((long)rows * columns * sizeof(float)), rows, columns, columns);

    private Sequences Upload(int* starts, int count)
    {
        nint data = Workspace.Memory.Allocate((count + 1L) * sizeof(int));
        Send(new ReadOnlySpan<float>(starts, count + 1), data);
        return new Sequences(starts, count, data);
    }

    /// <summary>Queues a copy of numbers to the device; they are read at once.</summary>
    private void Send(ReadOnlySpan<float> values, nint destination)
    {
        if (values.IsEmpty)
        {
            return;
        }

        float* staged = (float*)Workspace.Staging.Allocate((long)values.Length * sizeof(float));
        values.CopyTo(new Span<float>(staged, values.Length));
        Workspace.Send(staged, Workspace.Memory.View(destination, values.Length));
    }

    private void CopyRows(Tensor source, Tensor destination, bool add)
    {
        if (source.Rows == 0)
        {
            return;
        }

        kernels.Copy(Workspace.Stream, View(source), View(destination), new RowArguments
        {
            Rows = source.Rows,
            Columns = source.Columns,
            InputStride = source.Stride,
            OutputStride = destination.Stride,
            Aligned = Aligned(source.Columns, source, destination),
            Add = add ? 1 : 0,
        });
    }
}
