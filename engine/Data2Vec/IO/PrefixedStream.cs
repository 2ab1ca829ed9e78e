namespace Data2Vec.IO;

/// <summary>Bytes that were already read from a stream, then the rest of the stream up to a length.</summary>
internal sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest, long restLength = long.MaxValue) : ForwardStream
{
    private ReadOnlyMemory<byte> _prefix = prefix;
    private long _restLength = restLength;

    public override int Read(Span<byte> buffer)
    {
        int count;
        if (_prefix.IsEmpty)
        {
            count = rest.Read(buffer[..(int)Math.Min(buffer.Length, _restLength)]);
            _restLength -= count;
            return count;
        }

        count = Math.Min(buffer.Length, _prefix.Length);
        _prefix.Span[..count].CopyTo(buffer);
        _prefix = _prefix[count..];
        return count;
    }
}
