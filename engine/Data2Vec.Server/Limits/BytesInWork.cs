using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Limits;

/// <summary>Counts the bytes of the bodies that are in memory, so that many large requests at once cannot fill it.</summary>
/// <param name="limit">The most bytes.</param>
internal sealed class BytesInWork(long limit)
{
    private long _bytes;

    /// <summary>Counts a body, if it is allowed beside the others.</summary>
    /// <exception cref="RequestException">There are too many bytes already.</exception>
    public Share Take(long bytes)
    {
        long all = Interlocked.Add(ref _bytes, bytes);
        if (all > limit && all > bytes)
        {
            Interlocked.Add(ref _bytes, -bytes);
            throw RequestException.Busy(TimeSpan.FromSeconds(1));
        }

        return new Share(this, bytes);
    }

    /// <summary>The bytes of one body.</summary>
    public readonly struct Share(BytesInWork owner, long bytes) : IDisposable
    {
        public void Dispose() => Interlocked.Add(ref owner._bytes, -bytes);
    }
}
