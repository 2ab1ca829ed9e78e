using System.Reflection;
using System.Runtime.CompilerServices;
using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// Kernels with instructions that ILGPU has no names for. What they write is for numbers in bf16: the instructions for others are the same but for the names of
/// types, which are changed in the assembly.
/// </summary>
internal static class CudaAssembly
{
    /// <summary>Bytes of shared memory that groups of any kernel may have.</summary>
    private const int DefaultSharedBytes = 48 << 10;

    /// <summary>Compiles a kernel to assembly.</summary>
    /// <param name="backend">The device's compiler.</param>
    /// <param name="kernel">The method that runs on the device.</param>
    /// <param name="specialization">Threads of a group, and groups of a multiprocessor.</param>
    public static PTXCompiledKernel Compile(PTXBackend backend, MethodInfo kernel, KernelSpecialization specialization)
    {
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), specialization);
        string text = PtxTemplate.Expand(compiled.PTXAssembly);
        if (kernel.DeclaringType == typeof(WarpgroupKernel))
        {
            // ILGPU marks nothing for one compute capability alone.
            text = text.Replace($".target {After(text, ".target ")}", $".target {WarpgroupKernel.Target}", StringComparison.Ordinal);
        }

        Type[] types = TypesOf(kernel);
        if (types.Contains(typeof(Float16Format)))
        {
            // Numbers become the greatest ones that there are, not infinite, where the assembler knows how.
            bool saturates = Version.Parse(After(text, ".version ")) >= new Version(8, 1);
            text = text.Replace("cvt.rn.bf16", saturates ? "cvt.rn.satfinite.f16" : "cvt.rn.f16", StringComparison.Ordinal)
                .Replace("bf16", "f16", StringComparison.Ordinal);
        }
        else if (types.Contains(typeof(Float4)))
        {
            text = text.Replace("m16n8k16.row.col.f32.bf16.bf16", "m16n8k8.row.col.f32.tf32.tf32", StringComparison.Ordinal);
        }

        Text(compiled) = text;
        return compiled;
    }

    /// <summary>Loads a kernel, on other devices than those of CUDA as any.</summary>
    /// <param name="accelerator">The device.</param>
    /// <param name="kernel">The method that runs on it.</param>
    /// <param name="specialization">Threads of a group, and groups of a multiprocessor.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a group; any number that the device has.</param>
    public static TLauncher Load<TLauncher>(Accelerator accelerator, MethodInfo kernel, KernelSpecialization specialization, int sharedBytes = 0)
        where TLauncher : Delegate
    {
        if (accelerator is not CudaAccelerator cuda)
        {
            return accelerator.LoadKernel(kernel, specialization).CreateLauncherDelegate<TLauncher>();
        }

        Kernel loaded = cuda.LoadKernel(Compile(cuda.Backend, kernel, specialization));
        if (sharedBytes > DefaultSharedBytes)
        {
            CudaDriver.AllowSharedMemory((CudaKernel)loaded, sharedBytes);
        }

        return loaded.CreateLauncherDelegate<TLauncher>();
    }

    /// <summary>The types that make a kernel one of several, and those that make them so.</summary>
    internal static Type[] TypesOf(MethodInfo kernel) => [.. kernel.GetGenericArguments().SelectMany(type => type.GetGenericArguments().Prepend(type))];

    /// <summary>What stands in a line after its beginning.</summary>
    private static string After(string text, string beginning) =>
        text.Split('\n').First(line => line.StartsWith(beginning, StringComparison.Ordinal))[beginning.Length..].Trim();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string Text(PTXCompiledKernel kernel);
}
