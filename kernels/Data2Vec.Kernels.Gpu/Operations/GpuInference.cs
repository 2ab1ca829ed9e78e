using System.Runtime.InteropServices;
using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// An inference on a device. Operations are queued, one after another, and the device does them while the caller goes on;
/// downloading alone waits.
/// </summary>
internal sealed unsafe class GpuInference(GpuStore store, Workspace workspace, GpuKernels kernels, ElementType activationType) : Inference
{
    private Workspace? _workspace = workspace;

    /// <summary>What is worked with, which is somebody else's after this inference.</summary>
    private Workspace Workspace => _workspace ?? throw new ObjectDisposedException(nameof(Inference));

    public override long Mark() => Workspace.Memory.Mark();

    public override void Release(long mark) => Workspace.Memory.Release(mark);

    public override ElementType ActivationType => activationType;

    public override Tensor Allocate(int rows, int columns, ElementType type)
    {
        Shapes.RequireActivations(type, activationType);
        return AllocateAs(rows, columns, type);
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
        if (IsDense(destination) && destination.Type == ElementType.F32)
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
        if (!IsDense(tensor) || tensor.Type != ElementType.F32)
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
        if (x.Rows > 0)
        {
            Multiply(((GpuLinear)weights).Matrix, x, residual, output, activation, norm: null);
        }
    }

    /// <summary>Two kernels where the product writes down sums: the one that finishes them normalizes too.</summary>
    public override void LinearNorm(Tensor x, LinearWeights weights, NormWeights norm, Tensor output, Tensor normed, Tensor residual)
    {
        Shapes.RequireLinearNorm(x, weights, norm, output, normed, residual);
        if (x.Rows > 0)
        {
            GpuMatrix matrix = ((GpuLinear)weights).Matrix;
            SplitKNormEpilogue? sumsNorm = !matrix.IsOnTensorCores ? null
                : kernels.SplitKNormEpilogue(activationType, ((GpuNorm)norm).Vectors, View(normed), Sizes(output, norm, normed, residual, Activation.None));
            if (!Multiply(matrix, x, residual, output, Activation.None, sumsNorm))
            {
                LayerNorm(output, norm, normed, default, Activation.None);
            }
        }
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

        Multiply(((GpuConv1d)weights).Matrix, x, output, output, View(inputs), View(outputs), new MatrixArguments
        {
            Rows = output.Rows,
            Activation = (int)(norm is null ? activation : Activation.None),
            Channels = shape.InputChannels / shape.Groups,
            Stride = shape.Stride,
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
            Activation = (int)activation,
            Channels = shape.InputChannels,
            Stride = shape.Stride,
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

        kernels.MaxPool(Workspace.Queue, View(x), View(output), new PoolArguments
        {
            Rows = output.Rows,
            Columns = x.Columns,
            InputStride = x.Stride,
            OutputStride = output.Stride,
            InputLayout = Layout(x.Columns, x),
            OutputLayout = Layout(x.Columns, output),
            Height = height,
            Width = width,
            OutputHeight = (height - size) / stride + 1,
            OutputWidth = (width - size) / stride + 1,
            Size = size,
            Stride = stride,
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
        kernels.Normalize(activationType, Workspace.Queue, View(x), View(added), ((GpuNorm)norm).Vectors, View(output), Sizes(x, norm, output, residual, activation));
    }

    public override void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Tensor output)
    {
        Shapes.RequireAttention(query, key, value, sequences, heads, kernels.MaxHeadSize, output);
        int longest = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            longest = Math.Max(longest, sequences.Length(i));
        }

        if (longest == 0)
        {
            return;
        }

        // One key has all the weight, whatever is added to its score.
        Tensor added = !bias.Table.IsEmpty ? bias.Table : !bias.Slopes.IsEmpty ? bias.Slopes : query;
        var sizes = new AttentionArguments
        {
            HeadSize = query.Columns / heads,
            Scale = scale,
            Bias = longest == 1 ? AttentionKernel.NoBias : !bias.Table.IsEmpty ? AttentionKernel.TableBias : !bias.Slopes.IsEmpty ? AttentionKernel.SlopeBias : AttentionKernel.NoBias,
            BiasStride = added.Stride,
        };
        // The power of two that the scale has in it is to be one of f16, and to leave queries within it.
        bool suits = scale > 0 && (activationType != ElementType.F16 || scale is >= 6.2e-5f and <= 1)
            && (added.Stride % 2 == 0 || sizes.Bias != AttentionKernel.TableBias)
            && Array.TrueForAll([query, key, value, output], x => IsChunked(x, sizes.HeadSize));
        if (suits && sizes.HeadSize <= kernels.MaxTensorHeadSize(activationType, sizes.Bias == AttentionKernel.TableBias))
        {
            sizes.QueryStride = query.Stride;
            sizes.KeyStride = key.Stride;
            sizes.ValueStride = value.Stride;
            sizes.OutputStride = output.Stride;
            kernels.TensorAttention(
                activationType, Workspace.Queue, Address(query), Address(key), Address(value), View(added), Address(output), View(sequences), sequences.Count, longest, heads, sizes);
            return;
        }

        long mark = Mark();
        Tensor q = As(ElementType.F32, query), k = As(ElementType.F32, key), v = As(ElementType.F32, value);
        Tensor attended = output.Type == ElementType.F32 ? output : AllocateAs(output.Rows, output.Columns, ElementType.F32);
        sizes.QueryStride = q.Stride;
        sizes.KeyStride = k.Stride;
        sizes.ValueStride = v.Stride;
        sizes.OutputStride = attended.Stride;
        sizes.Aligned = Aligned(sizes.HeadSize, q) & Aligned(sizes.HeadSize, k) & Aligned(sizes.HeadSize, v) & Aligned(sizes.HeadSize, attended);
        kernels.Attention(Workspace.Queue, View(q), View(k), View(v), View(added), View(attended), View(sequences), sequences.Count, longest, heads, sizes);
        if (attended != output)
        {
            CopyRows(attended, output, add: false);
        }

        Release(mark);
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
        ((GpuEmbedding)table).Launch(Workspace.Queue, Workspace.Memory.View(places, ids.Length).Cast<int>(), View(output), new RowArguments
        {
            Rows = output.Rows,
            Columns = output.Columns,
            OutputStride = output.Stride,
            OutputLayout = Layout(output.Columns, output),
            Add = add ? 1 : 0,
        });
        Release(mark);
    }

    public override Tensor MeanOfSequences(Tensor x, Sequences sequences, int skip)
    {
        Tensor means = Allocate(sequences.Count, x.Columns, ElementType.F32);
        if (sequences.Count > 0 && x.Rows > 0)
        {
            kernels.Mean(Workspace.Queue, View(x), View(sequences), View(means), new RowArguments
            {
                Rows = means.Rows,
                Columns = means.Columns,
                InputStride = x.Stride,
                OutputStride = means.Stride,
                InputLayout = Layout(1, x),
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

    private bool Multiply(GpuMatrix matrix, Tensor x, Tensor residual, Tensor output, Activation activation, SplitKNormEpilogue? norm)
    {
        ArrayView<int> none = View(output).Cast<int>();
        return Multiply(matrix, x, residual.IsEmpty ? output : residual, output, none, none, new MatrixArguments
        {
            Rows = x.Rows,
            Activation = (int)activation,
            HasResidual = residual.IsEmpty ? 0 : 1,
        }, norm);
    }

    /// <summary>A product, on tensor cores where the device and the weights are for them. How tensors lie in memory is filled in.</summary>
    /// <returns>Whether it is normalized, which it is where there are sums to be finished.</returns>
    private bool Multiply(
        GpuMatrix matrix, Tensor x, Tensor residual, Tensor output, ArrayView<int> inputStarts, ArrayView<int> outputStarts, MatrixArguments sizes,
        SplitKNormEpilogue? norm = null)
    {
        bool isNormed = false;
        long mark = Mark();
        Tensor left = x.Type == matrix.InputType && (!matrix.IsOnTensorCores || IsAligned(x)) ? x : CopyAs(matrix.InputType, x);
        sizes.InputStride = left.Stride;
        sizes.OutputStride = output.Stride;
        sizes.ResidualStride = residual.Stride;
        sizes.AlignedInput = Aligned(matrix.Channels, left);
        sizes.OutputLayout = Layout(matrix.Columns, output);
        sizes.ResidualLayout = Layout(matrix.Columns, residual);
        if (matrix.IsOnTensorCores)
        {
            TensorPlan plan = matrix.Plan(sizes, norm is not null);
            isNormed = norm is not null && !plan.RunsEpilogue;
            ArrayView<float> sums = plan.RunsEpilogue ? View(output) : Workspace.Memory.View(Workspace.Memory.Allocate(plan.Sums * sizeof(float)), plan.Sums);
            matrix.LaunchTensor(plan, Workspace.Queue, View(left), View(residual), View(output), sums, inputStarts, outputStarts, sizes, norm);
        }
        else
        {
            matrix.Launch(Workspace.Queue, View(left), View(residual), View(output), inputStarts, outputStarts, sizes);
        }

        Release(mark);
        return isNormed;
    }

    private static NormArguments Sizes(Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation)
    {
        Tensor added = residual.IsEmpty ? x : residual;
        return new NormArguments
        {
            Rows = x.Rows,
            Columns = x.Columns,
            InputStride = x.Stride,
            ResidualStride = added.Stride,
            OutputStride = output.Stride,
            InputLayout = Layout(x.Columns, x),
            ResidualLayout = Layout(x.Columns, added),
            OutputLayout = Layout(x.Columns, output),
            HasResidual = residual.IsEmpty ? 0 : 1,
            Activation = (int)activation,
            Epsilon = norm.Epsilon,
        };
    }

    /// <summary>A tensor in a type: itself, or a copy in working memory.</summary>
    private Tensor As(ElementType type, Tensor x) => x.Type == type ? x : CopyAs(type, x);

    private Tensor CopyAs(ElementType type, Tensor x)
    {
        Tensor copy = AllocateAs(x.Rows, x.Columns, type);
        CopyRows(x, copy, add: false);
        return copy;
    }

    private Tensor AllocateAs(int rows, int columns, ElementType type)
    {
        int stride = DeviceArena.Stride(columns, type);
        if ((long)rows * stride > int.MaxValue)
        {
            throw new InsufficientMemoryException($"One tensor would have {(long)rows * stride} numbers, more than a device can address; use smaller inputs.");
        }

        var tensor = new Tensor(0, rows, columns, stride, type);
        return tensor with { Data = Workspace.Memory.Allocate((long)rows * stride * tensor.ElementSize) };
    }

    private static bool IsDense(Tensor x) => x.Stride == x.Columns || x.Rows <= 1;

    /// <summary>1 where rows of some columns begin and end at multiples of four numbers, else 0.</summary>
    private static int Aligned(int columns, Tensor x) => columns % 4 == 0 && x.Stride % 4 == 0 && x.Data % (4 * x.ElementSize) == 0 ? RowLayout.Aligned4 : 0;

    /// <summary>How rows of some columns lie in memory.</summary>
    private static int Layout(int columns, Tensor x) =>
        Aligned(columns, x) + RowLayout.Format(x.Type) + (IsChunked(x, columns) ? RowLayout.Aligned8 : 0);

    /// <summary>Whether rows of some columns in 16 bits begin and end at multiples of eight numbers.</summary>
    private static bool IsChunked(Tensor x, int columns) =>
        x.ElementSize == sizeof(ushort) && columns % 8 == 0 && IsAligned(x);

    /// <summary>Whether rows begin at multiples of 16 bytes.</summary>
    private static bool IsAligned(Tensor x) => x.Stride * x.ElementSize % 16 == 0 && x.Data % 16 == 0;

    private long Address(Tensor x) => View(x).LoadEffectiveAddressAsPtr();

    /// <summary>Where a tensor is; of one in 16 bits, as many floats.</summary>
    private ArrayView<float> View(Tensor x)
    {
        long count = x.Rows == 0 ? 0 : (x.Rows - 1L) * x.Stride + x.Columns;
        count = (count * x.ElementSize + sizeof(float) - 1) / sizeof(float);
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
        Workspace.Queue.Send(staged, Workspace.Memory.View(destination, values.Length));
    }

    private void CopyRows(Tensor source, Tensor destination, bool add)
    {
        if (source.Rows == 0)
        {
            return;
        }

        kernels.Copy(Workspace.Queue, View(source), View(destination), new RowArguments
        {
            Rows = source.Rows,
            Columns = source.Columns,
            InputStride = source.Stride,
            OutputStride = destination.Stride,
            InputLayout = Layout(source.Columns, source),
            OutputLayout = Layout(source.Columns, destination),
            Add = add ? 1 : 0,
        });
    }
}
