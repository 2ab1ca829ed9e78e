namespace Data2Vec.Batching;

/// <summary>Inputs that run together.</summary>
/// <param name="output">What their requests have in common.</param>
internal sealed class Batch<T>(Output output) : IDisposable
{
    /// <summary>What makes the batch different from others.</summary>
    public Output Output { get; } = output;

    /// <summary>The inputs, those of one request after those of another.</summary>
    public List<ReadOnlyMemory<T>> Inputs { get; } = [];

    /// <summary>The requests, in the order of their inputs.</summary>
    public List<Request<T>> Requests { get; } = [];

    /// <summary>Stops it.</summary>
    public CancellationTokenSource Stop { get; } = new();

    public void Dispose() => Stop.Dispose();
}
