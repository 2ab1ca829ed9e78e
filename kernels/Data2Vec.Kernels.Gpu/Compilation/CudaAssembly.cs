using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// Compiles kernels with inline assembly. The assembly is written for bf16, with loops of <see cref="PtxTemplate"/>; the instructions of other formats
/// differ only in the names of types, which are replaced here.
/// </summary>
internal static class CudaAssembly
{
    /// <summary>Shared memory of a group that every kernel may use, in bytes.</summary>
    private const int DefaultSharedBytes = 48 << 10;

    /// <summary>Compiles a kernel to PTX.</summary>
    /// <param name="backend">The device's compiler.</param>
    /// <param name="kernel">The kernel method.</param>
    /// <param name="specialization">Threads of a group and groups of a multiprocessor.</param>
    public static PTXCompiledKernel Compile(PTXBackend backend, MethodInfo kernel, KernelSpecialization specialization)
    {
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), specialization);
        string text = PtxTemplate.Expand(compiled.PTXAssembly);
        if (kernel.DeclaringType == typeof(WarpgroupKernel))
        {
            // ILGPU knows no architecture-specific targets.
            text = text.Replace($".target {After(text, ".target ")}", $".target {WarpgroupKernel.Target}", StringComparison.Ordinal);
        }

        Type[] types = TypesOf(kernel);
        if (types.Contains(typeof(Float16Format)))
        {
            // Clamps to the largest finite number, if the assembler can.
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

    /// <summary>Loads a kernel; on devices other than CUDA without changes to its assembly.</summary>
    /// <param name="accelerator">The device.</param>
    /// <param name="kernel">The kernel method.</param>
    /// <param name="specialization">Threads of a group and groups of a multiprocessor.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a group.</param>
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

    /// <summary>The type arguments of a kernel, and their type arguments.</summary>
    internal static Type[] TypesOf(MethodInfo kernel) => [.. kernel.GetGenericArguments().SelectMany(type => type.GetGenericArguments().Prepend(type))];

    /// <summary>The rest of the first line with a prefix.</summary>
    private static string After(string text, string prefix) =>
        text.Split('\n').First(line => line.StartsWith(prefix, StringComparison.Ordinal))[prefix.Length..].Trim();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string Text(PTXCompiledKernel kernel);
}
