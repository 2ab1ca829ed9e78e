namespace Data2Vec.Training.Exchange;

/// <summary>
/// Adds up the gradients of the processes that train one model together. Each process is a rank. All ranks make the same calls in the same order,
/// with buffers of the same lengths. Calls come from one thread at a time.
/// </summary>
/// <remarks>
/// For the same number of ranks the sums have the same bits in each run and on each rank. Another number of ranks gives the same sums up to rounding.
/// </remarks>
public interface IGradientExchange : IDisposable
{
    /// <summary>The number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>The number of processes.</summary>
    int Count { get; }

    /// <summary>Replaces each element by its sum over all ranks.</summary>
    void Sum(Span<float> values);

    /// <summary>Replaces each element by its sum over all ranks.</summary>
    void Sum(Span<double> values);

    /// <summary>Replaces the bytes by those of rank 0.</summary>
    void Broadcast(Span<byte> data);

    /// <summary>Waits until all ranks have made this call.</summary>
    void Barrier();

    /// <summary>
    /// Ends the exchange after all ranks have made this call. An exchange that is disposed without it has failed: the other ranks are ended when this
    /// process ends.
    /// </summary>
    void Complete();
}
