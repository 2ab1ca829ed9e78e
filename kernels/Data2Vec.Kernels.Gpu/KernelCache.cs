using System.Collections.Concurrent;
using System.Reflection;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// The kernels of a device. Each is compiled once, on a thread of its own, from when it is first asked for: a model asks while it is
/// loaded, so that its first inference finds them.
/// </summary>
internal sealed class KernelCache(Accelerator accelerator)
{
    private readonly ConcurrentDictionary<MethodInfo, Lazy<Task>> _kernels = [];

    /// <summary>A kernel's launcher, or the promise of it.</summary>
    /// <param name="kernel">The method that runs on the device.</param>
    /// <param name="load">Compiles it.</param>
    public Task<TLauncher> Get<TLauncher>(Delegate kernel, Func<Accelerator, TLauncher> load)
        where TLauncher : Delegate =>
        (Task<TLauncher>)_kernels.GetOrAdd(kernel.Method, _ => new Lazy<Task>(() => Task.Run(() => load(accelerator)))).Value;

    /// <summary>Waits for what is being compiled, whether it is wanted still or not.</summary>
    public void Wait()
    {
        foreach (Lazy<Task> kernel in _kernels.Values)
        {
            ((IAsyncResult)kernel.Value).AsyncWaitHandle.WaitOne();
        }
    }
}
