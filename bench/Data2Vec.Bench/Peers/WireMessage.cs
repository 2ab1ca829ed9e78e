using System.Text;

namespace Data2Vec.Bench.Peers;

/// <summary>A message of protocol buffers as its fields, to change a few of them and leave the others as they are.</summary>
internal sealed class WireMessage
{
    private const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    private readonly List<(int Number, int Wire, ulong Value, byte[] Data)> _fields = [];

    public static WireMessage Parse(ReadOnlySpan<byte> bytes)
    {
        var message = new WireMessage();
        while (!bytes.IsEmpty)
        {
            ulong key = ReadVarint(ref bytes);
            int wire = (int)(key & 7);
            ulong value = wire is Varint or Bytes ? ReadVarint(ref bytes) : 0;
            int length = wire switch
            {
                Varint => 0,
                Fixed64 => 8,
                Bytes => checked((int)value),
                Fixed32 => 4,
                _ => throw new InvalidDataException($"There is no wire type {wire}."),
            };
            message._fields.Add(((int)(key >> 3), wire, value, bytes[..length].ToArray()));
            bytes = bytes[length..];
        }

        return message;
    }

    public IEnumerable<WireMessage> Messages(int number) => _fields.Where(field => field.Number == number).Select(field => Parse(field.Data));

    public string[] Texts(int number) => [.. _fields.Where(field => field.Number == number).Select(field => Encoding.UTF8.GetString(field.Data))];

    public ulong[] Numbers(int number) => [.. _fields.Where(field => field.Number == number).SelectMany(field => field.Wire == Bytes ? Packed(field.Data) : [field.Value])];

    public WireMessage Without(int number)
    {
        _fields.RemoveAll(field => field.Number == number);
        return this;
    }

    public WireMessage Add(int number, ulong value)
    {
        _fields.Add((number, Varint, value, []));
        return this;
    }

    public WireMessage Add(int number, byte[] data)
    {
        _fields.Add((number, Bytes, (ulong)data.Length, data));
        return this;
    }

    public WireMessage Add(int number, WireMessage message) => Add(number, message.ToArray());

    public WireMessage Add(int number, params ReadOnlySpan<string> texts)
    {
        foreach (string text in texts)
        {
            Add(number, Encoding.UTF8.GetBytes(text));
        }

        return this;
    }

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        foreach ((int number, int wire, ulong value, byte[] data) in _fields)
        {
            WriteVarint(stream, (ulong)number << 3 | (uint)wire);
            if (wire is Varint or Bytes)
            {
                WriteVarint(stream, value);
            }

            stream.Write(data);
        }

        return stream.ToArray();
    }

    private static ulong[] Packed(ReadOnlySpan<byte> bytes)
    {
        var numbers = new List<ulong>();
        while (!bytes.IsEmpty)
        {
            numbers.Add(ReadVarint(ref bytes));
        }

        return [.. numbers];
    }

    private static ulong ReadVarint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; ; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }
    }

    private static void WriteVarint(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }
}
