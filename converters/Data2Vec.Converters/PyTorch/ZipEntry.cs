namespace Data2Vec.Converters.PyTorch;

/// <summary>What the directory of a zip file says about one of its parts.</summary>
internal sealed record ZipEntry
{
    public required string Name { get; init; }

    public required bool IsDeflated { get; init; }

    public required uint Crc { get; init; }

    public required long CompressedLength { get; init; }

    public required long Length { get; init; }

    public required long HeaderOffset { get; init; }

    /// <summary>Where its bytes begin; known when its own header was read.</summary>
    public long DataOffset { get; set; }
}
