using Data2Vec.IO;

namespace Data2Vec.Tests;

/// <summary>A stream that behaves like a pipe: it cannot seek, and returns a few bytes at a time.</summary>
internal sealed class OneWayStream(byte[] bytes, int atATime = 7) : ForwardStream
{
    private int _position;

    public override int Read(Span<byte> buffer)
    {
        int read = Math.Min(Math.Min(buffer.Length, atATime), bytes.Length - _position);
        bytes.AsSpan(_position, read).CopyTo(buffer);
        _position += read;
        return read;
    }
}
