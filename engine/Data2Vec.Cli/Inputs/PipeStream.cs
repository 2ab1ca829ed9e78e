using Data2Vec.IO;

namespace Data2Vec.Cli;

/// <summary>A pipe, which may have nothing to read for a long time. Cancelling ends the waiting; the read that waits is abandoned.</summary>
internal sealed class PipeStream(Stream pipe, CancellationToken cancellation) : ForwardStream
{
    private ReadOnlyMemory<byte> _unread;

    /// <summary>Puts back bytes that were read, so that they are read again.</summary>
    public void Unread(ReadOnlyMemory<byte> bytes) => _unread = bytes;

    public override int Read(Span<byte> buffer)
    {
        ReadOnlyMemory<byte> next = _unread.IsEmpty ? ReadPipe(buffer.Length) : _unread[..Math.Min(buffer.Length, _unread.Length)];
        next.Span.CopyTo(buffer);
        _unread = _unread.IsEmpty ? default : _unread[next.Length..];
        return next.Length;
    }

    private ReadOnlyMemory<byte> ReadPipe(int most)
    {
        byte[] bytes = new byte[Math.Min(most, 1 << 16)];
        int count = Task.Run(() => pipe.Read(bytes, 0, bytes.Length), CancellationToken.None).WaitAsync(cancellation).GetAwaiter().GetResult();
        return bytes.AsMemory(0, count);
    }
}
