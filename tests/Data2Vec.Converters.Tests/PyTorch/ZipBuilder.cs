using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Data2Vec.Converters.Tests.PyTorch;

/// <summary>Writes zip files field by field, the impossible ones too.</summary>
internal sealed class ZipBuilder
{
    private static readonly uint[] s_crcTable = [.. Enumerable.Range(0, 256).Select(value => Enumerable.Range(0, 8)
        .Aggregate((uint)value, (crc, _) => (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1))];

    private readonly List<byte> _file = [];
    private readonly List<Entry> _entries = [];

    /// <summary>What a header states; a test changes what it wants to be wrong.</summary>
    public sealed class Entry
    {
        public required string Name { get; set; }

        public int Flags { get; set; }

        public int Method { get; set; }

        public uint Crc { get; set; }

        public uint CompressedLength { get; set; }

        public uint Length { get; set; }

        public uint Offset { get; set; }

        public byte[] Extra { get; set; } = [];

        public Entry Copy() => (Entry)MemberwiseClone();
    }

    public ZipBuilder Add(
        string name, byte[] content, bool deflated = false, Action<Entry>? local = null, Action<Entry>? central = null)
    {
        byte[] stored = deflated ? Deflate(content) : content;
        var entry = new Entry
        {
            Name = name,
            Method = deflated ? 8 : 0,
            Crc = Crc(content),
            CompressedLength = (uint)stored.Length,
            Length = (uint)content.Length,
            Offset = (uint)_file.Count,
        };
        Entry inFront = entry.Copy();
        local?.Invoke(inFront);
        central?.Invoke(entry);
        _entries.Add(entry);
        Write(0x04034b50);
        Write((ushort)20);
        WriteCommon(inFront);
        _file.AddRange(Encoding.UTF8.GetBytes(inFront.Name));
        _file.AddRange(inFront.Extra);
        _file.AddRange(stored);
        return this;
    }

    public byte[] ToArray(int? entryCount = null, uint? directoryOffset = null, uint? directoryLength = null, bool zip64 = false)
    {
        uint start = (uint)_file.Count;
        foreach (Entry entry in _entries)
        {
            Write(0x02014b50);
            Write((ushort)20);
            Write((ushort)20);
            WriteCommon(entry);
            Write((ushort)0);
            Write((ushort)0);
            Write((ushort)0);
            Write(0u);
            Write(entry.Offset);
            _file.AddRange(Encoding.UTF8.GetBytes(entry.Name));
            _file.AddRange(entry.Extra);
        }

        uint length = (uint)_file.Count - start;
        ushort count = (ushort)(entryCount ?? _entries.Count);
        uint offset = directoryOffset ?? start;
        if (zip64)
        {
            ulong position = (ulong)_file.Count;
            Write(0x06064b50);
            Write(44ul);
            Write((ushort)45);
            Write((ushort)45);
            Write(0ul);
            Write((ulong)count);
            Write((ulong)count);
            Write((ulong)length);
            Write((ulong)offset);
            Write(0x07064b50);
            Write(0u);
            Write(position);
            Write(1u);
            (count, length, offset) = (ushort.MaxValue, uint.MaxValue, uint.MaxValue);
        }

        Write(0x06054b50);
        Write(0u);
        Write(count);
        Write(count);
        Write(directoryLength ?? length);
        Write(offset);
        Write((ushort)0);
        return [.. _file];
    }

    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = s_crcTable[(crc ^ value) & 0xff] ^ (crc >> 8);
        }

        return ~crc;
    }

    public static byte[] Deflate(byte[] content)
    {
        using var result = new MemoryStream();
        using (var deflate = new DeflateStream(result, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(content);
        }

        return result.ToArray();
    }

    private void WriteCommon(Entry entry)
    {
        Write((ushort)entry.Flags);
        Write((ushort)entry.Method);
        Write(0u);
        Write(entry.Crc);
        Write(entry.CompressedLength);
        Write(entry.Length);
        Write((ushort)Encoding.UTF8.GetByteCount(entry.Name));
        Write((ushort)entry.Extra.Length);
    }

    private void Write(ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        _file.AddRange(bytes);
    }

    private void Write(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _file.AddRange(bytes);
    }

    private void Write(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _file.AddRange(bytes);
    }
}
