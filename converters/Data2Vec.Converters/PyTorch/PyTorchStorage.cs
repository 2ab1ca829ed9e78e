using System.IO.Hashing;

namespace Data2Vec.Converters.PyTorch;

/// <summary>A sequence of numbers in the file, shared by one or more tensors.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="Type">The number format of its elements.</param>
/// <param name="Count">The number of its elements.</param>
internal sealed record PyTorchStorage(string Key, NumberFormat Type, long Count)
{
    public long ByteCount => Count * Type.Bytes;

    /// <summary>The bytes, known after the whole pickle was read.</summary>
    public ByteRegion? Region { get; set; }

    /// <summary>The checksum of the numbers, if the container has one.</summary>
    public uint? Crc { get; set; }

    /// <summary>Reads the numbers once and compares their checksum.</summary>
    /// <exception cref="InvalidDataException">They are not what was saved.</exception>
    public void Verify()
    {
        InvalidData.ThrowIf(
            Crc is uint expected && Checksum(Region!) != expected,
            $"the checksum of the numbers 'data/{PickleText.Quote(Key)}' is wrong; the file is damaged");
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

/// <summary>A storage, or the part of one that old versions of PyTorch treated as a separate storage.</summary>
internal sealed record StorageView(PyTorchStorage Storage, long Start, long Count);
