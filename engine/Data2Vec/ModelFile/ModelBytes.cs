namespace Data2Vec.ModelFile;

/// <summary>The bytes of a model file at a fixed address that is a multiple of 64.</summary>
internal abstract class ModelBytes : IDisposable
{
    public abstract nint Address { get; }

    public abstract long Length { get; }

    public abstract void Dispose();

    public unsafe ReadOnlySpan<byte> Slice(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(offset));
        return new ReadOnlySpan<byte>((byte*)Address + offset, length);
    }
}
