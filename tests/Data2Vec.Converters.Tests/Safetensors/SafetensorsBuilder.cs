using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Data2Vec.Converters.Tests.Safetensors;

/// <summary>Writes safetensors files by the published description of the format, right or wrong as told.</summary>
internal sealed class SafetensorsBuilder
{
    private readonly List<string> _entries = [];
    private readonly List<byte> _data = [];

    /// <summary>A file of a header and data as they are.</summary>
    public static byte[] File(string header, byte[] data) => File(Encoding.UTF8.GetBytes(header), data);

    public static byte[] File(byte[] header, byte[] data) => Claim((ulong)header.Length, [.. header, .. data]);

    /// <summary>A file whose first eight bytes claim a length of the header.</summary>
    public static byte[] Claim(ulong headerLength, byte[] rest)
    {
        byte[] file = new byte[8 + rest.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, headerLength);
        rest.CopyTo(file, 8);
        return file;
    }

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    public SafetensorsBuilder Metadata(string json) => Entry($"\"__metadata__\":{json}");

    public SafetensorsBuilder Entry(string json)
    {
        _entries.Add(json);
        return this;
    }

    public SafetensorsBuilder Tensor(string name, string type, long[] shape, byte[] numbers)
    {
        long begin = _data.Count;
        _data.AddRange(numbers);
        string sizes = string.Join(',', shape.Select(size => size.ToString(CultureInfo.InvariantCulture)));
        return Entry($"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{sizes}],\"data_offsets\":[{begin},{_data.Count}]}}");
    }

    public byte[] ToArray()
    {
        string header = "{" + string.Join(',', _entries) + "}";
        // Writers pad with spaces, so that the numbers stand at a multiple of eight.
        int length = (Encoding.UTF8.GetByteCount(header) + 7) / 8 * 8;
        return File(header + new string(' ', length - Encoding.UTF8.GetByteCount(header)), [.. _data]);
    }
}
