using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Choices of kernels and types. Stores read them when weights are loaded; the last three are for tests.</summary>
/// <param name="HasTensorCores">Whether products in bf16 and f16 run on tensor cores.</param>
/// <param name="UsesTf32">Whether products in f32 run on tensor cores too.</param>
/// <param name="TensorVariant">Index of the tensor core kernel of products; null for the fastest.</param>
/// <param name="UsesLargeTiles">Whether products and attention use large tiles; null for the faster choice.</param>
/// <param name="ActivationType">Type of activations; null for that of the weights.</param>
internal sealed record DeviceOptions(
    bool HasTensorCores, bool UsesTf32 = false, int? TensorVariant = null, bool? UsesLargeTiles = null, ElementType? ActivationType = null);

/// <summary>An open device: its memory, kernels and options.</summary>
internal sealed class GpuContext
{
    /// <summary>Threads of a group in full-size kernels.</summary>
    public const int FullGroup = 256;

    private readonly Lock _launching = new();

    public GpuContext(Accelerator accelerator)
    {
        Accelerator = accelerator;
        Options = new DeviceOptions(HasTensorCores: accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80);
        HasWarpgroups = accelerator is CudaAccelerator { Architecture: { Major: 9, Minor: 0 } };
        IsTiny = accelerator.MaxNumThreadsPerGroup < FullGroup;
        Memory = new GpuMemory(accelerator, () => Workspaces!.Free());
        Kernels = new KernelCache(accelerator);
        Workspaces = new WorkspacePool(this);
    }

    public Accelerator Accelerator { get; }

    public GpuMemory Memory { get; }

    public KernelCache Kernels { get; }

    public WorkspacePool Workspaces { get; }

    public DeviceOptions Options { get; set; }

    /// <summary>Launches operations as graphs; null if unsupported or off.</summary>
    public IGraphDriver? Graphs { get; set; }

    /// <summary>Whether groups have too few threads for full-size kernels: a simulated device.</summary>
    public bool IsTiny { get; }

    /// <summary>Whether the device has warpgroup instructions, which only compute capability 9.0 has.</summary>
    public bool HasWarpgroups { get; }

    /// <summary>Threads of a group in kernels whose threads are independent.</summary>
    public int GroupSize => IsTiny ? 16 : FullGroup;

    /// <summary>Threads that share a row.</summary>
    public int Lanes => IsTiny ? 4 : 32;

    public int Multiprocessors => Accelerator.NumMultiprocessors;

    /// <summary>A grid of at least one thread for each element.</summary>
    public KernelConfig OneThreadForEach(long elements) => new(checked((int)((elements + GroupSize - 1) / GroupSize)), GroupSize);

    /// <summary>Queues an operation.</summary>
    /// <exception cref="DeviceException">The driver refuses it.</exception>
    public void Run(Action operation)
    {
        // OpenCL stores arguments in the kernel object, where those of two threads would mix.
        lock (_launching)
        {
            Accelerator.Run(operation);
        }
    }
}
