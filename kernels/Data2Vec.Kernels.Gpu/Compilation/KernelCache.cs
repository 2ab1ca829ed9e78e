using System.Collections.Concurrent;
using System.Reflection;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// The kernels of a device. Each is compiled once, in the background, from its first request on. A model requests its kernels while its weights load and
/// waits for them at the end.
/// </summary>
internal sealed class KernelCache(Accelerator accelerator)
{
    private static readonly Lock s_compiling = new();

    private readonly ConcurrentDictionary<MethodInfo, Lazy<Task>> _kernels = [];
    private readonly ConcurrentDictionary<MethodInfo, KernelSpecialization> _optional = [];

    /// <summary>The number of requested kernels.</summary>
    public int Count => _kernels.Count;

    /// <summary>Requests a kernel.</summary>
    /// <param name="kernel">The kernel method.</param>
    /// <param name="specialization">Threads of a group and groups of a multiprocessor.</param>
    /// <returns>The kernel's launcher.</returns>
    public Task<TLauncher> Get<TLauncher>(Delegate kernel, KernelSpecialization specialization = default)
        where TLauncher : Delegate => Get(kernel.Method, () => accelerator.LoadKernel(kernel.Method, specialization).CreateLauncherDelegate<TLauncher>());

    /// <summary>Requests a kernel that a slower one can replace, with inline assembly on CUDA devices.</summary>
    /// <param name="kernel">The kernel method.</param>
    /// <param name="specialization">Threads of a group and groups of a multiprocessor.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a group.</param>
    /// <returns>The kernel's launcher.</returns>
    public Task<TLauncher> GetOptional<TLauncher>(Delegate kernel, KernelSpecialization specialization, int sharedBytes = 0)
        where TLauncher : Delegate =>
        GetOptional(kernel, specialization, () => CudaAssembly.Load<TLauncher>(accelerator, kernel.Method, specialization, sharedBytes));

    /// <summary>Requests an optional kernel that <paramref name="load"/> compiles.</summary>
    internal Task<TLauncher> GetOptional<TLauncher>(Delegate kernel, KernelSpecialization specialization, Func<TLauncher> load)
    {
        _optional[kernel.Method] = specialization;
        return Get(kernel.Method, load);
    }

    private Task<TLauncher> Get<TLauncher>(MethodInfo kernel, Func<TLauncher> load) =>
        (Task<TLauncher>)_kernels.GetOrAdd(kernel, _ => new Lazy<Task>(() => Compile(load))).Value;

    /// <summary>
    /// Compiles in the background; for OpenCL one kernel after another, so that ILGPU generates the same source each time and the driver's cache finds it.
    /// </summary>
    private Task<TLauncher> Compile<TLauncher>(Func<TLauncher> load)
    {
        if (accelerator is not CLAccelerator)
        {
            return Task.Run(load);
        }

        var compiled = new Task<TLauncher>(load);
        lock (s_compiling)
        {
            compiled.RunSynchronously();
        }

        return compiled;
    }

    /// <summary>Waits for all requested kernels.</summary>
    /// <exception cref="NotSupportedException">A kernel that is not optional does not compile.</exception>
    public void Complete()
    {
        foreach ((MethodInfo method, Lazy<Task> kernel) in _kernels)
        {
            if (!IsCompiled(kernel.Value) && !_optional.ContainsKey(method))
            {
                throw new NotSupportedException($"{accelerator.Name}: {CompileError(method, kernel.Value)}", kernel.Value.Exception!.InnerException);
            }
        }
    }

    /// <summary>The optional kernels that do not compile, a line each with the reason.</summary>
    public IReadOnlyList<string> Refused() =>
    [
        .. _kernels.Where(kernel => !IsCompiled(kernel.Value.Value))
            .Select(kernel => $"{CompileError(kernel.Key, kernel.Value.Value)}; a slower kernel replaces it").Order(StringComparer.Ordinal),
    ];

    /// <summary>Whether a kernel compiles; waits for its compilation.</summary>
    public static bool IsCompiled(Task kernel)
    {
        Task.WaitAny(kernel);
        return kernel.IsCompletedSuccessfully;
    }

    /// <summary>Waits for running compilations, whatever their result.</summary>
    public void Wait()
    {
        foreach (Lazy<Task> kernel in _kernels.Values)
        {
            Task.WaitAny(kernel.Value);
        }
    }

    private string CompileError(MethodInfo method, Task kernel)
    {
        Exception error = kernel.Exception!.InnerException!;
        string message = (error is CudaException ? PtxError(method) : null) ?? error.Message;
        return $"the kernel {Name(method)} cannot be compiled: {message.ReplaceLineEndings(" ")}";
    }

    /// <summary>The first error of the PTX assembler; ILGPU's exception does not contain it.</summary>
    private string? PtxError(MethodInfo method)
    {
        if (accelerator is not CudaAccelerator cuda || !_optional.TryGetValue(method, out KernelSpecialization specialization))
        {
            return null;
        }

        try
        {
            accelerator.Bind();
            string assembly = CudaAssembly.Compile(cuda.Backend, method, specialization).PTXAssembly;
            if (CudaAPI.CurrentAPI.LoadModule(out nint module, assembly, out string? log) != CudaError.CUDA_SUCCESS)
            {
                return log?.Split('\n')
                    .FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal) || line.Contains("fatal", StringComparison.Ordinal))?.Trim();
            }

            CudaAPI.CurrentAPI.DestroyModule(module);
        }
        catch (Exception)
        {
            // ILGPU itself refused the kernel.
        }

        return null;
    }

    /// <summary>The name of a kernel with its class and type arguments.</summary>
    public static string Name(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}{Types(method.GetGenericArguments())}";

    private static string Name(Type type) => $"{type.Name.Split('`')[0]}{Types(type.GetGenericArguments())}";

    private static string Types(Type[] types) => types.Length > 0 ? $"<{string.Join(", ", types.Select(Name))}>" : "";
}
