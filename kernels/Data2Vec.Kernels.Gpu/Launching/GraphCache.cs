namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// Graphs of repeated lists of operations. Inputs of the same length give equal lists, because working memory keeps its addresses. Capturing a graph takes
/// longer than launching a list, so a list is captured when it repeats.
/// </summary>
internal sealed class GraphCache(GpuContext context, AcceleratorStream stream) : IDisposable
{
    /// <summary>The number of cached lists; the least recently used one is evicted first.</summary>
    public const int Capacity = 32;

    private readonly List<Entry> _entries = [];

    /// <summary>Launches a list of operations as a graph.</summary>
    /// <param name="operations">Description of the operations.</param>
    /// <param name="work">Queues the operations.</param>
    /// <returns>False if the operations must be queued one by one.</returns>
    public bool TryLaunch(OperationList operations, IReadOnlyList<Action> work)
    {
        if (context.Graphs is not { } driver)
        {
            return false;
        }

        int found = _entries.FindIndex(entry => entry.Operations.IsSameAs(operations));
        Entry entry = found >= 0 ? _entries[found] : new Entry(operations.Clone());
        if (found >= 0)
        {
            _entries.RemoveAt(found);
        }
        else if (_entries.Count == Capacity)
        {
            Destroy(_entries[0]);
            _entries.RemoveAt(0);
        }

        _entries.Add(entry);
        if (found < 0)
        {
            return false;
        }

        try
        {
            context.Run(() =>
            {
                if (entry.Graph == 0)
                {
                    entry.Graph = driver.Capture(stream, work);
                    entry.Driver = driver;
                }

                driver.Launch(entry.Graph, stream);
            });
            return true;
        }
        catch (GraphException)
        {
            // Not tried again: the driver would refuse it again.
            context.Graphs = null;
            return false;
        }
    }

    /// <summary>Drops all graphs, because addresses become invalid. The device must be idle.</summary>
    public void Dispose()
    {
        _entries.ForEach(Destroy);
        _entries.Clear();
    }

    private static void Destroy(Entry entry)
    {
        if (entry.Graph != 0)
        {
            entry.Driver!.Destroy(entry.Graph);
        }
    }

    private sealed class Entry(OperationList operations)
    {
        public OperationList Operations { get; } = operations;

        public IGraphDriver? Driver { get; set; }

        /// <summary>0 until the list repeats.</summary>
        public nint Graph { get; set; }
    }
}
