using System.Collections.Concurrent;
using System.Reflection;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// The kernels of a device. Each is compiled once, beside the others, from when it is first asked for: a model asks for what it needs
/// as its weights are loaded, and its loading ends when all are there.
/// </summary>
internal sealed class KernelCache(Accelerator accelerator)
{
    private readonly ConcurrentDictionary<MethodInfo, Lazy<Task>> _kernels = [];
    private readonly ConcurrentDictionary<MethodInfo, bool> _optional = [];

    /// <summary>A kernel's launcher, or the promise of it.</summary>
    /// <param name="kernel">The method that runs on the device.</param>
    /// <param name="load">Compiles it.</param>
    /// <param name="isOptional">Whether the device can do without.</param>
    public Task<TLauncher> Get<TLauncher>(Delegate kernel, Func<Accelerator, TLauncher> load, bool isOptional = false)
        where TLauncher : Delegate
    {
        if (isOptional)
        {
            _optional[kernel.Method] = true;
        }

        return (Task<TLauncher>)_kernels.GetOrAdd(kernel.Method, _ => new Lazy<Task>(() => Task.Run(() => load(accelerator)))).Value;
    }

    /// <summary>Waits for all that were asked for.</summary>
    /// <exception cref="NotSupportedException">The device's compiler refuses one that is not optional.</exception>
    public void Complete()
    {
        foreach ((MethodInfo method, Lazy<Task> kernel) in _kernels)
        {
            try
            {
                kernel.Value.GetAwaiter().GetResult();
            }
            catch (Exception) when (_optional.ContainsKey(method))
            {
            }
            catch (Exception error)
            {
                throw new NotSupportedException($"{accelerator.Name}: the kernel {method.Name} cannot be compiled: {error.Message}", error);
            }
        }
    }

    /// <summary>Waits for what is being compiled, whether it is wanted still or not.</summary>
    public void Wait()
    {
        foreach (Lazy<Task> kernel in _kernels.Values)
        {
            ((IAsyncResult)kernel.Value).AsyncWaitHandle.WaitOne();
        }
    }
}
