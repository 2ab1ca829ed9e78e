using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Converters;

/// <summary>A range of the file's own bytes. Any number of threads may read it.</summary>
internal sealed class FileRegion(SafeFileHandle file, long start, long length) : ByteRegion(length)
{
    public override bool IsRandomAccess => true;

    /// <summary>A part of the region, which must lie within it.</summary>
    public FileRegion Part(long offset, long count) => new(file, start + offset, count);

    protected override void ReadInside(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int count = RandomAccess.Read(file, destination, start + offset);
            InvalidData.ThrowIf(count == 0, "the file ends too early; it was not downloaded completely");
            offset += count;
            destination = destination[count..];
        }
    }
}

/// <summary>A range of a checkpoint's bytes, read in pieces.</summary>
internal abstract class ByteRegion(long length)
{
    public long Length { get; } = length;

    /// <summary>Whether any piece can be read without reading the bytes before it.</summary>
    public abstract bool IsRandomAccess { get; }

    /// <summary>Reads the bytes that begin at an offset into the region.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        InvalidData.ThrowIf(offset < 0 || destination.Length > Length - offset, "the file refers to bytes beyond the end of one of its parts");
        ReadInside(offset, destination);
    }

    protected abstract void ReadInside(long offset, Span<byte> destination);
}
