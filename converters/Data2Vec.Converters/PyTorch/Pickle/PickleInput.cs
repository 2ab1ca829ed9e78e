using System.Buffers.Binary;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// The bytes of a pickle, read forward in small pieces. Every length that the pickle states is held against the bytes
/// that remain before anything of that size is allocated.
/// </summary>
internal sealed class PickleInput(Stream stream, long length)
{
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _next;
    private int _filled;
    private readonly long _length = length;
    private long _limit = length;

    /// <summary>The number of bytes read.</summary>
    public long Position { get; private set; }

    /// <summary>The number of bytes left in the pickle, or in the file if it holds several.</summary>
    public long Remaining => _limit - Position;

    /// <summary>Limits the size of the next pickle.</summary>
    public void BeginPickle(long maxBytes) => _limit = Math.Min(_length, Position + maxBytes);

    public byte ReadByte()
    {
        EndsIf(Remaining <= 0);
        Fill();
        Position++;
        return _buffer[_next++];
    }

    public int ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(ReadBytes(stackalloc byte[2]));

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(ReadBytes(stackalloc byte[4]));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(stackalloc byte[4]));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(stackalloc byte[8]));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(ReadBytes(stackalloc byte[8]));

    /// <summary>Reads a stated number of bytes, after checking it against the input and a limit.</summary>
    public byte[] ReadBytes(ulong count, int maxBytes, PickleBudget budget)
    {
        EndsIf(count > (ulong)Math.Max(Remaining, 0));
        InvalidData.ThrowIf(count > (ulong)maxBytes, $"the pickle has a value of {count} bytes; up to {maxBytes} are read");
        budget.ChargeMemory((long)count + 24);
        byte[] bytes = new byte[count];
        ReadBytes(bytes);
        return bytes;
    }

    /// <summary>Reads a line without its end.</summary>
    public byte[] ReadLine(int maxBytes, PickleBudget budget)
    {
        using var line = new MemoryStream();
        for (byte next = ReadByte(); next != '\n'; next = ReadByte())
        {
            InvalidData.ThrowIf(line.Length == maxBytes, $"the pickle has a line of more than {maxBytes} bytes");
            line.WriteByte(next);
        }

        budget.ChargeMemory(line.Length + 24);
        return line.ToArray();
    }

    private Span<byte> ReadBytes(Span<byte> destination)
    {
        EndsIf(destination.Length > Remaining);
        for (Span<byte> rest = destination; rest.Length > 0;)
        {
            Fill();
            int count = Math.Min(rest.Length, _filled - _next);
            _buffer.AsSpan(_next, count).CopyTo(rest);
            rest = rest[count..];
            _next += count;
            Position += count;
        }

        return destination;
    }

    /// <summary>Ensures that the buffer has a byte to read.</summary>
    private void Fill()
    {
        if (_next == _filled)
        {
            (_next, _filled) = (0, stream.Read(_buffer));
            EndsIf(_filled == 0);
        }
    }

    private void EndsIf(bool condition) => InvalidData.ThrowIf(condition, _limit < _length
        ? "a pickle is longer than any checkpoint's"
        : "the pickle ends too early; the file is damaged or was not downloaded completely");
}
