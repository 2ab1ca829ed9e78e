using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>Counts calls of a graph driver; without a driver, replays the recorded operations.</summary>
internal sealed class CountingGraphs(IGraphDriver? driver = null) : IGraphDriver
{
    private readonly List<Action[]> _graphs = [];
    private int _captured, _launched, _destroyed;

    public int Captured => _captured;

    public int Launched => _launched;

    public int Destroyed => _destroyed;

    public bool RefusesCapture { get; set; }

    public bool RefusesLaunch { get; set; }

    public nint Capture(AcceleratorStream stream, IReadOnlyList<Action> work)
    {
        if (RefusesCapture)
        {
            throw new GraphException("no graphs today");
        }

        Interlocked.Increment(ref _captured);
        if (driver is not null)
        {
            return driver.Capture(stream, work);
        }

        _graphs.Add([.. work]);
        return _graphs.Count;
    }

    public void Launch(nint graph, AcceleratorStream stream)
    {
        if (RefusesLaunch)
        {
            throw new GraphException("no graphs today");
        }

        Interlocked.Increment(ref _launched);
        if (driver is not null)
        {
            driver.Launch(graph, stream);
            return;
        }

        Array.ForEach(_graphs[(int)graph - 1], operation => operation());
    }

    public void Destroy(nint graph)
    {
        Interlocked.Increment(ref _destroyed);
        driver?.Destroy(graph);
    }
}
