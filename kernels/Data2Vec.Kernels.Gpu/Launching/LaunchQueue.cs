using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// What an inference has its device do, in order. Where the driver takes many operations at once they are gathered until somebody waits for
/// a result, as each costs microseconds to launch, more than the device takes for small ones; large inputs do not wait for that. Elsewhere each
/// is queued as it comes.
/// </summary>
internal sealed class LaunchQueue(GpuContext context, AcceleratorStream stream) : IDisposable
{
    /// <summary>More operations are more than one input's, and keep the device busy.</summary>
    private const int MaxOperations = 512;

    /// <summary>Copies to the device that are larger had better run while the rest is prepared: more than an image of 224 x 224 pixels, or 15 s of speech.</summary>
    private const long MaxBytes = 1 << 20;

    private readonly GraphCache _graphs = new(context, stream);
    private readonly OperationList _operations = new();
    private readonly List<Action> _work = [];
    private bool _isGathering;
    private long _bytes;

    /// <summary>Whether the device may be at work on what was queued since the last wait.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>How many operations are gathered that were not begun.</summary>
    public int Gathered => _work.Count;

    /// <summary>Begins to gather, where the driver has graphs.</summary>
    public void Begin()
    {
        _isGathering = context.Graphs is not null;
        _bytes = 0;
    }

    /// <summary>Queues a kernel.</summary>
    /// <exception cref="DeviceException">The driver refuses it.</exception>
    public void Launch<T1, T2, T3>(Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3>> kernel, KernelConfig config, T1 a, T2 b, T3 c)
        where T1 : struct
        where T2 : struct
        where T3 : struct
    {
        Action<AcceleratorStream, KernelConfig, T1, T2, T3> launcher = kernel.GetAwaiter().GetResult();
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c);
        Do(() => launcher(stream, config, a, b, c));
    }

    /// <inheritdoc cref="Launch{T1, T2, T3}"/>
    public void Launch<T1, T2, T3, T4>(
        Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>> kernel, KernelConfig config, T1 a, T2 b, T3 c, T4 d)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
    {
        Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4> launcher = kernel.GetAwaiter().GetResult();
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c).AddArgument(d);
        Do(() => launcher(stream, config, a, b, c, d));
    }

    /// <inheritdoc cref="Launch{T1, T2, T3}"/>
    public void Launch<T1, T2, T3, T4, T5>(
        Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>> kernel, KernelConfig config, T1 a, T2 b, T3 c, T4 d, T5 e)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
    {
        Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5> launcher = kernel.GetAwaiter().GetResult();
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c).AddArgument(d).AddArgument(e);
        Do(() => launcher(stream, config, a, b, c, d, e));
    }

    /// <inheritdoc cref="Launch{T1, T2, T3}"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7>(
        Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>> kernel, KernelConfig config, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
        where T7 : struct
    {
        Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7> launcher = kernel.GetAwaiter().GetResult();
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c).AddArgument(d).AddArgument(e).AddArgument(f).AddArgument(g);
        Do(() => launcher(stream, config, a, b, c, d, e, f, g));
    }

    /// <inheritdoc cref="Launch{T1, T2, T3}"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8>(
        Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8>> kernel, KernelConfig config, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g, T8 h)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
        where T7 : struct
        where T8 : struct
    {
        Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8> launcher = kernel.GetAwaiter().GetResult();
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c).AddArgument(d).AddArgument(e).AddArgument(f).AddArgument(g).AddArgument(h);
        Do(() => launcher(stream, config, a, b, c, d, e, f, g, h));
    }

    /// <summary>Queues a copy of numbers in pinned memory to the device; they are to stay until somebody waited.</summary>
    public unsafe void Send(float* staged, ArrayView<float> destination)
    {
        Describe(nameof(Send))?.AddArgument((nint)staged).AddArgument(destination);
        _bytes += destination.LengthInBytes;
        Do(() => destination.CopyFromCPUUnsafeAsync(stream, ref *staged, destination.Length));
    }

    /// <summary>Queues a copy from the device into pinned memory.</summary>
    public unsafe void Receive(ArrayView<float> source, float* staged)
    {
        Describe(nameof(Receive))?.AddArgument((nint)staged).AddArgument(source);
        Do(() => source.CopyToCPUUnsafeAsync(stream, ref *staged, source.Length));
    }

    /// <summary>Has the device do all that was gathered, and waits until it is done.</summary>
    public void Wait()
    {
        if (_work.Count > 0)
        {
            Submit(isWhole: true);
        }

        context.Accelerator.Do(stream.Synchronize);
        IsBusy = false;
    }

    /// <summary>Forgets what was gathered and not yet begun.</summary>
    public void Discard()
    {
        _operations.Clear();
        _work.Clear();
        _bytes = 0;
        _isGathering = false;
    }

    /// <summary>Forgets the graphs, of no use where their memory is no longer there. Nothing may be running.</summary>
    public void Dispose() => _graphs.Dispose();

    /// <summary>Begins to describe an operation, where they are gathered.</summary>
    private OperationList? Describe(object operation) => _isGathering ? _operations.Add(operation) : null;

    private OperationList? Describe(object kernel, KernelConfig config) => Describe(kernel)?.AddArgument(config);

    private void Do(Action work)
    {
        if (!_isGathering)
        {
            IsBusy = true;
            context.Do(work);
            return;
        }

        _work.Add(work);
        if (_work.Count == MaxOperations || _bytes > MaxBytes)
        {
            Submit(isWhole: false);
        }
    }

    /// <summary>Queues what was gathered, as a graph where it is whole and came before; then each is queued as it comes.</summary>
    private void Submit(bool isWhole)
    {
        IsBusy = true;
        try
        {
            if (!isWhole || !_graphs.TryLaunch(_operations, _work))
            {
                _work.ForEach(context.Do);
            }
        }
        finally
        {
            Discard();
        }
    }
}
