using System.Collections.Concurrent;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The workspaces of a device that no inference uses now.</summary>
internal sealed class WorkspacePool(GpuContext context)
{
    /// <summary>Idle ones keep their memory, which a device has less of than threads may call.</summary>
    private const int MaxIdle = 4;

    private readonly ConcurrentBag<Workspace> _idle = [];

    public Workspace Rent() => _idle.TryTake(out Workspace? idle) ? idle : new Workspace(context);

    public void Return(Workspace workspace)
    {
        if (_idle.Count >= MaxIdle)
        {
            workspace.Free();
        }
        else
        {
            _idle.Add(workspace);
        }
    }

    /// <summary>Frees all that are idle.</summary>
    public void Free()
    {
        while (_idle.TryTake(out Workspace? idle))
        {
            idle.Free();
        }
    }
}
