using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// The graphs of lists of operations that came again: the inputs of one length give the same list each time, as working memory lies where it
/// lay. Making a graph takes longer than launching a list, so the first time of one is only remembered.
/// </summary>
internal sealed class GraphCache(GpuContext context, AcceleratorStream stream) : IDisposable
{
    /// <summary>How many lists are remembered, with a graph each; the one that came longest ago goes first.</summary>
    public const int Most = 32;

    private readonly List<Entry> _entries = [];

    /// <summary>Queues a list of operations as a graph.</summary>
    /// <param name="operations">The list.</param>
    /// <param name="work">Queues one each.</param>
    /// <returns>Whether that is done; else they are to be queued one by one.</returns>
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
        else if (_entries.Count == Most)
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
            context.Do(() =>
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
            // Not tried again: what a driver refuses once it refuses always.
            context.Graphs = null;
            return false;
        }
    }

    /// <summary>Forgets all, as addresses now mean something else. Nothing may be running.</summary>
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

        /// <summary>0 before it came again.</summary>
        public nint Graph { get; set; }
    }
}
