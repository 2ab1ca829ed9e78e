using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Data2Vec.Tests.ModelFile;

/// <summary>A second reader, written from FORMAT.md, that shares no code with the first.</summary>
internal sealed class NaiveReader
{
    private readonly byte[] _file;
    private readonly JsonElement _header;

    public NaiveReader(byte[] file)
    {
        _file = file;
        using var reader = new BinaryReader(new MemoryStream(file));
        Assert.Equal("D2V\0", Encoding.ASCII.GetString(reader.ReadBytes(4)));
        Assert.Equal(1u, reader.ReadUInt32());
        int headerLength = (int)reader.ReadUInt64();
        Assert.Equal((ulong)file.Length, reader.ReadUInt64());
        uint crc = reader.ReadUInt32();
        Assert.All(reader.ReadBytes(36), value => Assert.Equal(0, value));
        byte[] json = reader.ReadBytes(headerLength);
        Assert.Equal(crc, Crc32CTests.Bitwise(json));
        _header = JsonDocument.Parse(json).RootElement;
    }

    public string Architecture => _header.GetProperty("architecture").GetString()!;

    public JsonElement Config => _header.GetProperty("config");

    public JsonElement Provenance => _header.GetProperty("provenance");

    public string[] TensorNames => [.. _header.GetProperty("tensors").EnumerateObject().Select(p => p.Name)];

    public byte[] Asset(string name) => Data(_header.GetProperty("assets").GetProperty(name));

    public int[] Shape(string tensor) =>
        [.. _header.GetProperty("tensors").GetProperty(tensor).GetProperty("shape").EnumerateArray().Select(s => s.GetInt32())];

    public float[] Floats(string tensor)
    {
        JsonElement entry = _header.GetProperty("tensors").GetProperty(tensor);
        int[] shape = Shape(tensor);
        int count = shape.Aggregate(1, (a, b) => a * b);
        byte[] data = Data(entry);
        float[] result = new float[count];
        string type = entry.GetProperty("dtype").GetString()!;
        int scaleBytes = type != "i8" ? 0 : (4 * shape[0] + 63) / 64 * 64;
        int[] places = [.. Enumerable.Range(0, count)];
        if (entry.TryGetProperty("layout", out JsonElement layout) && layout.GetString() == "panels")
        {
            int groups = entry.TryGetProperty("groups", out JsonElement g) ? g.GetInt32() : 1;
            places = Panels(shape, groups, type switch { "i8" => 4, "f16" or "bf16" => 2, _ => 1 }, data.Length - scaleBytes);
        }

        for (int i = 0; i < count; i++)
        {
            result[i] = type switch
            {
                "f32" => BitConverter.ToSingle(data, 4 * places[i]),
                "f16" => (float)BitConverter.ToHalf(data, 2 * places[i]),
                "bf16" => BitConverter.Int32BitsToSingle(BitConverter.ToUInt16(data, 2 * places[i]) << 16),
                "i8" => BitConverter.ToSingle(data, 4 * (i / (count / shape[0]))) * (sbyte)data[scaleBytes + places[i]],
                string other => throw new InvalidDataException(other),
            };
        }

        return result;
    }

    /// <summary>The position of each element, counted in elements.</summary>
    private static int[] Panels(int[] shape, int groups, int perWord, int bytes)
    {
        int outputs = shape[0] / groups;
        int channels = shape[1];
        int words = (channels + perWord - 1) / perWord;
        int taps = shape[2..].Aggregate(1, (a, b) => a * b);
        int depth = words * taps;
        int whole = outputs / 32 * 32;
        int rest = outputs - whole;
        int padded = whole + (rest == 0 ? 0 : rest <= 16 ? 16 : 32);
        Assert.Equal(4 * groups * depth * padded, bytes);
        int[] places = new int[shape[0] * channels * taps];
        for (int output = 0; output < shape[0]; output++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                for (int tap = 0; tap < taps; tap++)
                {
                    int n = output % outputs;
                    int k = tap * words + channel / perWord;
                    int panel = n / 32 * 32;
                    int width = Math.Min(32, padded - panel);
                    int at = output / outputs * padded * depth + panel * depth + k * width + n - panel;
                    places[(output * channels + channel) * taps + tap] = at * perWord + channel % perWord;
                }
            }
        }

        return places;
    }

    private byte[] Data(JsonElement entry)
    {
        int offset = (int)entry.GetProperty("offset").GetInt64();
        int bytes = (int)entry.GetProperty("bytes").GetInt64();
        Assert.Equal(0, offset % 64);
        byte[] data = _file.AsSpan(offset, bytes).ToArray();
        string crc = entry.GetProperty("crc32c").GetString()!;
        Assert.Equal(uint.Parse(crc, NumberStyles.HexNumber, CultureInfo.InvariantCulture), Crc32CTests.Bitwise(data));
        return data;
    }
}
