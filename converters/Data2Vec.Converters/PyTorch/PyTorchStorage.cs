using System.IO.Hashing;

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

    /// <summary>The checksum of the numbers, where the container has one.</summary>
    public uint? Crc { get; set; }

    /// <summary>Reads the numbers once and compares their checksum.</summary>
    /// <exception cref="InvalidDataException">They are not what was saved.</exception>
    public void Verify()
    {
        if (Crc is uint expected && Checksum(Region!) != expected)
        {
            throw new InvalidDataException($"the checksum of the numbers 'data/{PickleText.Quote(Key)}' is wrong; the file is damaged");
        }

        Crc = null;
    }

    /// <summary>The checksum of zip files, over a whole region.</summary>
    public static uint Checksum(ByteRegion region)
    {
        var crc = new Crc32();
        byte[] buffer = new byte[64 << 10];
        for (long offset = 0; offset < region.Length; offset += buffer.Length)
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, region.Length - offset));
            region.Read(offset, piece);
            crc.Append(piece);
        }

        return crc.GetCurrentHashAsUInt32();
    }
}
