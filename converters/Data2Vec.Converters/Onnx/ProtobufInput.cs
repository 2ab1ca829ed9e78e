using System.Buffers.Binary;
using System.Text;

namespace Data2Vec.Converters.Onnx;

/// <summary>Reads a file in the wire format of protocol buffers, one field after another. Long fields are not read but located.</summary>
internal sealed class ProtobufInput(FileRegion file)
{
    private const int VarintBytes = 10, MaxText = 1 << 16;

    private readonly byte[] _buffer = new byte[1 << 16];
    private long _bufferStart;
    private int _bufferLength;

    /// <summary>Where the next byte is.</summary>
    public long Position { get; private set; }

    /// <summary>The kind of the field that was read last.</summary>
    private int Wire { get; set; }

    /// <summary>Whether the field has a length before it: a text, bytes, a message, or several numbers.</summary>
    public bool HasLength => Wire == 2;

    /// <summary>Reads the fields of a message.</summary>
    /// <param name="end">Where the message ends.</param>
    /// <param name="field">Reads the field of a number and says whether it did. Otherwise it is skipped.</param>
    /// <exception cref="InvalidDataException">The message is damaged.</exception>
    public void Fields(long end, Func<int, bool> field)
    {
        while (Position < end)
        {
            ulong tag = Varint();
            (int number, Wire) = ((int)(tag >> 3), (int)(tag & 7));
            Require(tag >> 3 is > 0 and < 1 << 29);
            if (!field(number))
            {
                Skip();
            }

            Require(Position <= end);
        }
    }

    /// <summary>The end of a field that has a length; the next byte is its first.</summary>
    public long End()
    {
        Require(HasLength);
        ulong length = Varint();
        InvalidData.ThrowIf(length > (ulong)(file.Length - Position), "damaged: a field is longer than the file; it was not downloaded completely");
        return Position + (long)length;
    }

    /// <summary>Reads a text.</summary>
    public string Text()
    {
        long end = End();
        Require(end - Position <= MaxText);
        byte[] bytes = new byte[end - Position];
        file.Read(Position, bytes);
        Position = end;
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Reads a whole number.</summary>
    public long Integer()
    {
        Require(Wire == 0);
        return (long)Varint();
    }

    /// <summary>Reads a number of 32 bits.</summary>
    public float Single()
    {
        Require(Wire == 5);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        file.Read(Position, bytes);
        Position += bytes.Length;
        return BinaryPrimitives.ReadSingleLittleEndian(bytes);
    }

    /// <summary>Reads a list of whole numbers, or the next one of a list that is not packed.</summary>
    public void Integers(List<long> numbers, int most)
    {
        long end = HasLength ? End() : Position + 1;
        while (Position < end)
        {
            InvalidData.ThrowIf(numbers.Count == most, $"damaged: a list of more than {most} numbers");
            Wire = 0;
            numbers.Add(Integer());
        }
    }

    /// <summary>The bytes of a field, which stay in the file.</summary>
    public FileRegion Bytes()
    {
        long end = End();
        FileRegion bytes = file.Part(Position, end - Position);
        Position = end;
        return bytes;
    }

    private void Skip()
    {
        switch (Wire)
        {
            case 0: Varint(); break;
            case 1: Position += sizeof(long); break;
            case 2: Position = End(); break;
            case 5: Position += sizeof(int); break;
            default: Require(false); break;
        }
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int i = 0; i < VarintBytes; i++)
        {
            byte next = Byte();
            value |= (ulong)(next & 127) << (7 * i);
            if (next < 128)
            {
                return value;
            }
        }

        Require(false);
        return 0;
    }

    private byte Byte()
    {
        if (Position < _bufferStart || Position >= _bufferStart + _bufferLength)
        {
            InvalidData.ThrowIf(Position >= file.Length, "damaged: a field is longer than the file; it was not downloaded completely");
            (_bufferStart, _bufferLength) = (Position, (int)Math.Min(_buffer.Length, file.Length - Position));
            file.Read(_bufferStart, _buffer.AsSpan(0, _bufferLength));
        }

        return _buffer[(int)(Position++ - _bufferStart)];
    }

    private static void Require(bool condition) => InvalidData.ThrowIf(!condition, "not an ONNX model, or damaged: a field of an impossible kind or length");
}
