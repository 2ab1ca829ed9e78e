namespace Data2Vec.ModelFile;

/// <summary>What a model file says about an asset: a dictionary, a tokenizer file, labels.</summary>
public sealed record AssetInfo
{
    /// <summary>The name, such as <c>dict.txt</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Where the data begins, in bytes from the start of the file: a multiple of 64.</summary>
    public required long Offset { get; init; }

    /// <summary>The size in bytes, less than 2 GiB.</summary>
    public required int Bytes { get; init; }

    /// <summary>The CRC-32C of those bytes.</summary>
    public required uint Crc32C { get; init; }
}
