using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Converters;

/// <summary>Bytes that stand in the file as they are; any number of threads may read them.</summary>
internal sealed class FileRegion(SafeFileHandle file, long start, long length) : ByteRegion(length)
{
    public override bool IsRandomAccess => true;

    /// <summary>A part of the region, which must lie within it.</summary>
    public FileRegion Part(long offset, long count) => new(file, start + offset, count);

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || destination.Length > Length - offset)
        {
            throw new InvalidDataException("the file refers to bytes beyond the end of one of its parts");
        }

        while (destination.Length > 0)
        {
            int count = RandomAccess.Read(file, destination, start + offset);
            if (count == 0)
            {
                throw new InvalidDataException("the file ends too early; it was not downloaded completely");
            }

            offset += count;
            destination = destination[count..];
        }
    }
}
