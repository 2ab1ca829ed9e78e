using System.Collections.Concurrent;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Idle workspaces of a device.</summary>
internal sealed class WorkspacePool(GpuContext context)
{
    /// <summary>Limits the device memory that idle workspaces hold.</summary>
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

    /// <summary>Frees all idle workspaces.</summary>
    public void Free()
    {
        while (_idle.TryTake(out Workspace? idle))
        {
            idle.Free();
        }
    }
}
