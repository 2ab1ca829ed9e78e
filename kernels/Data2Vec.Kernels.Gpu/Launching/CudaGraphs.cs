using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>CUDA graphs, which ILGPU does not support: launching a graph of a hundred kernels takes the time of a few launches.</summary>
internal sealed unsafe class CudaGraphs : IGraphDriver
{
    /// <summary>CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may allocate and wait during a capture.</summary>
    private const int ThreadLocal = 1;

    private readonly Accelerator _accelerator;
    private readonly delegate* unmanaged<nint, int, int> _beginCapture;
    private readonly delegate* unmanaged<nint, nint*, int> _endCapture;
    private readonly delegate* unmanaged<nint*, nint, ulong, int> _instantiate;
    private readonly delegate* unmanaged<nint, nint, int> _launch;
    private readonly delegate* unmanaged<nint, int> _destroyExecutable;
    private readonly delegate* unmanaged<nint, int> _destroyGraph;

    private CudaGraphs(Accelerator accelerator)
    {
        _accelerator = accelerator;
        _beginCapture = (delegate* unmanaged<nint, int, int>)CudaDriver.Function("cuStreamBeginCapture_v2");
        _endCapture = (delegate* unmanaged<nint, nint*, int>)CudaDriver.Function("cuStreamEndCapture");
        _instantiate = (delegate* unmanaged<nint*, nint, ulong, int>)CudaDriver.Function("cuGraphInstantiateWithFlags");
        _launch = (delegate* unmanaged<nint, nint, int>)CudaDriver.Function("cuGraphLaunch");
        _destroyExecutable = (delegate* unmanaged<nint, int>)CudaDriver.Function("cuGraphExecDestroy");
        _destroyGraph = (delegate* unmanaged<nint, int>)CudaDriver.Function("cuGraphDestroy");
    }

    /// <summary>The graphs of a device, or null without CUDA 11.4.</summary>
    public static CudaGraphs? Create(Accelerator accelerator)
    {
        try
        {
            return accelerator is CudaAccelerator ? new CudaGraphs(accelerator) : null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    public nint Capture(AcceleratorStream stream, IReadOnlyList<Action> work)
    {
        nint queue = ((CudaStream)stream).StreamPtr, graph = 0, executable = 0;
        _accelerator.Bind();
        Check(_beginCapture(queue, ThreadLocal), "cuStreamBeginCapture");
        Exception? problem = null;
        try
        {
            foreach (Action operation in work)
            {
                operation();
            }
        }
        catch (Exception error)
        {
            problem = error;
        }

        // A failed capture must end too; until then the stream is unusable.
        int ended = _endCapture(queue, &graph);
        try
        {
            if (problem is not null)
            {
                throw new GraphException(problem.Message, problem);
            }

            Check(ended, "cuStreamEndCapture");
            Check(_instantiate(&executable, graph, 0), "cuGraphInstantiateWithFlags");
            return executable;
        }
        finally
        {
            if (graph != 0)
            {
                _destroyGraph(graph);
            }
        }
    }

    public void Launch(nint graph, AcceleratorStream stream)
    {
        _accelerator.Bind();
        Check(_launch(graph, ((CudaStream)stream).StreamPtr), "cuGraphLaunch");
    }

    /// <summary>Does nothing on a failed device, whose memory is gone.</summary>
    public void Destroy(nint graph)
    {
        try
        {
            _accelerator.Bind();
        }
        catch (AcceleratorException)
        {
            return;
        }

        _destroyExecutable(graph);
    }

    private static void Check(int result, string function)
    {
        if (result != 0)
        {
            throw new GraphException($"{function} failed with {result} ({(CudaError)result})");
        }
    }
}
