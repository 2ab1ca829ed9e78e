namespace Data2Vec.Vision.Images;

/// <summary>Reads parts of a file one after another.</summary>
internal sealed class PartStream(IReadOnlyList<ReadOnlyMemory<byte>> parts) : Stream
{
    private int _part, _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        for (; _part < parts.Count; _part++, _at = 0)
        {
            int count = Math.Min(buffer.Length, parts[_part].Length - _at);
            if (count > 0)
            {
                parts[_part].Span.Slice(_at, count).CopyTo(buffer);
                _at += count;
                return count;
            }
        }

        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
