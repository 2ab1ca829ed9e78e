namespace Data2Vec.Kernels.Gpu;

/// <summary>A driver that launches many operations at once as a graph.</summary>
internal interface IGraphDriver
{
    /// <summary>Captures operations as a graph without running them.</summary>
    /// <param name="stream">Stream that the operations use.</param>
    /// <param name="work">Queues the operations. All have run before, so that everything is loaded.</param>
    /// <exception cref="GraphException">The driver refuses; the stream is unchanged.</exception>
    nint Capture(AcceleratorStream stream, IReadOnlyList<Action> work);

    /// <summary>Queues a graph.</summary>
    /// <exception cref="GraphException">The driver refuses; nothing is queued.</exception>
    void Launch(nint graph, AcceleratorStream stream);

    /// <summary>Frees a graph, which must not be running.</summary>
    void Destroy(nint graph);
}

/// <summary>The driver cannot capture or launch a graph.</summary>
internal sealed class GraphException(string message, Exception? inner = null) : Exception(message, inner);
