using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// The directory of a zip file, zip64 included, read strictly: whatever a file states twice must agree, and no two of its parts may overlap.
/// </summary>
/// <remarks>The format is PKWARE's APPNOTE.TXT; its section numbers stand beside what they describe.</remarks>
internal sealed class ZipDirectory
{
    private const uint LocalSignature = 0x04034b50;
    private const uint CentralSignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;
    private const uint Zip64EndSignature = 0x06064b50;
    private const uint Zip64LocatorSignature = 0x07064b50;

    private const int LocalSize = 30;
    private const int CentralSize = 46;
    private const int EndSize = 22;
    private const int Zip64EndSize = 56;
    private const int Zip64LocatorSize = 20;

    private const int EncryptionFlags = 0x0001 | 0x0040 | 0x2000;
    private const int PatchFlag = 0x0020;
    private const int MaxEntries = 100_000;
    private const int MaxDirectoryBytes = 32 << 20;

    /// <summary>The largest expansion that deflate can produce.</summary>
    private const int MaxExpansion = 1_033;

    private readonly FileRegion _file;
    private readonly Dictionary<string, ZipEntry> _entries = [];

    /// <summary>Reads the directory of a file.</summary>
    /// <exception cref="InvalidDataException">The zip file is damaged, contradicts itself or uses what is not supported.</exception>
    public ZipDirectory(FileRegion file)
    {
        _file = file;
        long start = ReadCentralDirectory();
        ReadLocalHeaders(start);
    }

    public IReadOnlyCollection<ZipEntry> Entries => _entries.Values;

    public bool TryGetEntry(string name, [MaybeNullWhen(false)] out ZipEntry entry) => _entries.TryGetValue(name, out entry);

    /// <returns>Where the directory begins, which is where the last part must end.</returns>
    private long ReadCentralDirectory()
    {
        (long offset, long size, long count) = FindCentralDirectory();
        InvalidData.ThrowIf(
            size > MaxDirectoryBytes || count > MaxEntries || count > size / CentralSize,
            $"the zip directory of {count} entries in {size} bytes is not a checkpoint's");

        byte[] directory = Read(offset, (int)size);
        ReadOnlySpan<byte> rest = directory;
        for (long i = 0; i < count; i++)
        {
            ZipEntry entry = ReadCentralHeader(ref rest);
            InvalidData.ThrowIf(!_entries.TryAdd(entry.Name, entry), $"the zip file has two entries '{PickleText.Quote(entry.Name)}'");
        }

        ContradictsIf(rest.Length > 0, "the length of its directory");
        return offset;
    }

    /// <summary>4.3.16, the end of central directory record, followed only by its comment.</summary>
    private (long Offset, long Size, long Count) FindCentralDirectory()
    {
        int tailSize = (int)Math.Min(_file.Length, EndSize + ushort.MaxValue);
        byte[] tail = Read(_file.Length - tailSize, tailSize);
        for (int i = tail.Length - EndSize; i >= 0; i--)
        {
            ReadOnlySpan<byte> end = tail.AsSpan(i);
            if (UInt32(end) == EndSignature && UInt16(end[20..]) == end.Length - EndSize)
            {
                return ReadEnd(end, _file.Length - end.Length);
            }
        }

        throw new InvalidDataException("the zip file lacks its directory; it was not downloaded or saved completely");
    }

    private (long Offset, long Size, long Count) ReadEnd(ReadOnlySpan<byte> end, long position)
    {
        InvalidData.ThrowIf(
            UInt16(end[4..]) is not (0 or ushort.MaxValue) || UInt16(end[6..]) is not (0 or ushort.MaxValue),
            "the zip file is split into several");

        ContradictsIf(UInt16(end[8..]) != UInt16(end[10..]), "the number of its entries");
        (long Offset, long Size, long Count) found = (UInt32(end[16..]), UInt32(end[12..]), UInt16(end[10..]));
        bool saturated = found.Offset == uint.MaxValue || found.Size == uint.MaxValue || found.Count == ushort.MaxValue;

        if (position >= Zip64LocatorSize + Zip64EndSize)
        {
            byte[] locator = Read(position - Zip64LocatorSize, Zip64LocatorSize);
            if (UInt32(locator) == Zip64LocatorSignature)
            {
                (found, position) = ReadZip64End(locator, found, position - Zip64LocatorSize);
                saturated = false;
            }
        }

        InvalidData.ThrowIf(saturated, "the zip file lacks its zip64 directory; it is damaged");
        ContradictsIf(found.Size > position || found.Offset != position - found.Size, "the place of its directory");
        return found;
    }

    /// <summary>4.3.14 and 4.3.15: the 64-bit record and its position.</summary>
    private ((long Offset, long Size, long Count) Found, long Position) ReadZip64End(
        ReadOnlySpan<byte> locator, (long Offset, long Size, long Count) in32, long locatorPosition)
    {
        long position = Int64(locator[8..], "the place of its zip64 directory");
        ContradictsIf(position > locatorPosition - Zip64EndSize, "the place of its zip64 directory");
        byte[] end = Read(position, Zip64EndSize);
        ContradictsIf(
            UInt32(end) != Zip64EndSignature ||
            Int64(end.AsSpan(4), "its zip64 directory") != locatorPosition - position - 12,
            "the place of its zip64 directory");

        InvalidData.ThrowIf(UInt32(end.AsSpan(16)) != 0 || UInt32(end.AsSpan(20)) != 0, "the zip file is split into several");
        long count = Int64(end.AsSpan(32), "the number of its entries");
        long size = Int64(end.AsSpan(40), "the length of its directory");
        long offset = Int64(end.AsSpan(48), "the place of its directory");
        ContradictsIf(
            count != Int64(end.AsSpan(24), "the number of its entries") ||
            (in32.Count != ushort.MaxValue && in32.Count != count) ||
            (in32.Size != uint.MaxValue && in32.Size != size) ||
            (in32.Offset != uint.MaxValue && in32.Offset != offset),
            "its directory");

        return ((offset, size, count), position);
    }

    /// <summary>4.3.12, a central directory header.</summary>
    private static ZipEntry ReadCentralHeader(ref ReadOnlySpan<byte> rest)
    {
        ContradictsIf(rest.Length < CentralSize || UInt32(rest) != CentralSignature, "the length of its directory");
        ReadOnlySpan<byte> header = rest;
        int nameLength = UInt16(header[28..]);
        int extraLength = UInt16(header[30..]);
        int total = CentralSize + nameLength + extraLength + UInt16(header[32..]);
        ContradictsIf(total > rest.Length, "the length of its directory");
        rest = rest[total..];

        string name = PickleText.Utf8(header.Slice(CentralSize, nameLength));
        CheckFlags(UInt16(header[8..]), name);
        int method = UInt16(header[10..]);
        InvalidData.ThrowIf(method is not (0 or 8), $"'{PickleText.Quote(name)}' is compressed by method {method}; only deflate is read");
        long length = UInt32(header[24..]);
        long compressedLength = UInt32(header[20..]);
        long offset = UInt32(header[42..]);
        ReadOnlySpan<byte> zip64 = Zip64Extra(header.Slice(CentralSize + nameLength, extraLength));
        Widen(ref length, ref zip64, name);
        Widen(ref compressedLength, ref zip64, name);
        Widen(ref offset, ref zip64, name);
        ContradictsIf(method == 0 && length != compressedLength, $"the length of '{PickleText.Quote(name)}'");
        InvalidData.ThrowIf(method == 8 && length / MaxExpansion > compressedLength, $"'{PickleText.Quote(name)}' has an impossible length");
        return new ZipEntry(name, IsDeflated: method == 8, UInt32(header[16..]), compressedLength, length, offset);
    }

    private void ReadLocalHeaders(long end)
    {
        long free = 0;
        ZipEntry? previous = null;
        foreach (ZipEntry entry in _entries.Values.OrderBy(entry => entry.HeaderOffset))
        {
            InvalidData.ThrowIf(
                entry.HeaderOffset < free,
                $"the zip entries '{PickleText.Quote(previous!.Name)}' and '{PickleText.Quote(entry.Name)}' overlap");

            ReadLocalHeader(entry, end);
            free = entry.DataOffset + entry.CompressedLength;
            previous = entry;
        }
    }

    /// <summary>4.3.7, a local file header, which must agree with the directory.</summary>
    private void ReadLocalHeader(ZipEntry entry, long end)
    {
        string name = PickleText.Quote(entry.Name);
        ContradictsIf(entry.HeaderOffset > end - LocalSize, $"the place of '{name}'");
        byte[] header = Read(entry.HeaderOffset, LocalSize);
        ContradictsIf(UInt32(header) != LocalSignature, $"the place of '{name}'");
        int nameLength = UInt16(header.AsSpan(26));
        int extraLength = UInt16(header.AsSpan(28));
        entry.DataOffset = entry.HeaderOffset + LocalSize + nameLength + extraLength;
        ContradictsIf(entry.DataOffset > end || entry.CompressedLength > end - entry.DataOffset, $"the length of '{name}'");
        byte[] variable = Read(entry.HeaderOffset + LocalSize, nameLength + extraLength);
        ContradictsIf(PickleText.Utf8(variable.AsSpan(0, nameLength)) != entry.Name, $"the name of '{name}'");
        int flags = UInt16(header.AsSpan(6));
        CheckFlags(flags, entry.Name);
        ContradictsIf(UInt16(header.AsSpan(8)) == 8 != entry.IsDeflated, $"the compression of '{name}'");
        long length = UInt32(header.AsSpan(22));
        long compressedLength = UInt32(header.AsSpan(18));
        ReadOnlySpan<byte> zip64 = Zip64Extra(variable.AsSpan(nameLength));
        Widen(ref length, ref zip64, entry.Name);
        Widen(ref compressedLength, ref zip64, entry.Name);
        uint crc = UInt32(header.AsSpan(14));

        // 4.4.4 bit 3: the three values may follow the data instead and be zero here.
        bool follows = (flags & 0x0008) != 0;
        ContradictsIf(
            (length != entry.Length && !(follows && length == 0)) ||
            (compressedLength != entry.CompressedLength && !(follows && compressedLength == 0)),
            $"the length of '{name}'");

        ContradictsIf(crc != entry.Crc && !(follows && crc == 0), $"the checksum of '{name}'");
    }

    private static void CheckFlags(int flags, string name)
    {
        InvalidData.ThrowIf((flags & EncryptionFlags) != 0, $"'{PickleText.Quote(name)}' is encrypted; save the checkpoint without a password");
        InvalidData.ThrowIf((flags & PatchFlag) != 0, $"'{PickleText.Quote(name)}' is a zip patch, not data");
    }

    /// <summary>4.5.3: the extra field for numbers that do not fit 32 bits.</summary>
    private static ReadOnlySpan<byte> Zip64Extra(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int size = UInt16(extra[2..]);
            if (size > extra.Length - 4)
            {
                break;
            }

            if (UInt16(extra) == 0x0001)
            {
                return extra.Slice(4, size);
            }

            extra = extra[(4 + size)..];
        }

        return [];
    }

    private static void Widen(ref long value, ref ReadOnlySpan<byte> zip64, string name)
    {
        if (value != uint.MaxValue)
        {
            return;
        }

        ContradictsIf(zip64.Length < 8, $"the length of '{PickleText.Quote(name)}'");
        value = Int64(zip64, $"the length of '{PickleText.Quote(name)}'");
        zip64 = zip64[8..];
    }

    private byte[] Read(long offset, int count)
    {
        byte[] bytes = new byte[count];
        _file.Read(offset, bytes);
        return bytes;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static long Int64(ReadOnlySpan<byte> bytes, string what)
    {
        long value = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        ContradictsIf(value < 0, what);
        return value;
    }

    private static void ContradictsIf(bool condition, string what) =>
        InvalidData.ThrowIf(condition, $"the zip file contradicts itself about {what}; it is damaged");
}

/// <summary>An entry of a zip file's directory.</summary>
internal sealed record ZipEntry(string Name, bool IsDeflated, uint Crc, long CompressedLength, long Length, long HeaderOffset)
{
    /// <summary>The offset of its bytes, known after its local header was read.</summary>
    public long DataOffset { get; set; }
}
