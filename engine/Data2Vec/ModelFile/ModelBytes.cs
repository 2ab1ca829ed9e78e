namespace Data2Vec.ModelFile;

/// <summary>The bytes of a model file at a fixed address that is a multiple of 64.</summary>
internal abstract class ModelBytes : IDisposable
{
    public abstract nint Address { get; }

    public abstract long Length { get; }

    public abstract void Dispose();

    /// <summary>
    /// The bytes that start at <paramref name="offset"/>, as many as <paramref name="buffer"/> has, for a single pass
    /// over them. They may or may not be in the buffer.
    /// </summary>
    public abstract ReadOnlySpan<byte> Read(long offset, Span<byte> buffer);

    public unsafe ReadOnlySpan<byte> Slice(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(offset));
        return new ReadOnlySpan<byte>((byte*)Address + offset, length);
    }
}
