using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Kernels with instructions of one compute capability alone, for which ILGPU marks none.</summary>
internal static class CudaAssembly
{
    /// <summary>Compiles a kernel to the assembly of a capability.</summary>
    /// <param name="backend">The device's compiler.</param>
    /// <param name="kernel">The method that runs on the device.</param>
    /// <param name="specialization">Threads of a group, and groups of a multiprocessor.</param>
    /// <param name="target">The capability, such as <c>sm_90a</c>.</param>
    public static PTXCompiledKernel Compile(PTXBackend backend, MethodInfo kernel, KernelSpecialization specialization, string target)
    {
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), specialization);
        string[] lines = compiled.PTXAssembly.Split('\n');
        int marked = Array.FindIndex(lines, line => line.StartsWith(".target ", StringComparison.Ordinal));
        lines[marked] = $".target {target}";
        Text(compiled) = string.Join('\n', lines);
        return compiled;
    }

    /// <summary>Loads a kernel, whose groups have more dynamic shared memory than any kernel may take unasked.</summary>
    public static TLauncher Load<TLauncher>(CudaAccelerator accelerator, MethodInfo kernel, KernelSpecialization specialization, string target, int sharedBytes)
        where TLauncher : Delegate
    {
        Kernel loaded = accelerator.LoadKernel(Compile(accelerator.Backend, kernel, specialization, target));
        CudaDriver.AllowSharedMemory((CudaKernel)loaded, sharedBytes);
        return loaded.CreateLauncherDelegate<TLauncher>();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string Text(PTXCompiledKernel kernel);
}
