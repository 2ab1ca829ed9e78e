using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A driver that takes many operations at once.</summary>
internal interface IGraphDriver
{
    /// <summary>Makes a graph of operations, without doing any.</summary>
    /// <param name="stream">Where they are queued.</param>
    /// <param name="work">Queues one each; all were queued before, so that nothing is left to be loaded.</param>
    /// <exception cref="GraphException">The driver refuses; the stream is as it was.</exception>
    nint Capture(AcceleratorStream stream, IReadOnlyList<Action> work);

    /// <summary>Queues all of a graph.</summary>
    /// <exception cref="GraphException">The driver refuses; nothing of it is queued.</exception>
    void Launch(nint graph, AcceleratorStream stream);

    /// <summary>Frees a graph that is not running.</summary>
    void Destroy(nint graph);
}

/// <summary>A driver makes or runs no graph.</summary>
internal sealed class GraphException(string message, Exception? inner = null) : Exception(message, inner);
