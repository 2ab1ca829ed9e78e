using System.Collections.Concurrent;
using System.Reflection;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// The kernels of a device. Each is compiled once, beside the others, from when it is first asked for: a model asks for what it needs
/// as its weights are loaded, and its loading ends when all are there.
/// </summary>
internal sealed class KernelCache(Accelerator accelerator)
{
    private static readonly Lock s_compiling = new();

    private readonly ConcurrentDictionary<MethodInfo, Lazy<Task>> _kernels = [];
    private readonly ConcurrentDictionary<MethodInfo, KernelSpecialization> _optional = [];

    /// <summary>How many were asked for.</summary>
    public int Count => _kernels.Count;

    /// <summary>A kernel's launcher, or the promise of it.</summary>
    /// <param name="kernel">The method that runs on the device.</param>
    /// <param name="load">Compiles it.</param>
    public Task<TLauncher> Get<TLauncher>(Delegate kernel, Func<Accelerator, TLauncher> load)
        where TLauncher : Delegate =>
        (Task<TLauncher>)_kernels.GetOrAdd(kernel.Method, _ => new Lazy<Task>(() => Compile(() => load(accelerator)))).Value;

    /// <summary>The same of a kernel with instructions of its own, which the device can do without: slower kernels do the same.</summary>
    /// <param name="kernel">The method that runs on the device.</param>
    /// <param name="specialization">Threads of a group, and groups of a multiprocessor.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a group.</param>
    public Task<TLauncher> GetOptional<TLauncher>(Delegate kernel, KernelSpecialization specialization, int sharedBytes = 0)
        where TLauncher : Delegate =>
        GetOptional(kernel, specialization, accelerator => CudaAssembly.Load<TLauncher>(accelerator, kernel.Method, specialization, sharedBytes));

    /// <summary>The same, compiled by <paramref name="load"/>.</summary>
    public Task<TLauncher> GetOptional<TLauncher>(Delegate kernel, KernelSpecialization specialization, Func<Accelerator, TLauncher> load)
        where TLauncher : Delegate
    {
        _optional[kernel.Method] = specialization;
        return Get(kernel, load);
    }

    /// <summary>
    /// Compiles beside the others; for OpenCL one after another, as kernels get the same text then each time, which the cache of a driver knows.
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

    /// <summary>Waits for all that were asked for.</summary>
    /// <exception cref="NotSupportedException">The device's compiler refuses one that is not optional.</exception>
    public void Complete()
    {
        foreach ((MethodInfo method, Lazy<Task> kernel) in _kernels)
        {
            if (!IsCompiled(kernel.Value) && !_optional.ContainsKey(method))
            {
                throw new NotSupportedException($"{accelerator.Name}: {Refusal(method, kernel.Value.Exception!.InnerException!)}", kernel.Value.Exception.InnerException);
            }
        }
    }

    /// <summary>The optional ones that the device's compiler refuses, a line each that says why.</summary>
    public IReadOnlyList<string> Refused() =>
    [
        .. _kernels.Where(kernel => !IsCompiled(kernel.Value.Value)).Select(kernel =>
            $"{Refusal(kernel.Key, kernel.Value.Value.Exception!.InnerException!)}; a slower kernel takes its place").Order(StringComparer.Ordinal),
    ];

    /// <summary>Whether a kernel is compiled; waits until that is known.</summary>
    public static bool IsCompiled(Task kernel)
    {
        Task.WaitAny(kernel);
        return kernel.IsCompletedSuccessfully;
    }

    /// <summary>Waits for what is being compiled, whether it is wanted still or not.</summary>
    public void Wait()
    {
        foreach (Lazy<Task> kernel in _kernels.Values)
        {
            Task.WaitAny(kernel.Value);
        }
    }

    private string Refusal(MethodInfo method, Exception error) =>
        $"the kernel {Name(method)} cannot be compiled: {((error is CudaException ? PtxError(method) : null) ?? error.Message).ReplaceLineEndings(" ")}";

    /// <summary>What CUDA's assembler complains about first; ILGPU's error only says that it does.</summary>
    private string? PtxError(MethodInfo method)
    {
        if (accelerator is not CudaAccelerator cuda || !_optional.TryGetValue(method, out KernelSpecialization specialization))
        {
            return null;
        }

        try
        {
            accelerator.Bind();
            CudaError result = CudaAPI.CurrentAPI.LoadModule(out nint module, CudaAssembly.Compile(cuda.Backend, method, specialization).PTXAssembly, out string? log);
            if (result != CudaError.CUDA_SUCCESS)
            {
                return log?.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal) || line.Contains("fatal", StringComparison.Ordinal))?.Trim();
            }

            CudaAPI.CurrentAPI.DestroyModule(module);
        }
        catch (Exception)
        {
            // It is refused before there is an assembly.
        }

        return null;
    }

    /// <summary>The method with its class, and the types that make it one of several.</summary>
    public static string Name(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}{Types(method.GetGenericArguments())}";

    private static string Name(Type type) => $"{type.Name.Split('`')[0]}{Types(type.GetGenericArguments())}";

    private static string Types(Type[] types) => types.Length > 0 ? $"<{string.Join(", ", types.Select(Name))}>" : "";
}
