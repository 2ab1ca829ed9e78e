namespace Data2Vec.Vision.Images;

/// <summary>Reads parts of a file one after another.</summary>
internal sealed class PartStream(IReadOnlyList<ReadOnlyMemory<byte>> parts) : ForwardStream
{
    private int _part, _at;

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
}
