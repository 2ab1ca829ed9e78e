namespace Data2Vec.Converters.PyTorch;

/// <summary>A run of numbers in the file that one or more tensors look into.</summary>
/// <param name="key">Its name in the file.</param>
/// <param name="type">The number format of its elements.</param>
/// <param name="count">The number of its elements.</param>
internal sealed class PyTorchStorage(string key, StorageType type, long count)
{
    public string Key { get; } = key;

    public StorageType Type { get; } = type;

    public long Count { get; } = count;

    public long ByteCount => Count * Type.Size;

    /// <summary>Where the numbers are; known when the whole pickle was read.</summary>
    public ByteRegion? Region { get; set; }
}
