namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// An inference on the CPU, with the kernels of one register width. This file has the working memory; each file in <c>Operations</c> has one
/// operation.
/// </summary>
/// <param name="store">The weights.</param>
/// <param name="arena">The working memory.</param>
/// <param name="team">The threads.</param>
/// <param name="gradient">The address of a weight's gradient, or 0; null if the inference is not played backward.</param>
internal sealed unsafe partial class CpuInference<S, V>(CpuStore store, HostArena arena, ThreadTeam team, Func<WeightData, nint>? gradient = null)
    : TrainingInference
    where S : struct, ISimd<V>
    where V : unmanaged
{
    private HostArena? _arena = arena;

    /// <summary>The working memory, which another inference owns after this one.</summary>
    private HostArena Memory => _arena ?? throw new ObjectDisposedException(nameof(Inference));

    public override ElementType ActivationType => ElementType.F32;

    public override long Mark() => Memory.Mark();

    public override void Release(long mark) => Memory.Release(mark);

    public override Tensor Allocate(int rows, int columns, ElementType type)
    {
        OperationShapes.RequireActivations(type, ActivationType);
        int stride = CpuStore.RowStride(columns);
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
            values.Slice(row * destination.Columns, destination.Columns).CopyTo(RowOf(destination, row));
        }
    }

    public override void Download(Tensor tensor, Span<float> values)
    {
        for (int row = 0; row < tensor.Rows; row++)
        {
            RowOf(tensor, row).CopyTo(values[(row * tensor.Columns)..]);
        }
    }

    public override void Copy(Tensor source, Tensor destination)
    {
        OperationShapes.RequireSame(source, destination);
        RunRows(new CopyRows(source, destination), source.Rows);
    }

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _arena, null) is { } memory)
        {
            memory.Reset();
            store.Return(memory);
        }
    }

    /// <summary>Memory of some floats for each of the tasks that run at the same time.</summary>
    private TaskMemory AllocateTaskMemory(long size)
    {
        var taken = (int*)Memory.Allocate(team.Threads * sizeof(int));
        new Span<int>(taken, team.Threads).Clear();
        return new TaskMemory((float*)Memory.Allocate(team.Threads * size * sizeof(float)), size, taken, team.Threads);
    }

    /// <summary>The address of a weight's gradient; null if it does not learn.</summary>
    private float* GradientOf(WeightData? weight) => weight is null || gradient is null ? null : (float*)gradient(weight);

    private static Span<float> RowOf(Tensor x, int row) => new(x.Row(row), x.Columns);
}

internal readonly unsafe struct CopyRows(Tensor source, Tensor destination) : IRowKernel
{
    public void Run(int row) => new ReadOnlySpan<float>(source.Row(row), source.Columns).CopyTo(new Span<float>(destination.Row(row), source.Columns));
}
