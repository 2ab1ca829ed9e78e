using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Limits;

/// <summary>Counts the bytes of the bodies that are in memory, so that many large requests at once cannot fill it.</summary>
/// <param name="limit">The most bytes. One request alone may have more.</param>
internal sealed class BytesInWork(long limit)
{
    private long _bytes;

    private long Limit => limit;

    /// <summary>Begins to count the bytes of a request.</summary>
    public Share Begin() => new(this);

    /// <summary>The bytes of one request.</summary>
    public sealed class Share(BytesInWork owner) : IDisposable
    {
        private long _own;

        /// <summary>Counts bytes, if they are allowed beside those of the others.</summary>
        /// <exception cref="RequestException">There are too many bytes already.</exception>
        public void Add(long bytes)
        {
            _own += bytes;
            long all = Interlocked.Add(ref owner._bytes, bytes);
            if (all > owner.Limit && all > _own)
            {
                throw RequestException.Busy(TimeSpan.FromSeconds(1));
            }
        }

        public void Dispose() => Interlocked.Add(ref owner._bytes, -Interlocked.Exchange(ref _own, 0));
    }
}
