namespace Data2Vec.Kernels.Gpu;

/// <summary>An inference on a device. Operations are queued and run asynchronously; only downloads wait.</summary>
internal sealed unsafe partial class GpuInference(GpuStore store, Workspace workspace, GpuKernels kernels, ElementType activationType) : Inference
{
    private Workspace? _workspace = workspace;

    private Workspace Workspace => _workspace ?? throw new ObjectDisposedException(nameof(Inference));

    private LaunchQueue Queue => Workspace.Queue;

    public override long Mark() => Workspace.Memory.Mark();

    public override void Release(long mark) => Workspace.Memory.Release(mark);

    public override ElementType ActivationType => activationType;

    public override Tensor Allocate(int rows, int columns, ElementType type)
    {
        OperationShapes.RequireActivations(type, activationType);
        return AllocateAs(rows, columns, type);
    }

    public override Sequences Sequences(ReadOnlySpan<int> lengths)
    {
        int* starts = AllocateStarts(lengths.Length);
        for (int i = 0; i < lengths.Length; i++)
        {
            starts[i + 1] = checked(starts[i] + lengths[i]);
        }

        return Upload(starts, lengths.Length);
    }

    public override Sequences Sequences(Sequences inputs, Conv1dShape shape)
    {
        int* starts = AllocateStarts(inputs.Count);
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

    /// <summary>Downloads with a single transfer, whatever the number of destinations.</summary>
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
                // Whoever waited for a result got the exception; the memory is useless.
                done.Free();
                return;
            }

            store.Return(done);
        }
    }

    /// <summary>A tensor's numbers in pinned memory, valid until the mark before is released.</summary>
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

    /// <summary>Queues a copy of numbers to the device. The numbers are read immediately.</summary>
    private void Send(ReadOnlySpan<float> values, nint destination)
    {
        if (values.IsEmpty)
        {
            return;
        }

        float* staged = (float*)Workspace.Staging.Allocate((long)values.Length * sizeof(float));
        values.CopyTo(new Span<float>(staged, values.Length));
        Queue.Send(staged, Workspace.Memory.View(destination, values.Length));
    }

    private int* AllocateStarts(int count)
    {
        int* starts = (int*)Workspace.Bounds.Allocate((count + 1L) * sizeof(int));
        starts[0] = 0;
        return starts;
    }

    private Sequences Upload(int* starts, int count)
    {
        nint data = Workspace.Memory.Allocate((count + 1L) * sizeof(int));
        Send(new ReadOnlySpan<float>(starts, count + 1), data);
        return new Sequences(starts, count, data);
    }

    private Tensor AllocateAs(int rows, int columns, ElementType type)
    {
        int stride = DeviceArena.Stride(columns, type);
        if ((long)rows * stride > int.MaxValue)
        {
            throw new InsufficientMemoryException($"A tensor of {(long)rows * stride} numbers is larger than a device can address; use smaller inputs.");
        }

        var tensor = new Tensor(0, rows, columns, stride, type);
        return tensor with { Data = Workspace.Memory.Allocate((long)rows * stride * tensor.ElementSize) };
    }

    private Tensor AllocateDense(int rows, int columns) =>
        new(Workspace.Memory.Allocate((long)rows * columns * sizeof(float)), rows, columns, columns);

    private static bool IsDense(Tensor x) => x.Stride == x.Columns || x.Rows <= 1;

    /// <summary><see cref="RowLayout.Aligned4"/> for rows of some columns that begin and end at multiples of four numbers, else 0.</summary>
    private static int Aligned4(int columns, Tensor x) =>
        columns % 4 == 0 && x.Stride % 4 == 0 && x.Data % (4 * x.ElementSize) == 0 ? RowLayout.Aligned4 : 0;

    /// <summary>The <see cref="RowLayout"/> of rows of some columns.</summary>
    private static int Layout(int columns, Tensor x) =>
        Aligned4(columns, x) + RowLayout.Format(x.Type) + (IsAligned8(columns, x) ? RowLayout.Aligned8 : 0);

    /// <summary>Whether rows of some columns in 16 bits begin and end at multiples of eight numbers.</summary>
    private static bool IsAligned8(int columns, Tensor x) => x.ElementSize == sizeof(ushort) && columns % 8 == 0 && IsAligned(x);

    /// <summary>Whether rows begin at multiples of 16 bytes.</summary>
    private static bool IsAligned(Tensor x) => x.Stride * x.ElementSize % 16 == 0 && x.Data % 16 == 0;

    private long Address(Tensor x) => View(x).LoadEffectiveAddressAsPtr();

    /// <summary>The memory of a tensor; 16-bit numbers lie two in the place of a float.</summary>
    private ArrayView<float> View(Tensor x)
    {
        long count = x.Rows == 0 ? 0 : (x.Rows - 1L) * x.Stride + x.Columns;
        count = (count * x.ElementSize + sizeof(float) - 1) / sizeof(float);
        return GpuStore.IsConstant(x.Data) ? store.View(x.Data, count) : Workspace.Memory.View(x.Data, count);
    }

    private ArrayView<int> View(Sequences sequences) => Workspace.Memory.View(sequences.Data, sequences.Count + 1).Cast<int>();
}
