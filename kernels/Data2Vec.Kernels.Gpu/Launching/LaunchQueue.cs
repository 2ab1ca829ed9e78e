namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// Records and submits an inference's device operations in order. If the driver has graphs, operations are recorded until a result is waited for: each costs
/// microseconds to launch, more than the device needs for small ones. Large inputs are submitted earlier. Without graphs each operation is submitted at once.
/// </summary>
internal sealed class LaunchQueue(GpuContext context, AcceleratorStream stream) : IDisposable
{
    /// <summary>More operations than one input needs, enough to keep the device busy.</summary>
    private const int MaxOperations = 512;

    /// <summary>Larger copies overlap with the preparation of the rest: more than an image of 224 x 224 pixels, or 15 s of speech.</summary>
    private const long MaxBytes = 1 << 20;

    private readonly GraphCache _graphs = new(context, stream);
    private readonly OperationList _operations = new();
    private readonly List<Action> _work = [];
    private bool _isRecording;
    private long _bytes;

    /// <summary>Whether the device may be running operations submitted since the last wait.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>The number of recorded operations that are not submitted.</summary>
    public int Recorded => _work.Count;

    /// <summary>Starts recording, if the driver has graphs.</summary>
    public void Begin()
    {
        _isRecording = context.Graphs is not null;
        _bytes = 0;
    }

    /// <summary>Launches a kernel.</summary>
    /// <exception cref="DeviceException">The driver refuses it.</exception>
    public void Launch<T1, T2, T3>(Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3>> kernel, KernelConfig config, T1 a, T2 b, T3 c)
    {
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c);
        Launch(kernel, launch => launch(stream, config, a, b, c));
    }

    /// <inheritdoc cref="Launch{T1, T2, T3}"/>
    public void Launch<T1, T2, T3, T4>(Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>> kernel, KernelConfig config, T1 a, T2 b, T3 c, T4 d)
    {
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c).AddArgument(d);
        Launch(kernel, launch => launch(stream, config, a, b, c, d));
    }

    /// <inheritdoc cref="Launch{T1, T2, T3}"/>
    public void Launch<T1, T2, T3, T4, T5>(
        Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>> kernel, KernelConfig config, T1 a, T2 b, T3 c, T4 d, T5 e)
    {
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c).AddArgument(d).AddArgument(e);
        Launch(kernel, launch => launch(stream, config, a, b, c, d, e));
    }

    /// <inheritdoc cref="Launch{T1, T2, T3}"/>
    public void Launch<T1, T2, T3, T4, T5, T6>(
        Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6>> kernel, KernelConfig config, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f)
    {
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c).AddArgument(d).AddArgument(e).AddArgument(f);
        Launch(kernel, launch => launch(stream, config, a, b, c, d, e, f));
    }

    /// <inheritdoc cref="Launch{T1, T2, T3}"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7>(
        Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>> kernel, KernelConfig config, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g)
    {
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c).AddArgument(d).AddArgument(e).AddArgument(f).AddArgument(g);
        Launch(kernel, launch => launch(stream, config, a, b, c, d, e, f, g));
    }

    /// <inheritdoc cref="Launch{T1, T2, T3}"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8>(
        Task<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8>> kernel, KernelConfig config,
        T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g, T8 h)
    {
        Describe(kernel, config)?.AddArgument(a).AddArgument(b).AddArgument(c).AddArgument(d).AddArgument(e).AddArgument(f).AddArgument(g).AddArgument(h);
        Launch(kernel, launch => launch(stream, config, a, b, c, d, e, f, g, h));
    }

    /// <summary>Copies from pinned memory, which must stay until a wait, to the device.</summary>
    public unsafe void Send(float* staged, ArrayView<float> destination)
    {
        Describe(nameof(Send))?.AddArgument((nint)staged).AddArgument(destination);
        _bytes += destination.LengthInBytes;
        Add(() => destination.CopyFromCPUUnsafeAsync(stream, ref *staged, destination.Length));
    }

    /// <summary>Copies from the device to pinned memory.</summary>
    public unsafe void Receive(ArrayView<float> source, float* staged)
    {
        Describe(nameof(Receive))?.AddArgument((nint)staged).AddArgument(source);
        Add(() => source.CopyToCPUUnsafeAsync(stream, ref *staged, source.Length));
    }

    /// <summary>Submits all recorded operations and waits for the device.</summary>
    public void Wait()
    {
        if (_work.Count > 0)
        {
            Submit(isComplete: true);
        }

        context.Accelerator.Run(stream.Synchronize);
        IsBusy = false;
    }

    /// <summary>Drops recorded operations that are not submitted.</summary>
    public void Discard()
    {
        _operations.Clear();
        _work.Clear();
        _bytes = 0;
        _isRecording = false;
    }

    /// <summary>Drops the graphs, because their memory is freed. The device must be idle.</summary>
    public void Dispose() => _graphs.Dispose();

    private void Launch<TLauncher>(Task<TLauncher> kernel, Action<TLauncher> launch)
    {
        TLauncher launcher = kernel.GetAwaiter().GetResult();
        Add(() => launch(launcher));
    }

    /// <summary>Starts the description of an operation, if recording.</summary>
    private OperationList? Describe(object operation) => _isRecording ? _operations.Add(operation) : null;

    private OperationList? Describe(object kernel, KernelConfig config) => Describe(kernel)?.AddArgument(config);

    private void Add(Action work)
    {
        if (!_isRecording)
        {
            IsBusy = true;
            context.Run(work);
            return;
        }

        _work.Add(work);
        if (_work.Count == MaxOperations || _bytes > MaxBytes)
        {
            Submit(isComplete: false);
        }
    }

    /// <summary>Submits the recorded operations, as a graph if they are complete and were submitted before. Later operations are submitted at once.</summary>
    private void Submit(bool isComplete)
    {
        IsBusy = true;
        try
        {
            if (!isComplete || !_graphs.TryLaunch(_operations, _work))
            {
                _work.ForEach(context.Run);
            }
        }
        finally
        {
            Discard();
        }
    }
}
