namespace Data2Vec.Batching;

/// <summary>Inputs that run together.</summary>
/// <param name="output">What is computed for all of them.</param>
internal sealed class Batch<T>(Output output) : IDisposable
{
    /// <summary>What is computed for all inputs.</summary>
    public Output Output { get; } = output;

    /// <summary>The inputs, grouped by request.</summary>
    public List<ReadOnlyMemory<T>> Inputs { get; } = [];

    /// <summary>The requests, in the order of their inputs.</summary>
    public List<Request<T>> Requests { get; } = [];

    /// <summary>Stops the batch.</summary>
    public CancellationTokenSource Stop { get; } = new();

    public void Dispose() => Stop.Dispose();
}
