using System.Text;

namespace Data2Vec.Converters.Tests.Onnx;

/// <summary>Writes small ONNX files.</summary>
internal static class OnnxBuilder
{
    /// <summary>A model with a graph of fields.</summary>
    public static byte[] Model(params byte[][] graph) => [.. Field(2, "pytorch"), .. Field(7, Join(graph))];

    /// <summary>A node.</summary>
    public static byte[] Node(string operation, string[] inputs, string output, string domain = "", params byte[][] attributes) => Field(1, Join(
    [
        .. inputs.Select(input => Field(1, input)), Field(2, output), Field(4, operation), .. attributes.Select(attribute => Field(5, attribute)),
        .. domain.Length > 0 ? (byte[][])[Field(7, domain)] : [],
    ]));

    /// <summary>A tensor among the weights.</summary>
    public static byte[] Tensor(string name, long[] shape, int type, params byte[][] fields) => Field(5, Join(
        [.. shape.Select(size => Number(1, size)), Number(2, type), Field(8, name), .. fields]));

    /// <summary>Numbers as they are in memory.</summary>
    public static byte[] Raw(params float[] numbers) => Field(9, [.. numbers.SelectMany(BitConverter.GetBytes)]);

    /// <summary>A reference to numbers in another file.</summary>
    public static byte[] External(string location, long offset, long length) => Join(
        [.. new[] { ("location", location), ("offset", $"{offset}"), ("length", $"{length}") }.Select(entry => Field(13, Join([Field(1, entry.Item1), Field(2, entry.Item2)])))]);

    public static byte[] Number(int field, long value) => [.. Varint((ulong)field << 3), .. Varint((ulong)value)];

    public static byte[] Field(int field, string text) => Field(field, Encoding.UTF8.GetBytes(text));

    public static byte[] Field(int field, byte[] content) => [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)content.Length), .. content];

    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 128; value >>= 7)
        {
            bytes.Add((byte)(value | 128));
        }

        return [.. bytes, (byte)value];
    }

    private static byte[] Join(byte[][] parts) => [.. parts.SelectMany(part => part)];
}
