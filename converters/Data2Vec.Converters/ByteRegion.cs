namespace Data2Vec.Converters;

/// <summary>A run of bytes of a checkpoint that is read piece by piece.</summary>
/// <param name="length">The number of bytes.</param>
internal abstract class ByteRegion(long length)
{
    public long Length { get; } = length;

    /// <summary>Whether any piece can be read without reading what is before it.</summary>
    public abstract bool IsRandomAccess { get; }

    /// <summary>Reads the bytes that begin at an offset into the region.</summary>
    public abstract void Read(long offset, Span<byte> destination);
}
