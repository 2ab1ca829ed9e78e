using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A device at work: its memory, its kernels, and how work is cut for it.</summary>
internal sealed class GpuContext
{
    /// <summary>Threads that a group of the full-sized kernels has.</summary>
    public const int FullGroup = 256;

    private readonly Lock _launching = new();

    public GpuContext(Accelerator accelerator)
    {
        Accelerator = accelerator;
        HasTensorCores = accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80;
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

    /// <summary>What takes many operations at once, or null where nothing does.</summary>
    public IGraphDriver? Graphs { get; set; }

    /// <summary>Whether groups have too few threads for the full-sized kernels: a simulated device.</summary>
    public bool IsTiny { get; }

    /// <summary>Whether products with weights of bf16 and f16 can run on tensor cores.</summary>
    public bool HasTensorCores { get; set; }

    /// <summary>Whether those with weights of f32 do, too, that are loaded from now on.</summary>
    public bool UsesTf32 { get; set; }

    /// <summary>Whether four warps can multiply together, as those of compute capability 9.0 can and no others.</summary>
    public bool HasWarpgroups { get; }

    /// <summary>Which of the kernels of tensor cores products take, for tests of each; null for what suits their sizes.</summary>
    public int? Tensor { get; set; }

    /// <summary>Whether products take large tiles or small ones, for tests of both; null for what suits their sizes.</summary>
    public bool? LargeTiles { get; set; }

    /// <summary>What activations are in, for tests of either; null for what suits the weights.</summary>
    public ElementType? ActivationType { get; set; }

    /// <summary>Threads of a group where each works for itself.</summary>
    public int GroupSize => IsTiny ? 16 : FullGroup;

    /// <summary>Threads that share a row.</summary>
    public int Lanes => IsTiny ? 4 : 32;

    /// <summary>What groups of threads run on.</summary>
    public int Multiprocessors => Accelerator.NumMultiprocessors;

    /// <summary>Groups for as many threads, each with its own element.</summary>
    public KernelConfig OneThreadForEach(long elements) => new(checked((int)((elements + GroupSize - 1) / GroupSize)), GroupSize);

    /// <summary>Queues something.</summary>
    /// <exception cref="DeviceException">The driver refuses it.</exception>
    public void Do(Action work)
    {
        // OpenCL keeps a kernel's arguments in the kernel, where those of two threads would mix.
        lock (_launching)
        {
            Accelerator.Do(work);
        }
    }
}
