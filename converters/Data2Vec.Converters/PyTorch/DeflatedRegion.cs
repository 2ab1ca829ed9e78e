namespace Data2Vec.Converters.PyTorch;

/// <summary>Compressed bytes of the file. Reading forward is cheap; going back begins anew.</summary>
/// <param name="inflater">The decompressor that all regions of a file share.</param>
/// <param name="compressed">The compressed bytes.</param>
/// <param name="length">The number of bytes that they are said to become.</param>
internal sealed class DeflatedRegion(Inflater inflater, FileRegion compressed, long length) : ByteRegion(length)
{
    public FileRegion Compressed { get; } = compressed;

    public override bool IsRandomAccess => false;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || destination.Length > Length - offset)
        {
            throw new InvalidDataException("the file refers to bytes beyond the end of one of its parts");
        }

        inflater.Read(this, offset, destination);
    }
}
