using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.Tests.Safetensors;

public class SafetensorsFileTests
{
    // The bytes are written out by hand from the definitions of the number formats.
    public static TheoryData<string, CheckpointType, byte[], float[]> NumberFormats => new()
    {
        {
            "F64", CheckpointType.F64,
            [0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0], [1.5f, -2f]
        },
        { "F32", CheckpointType.F32, [0, 0, 0xC0, 0x3F, 0, 0, 0x80, 0xFF], [1.5f, float.NegativeInfinity] },
        { "F16", CheckpointType.F16, [0, 0x3E, 1, 0], [1.5f, 1f / (1 << 24)] },
        { "BF16", CheckpointType.BF16, [0xC0, 0x3F, 0, 0xC0], [1.5f, -2f] },
        {
            "I64", CheckpointType.I64,
            [0, 0, 0, 0, 0, 1, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [1099511627776f, -2f]
        },
        { "I32", CheckpointType.I32, [0, 0, 1, 0, 0xFE, 0xFF, 0xFF, 0xFF], [65536f, -2f] },
        { "I16", CheckpointType.I16, [0, 1, 0xFE, 0xFF], [256f, -2f] },
        { "I8", CheckpointType.I8, [127, 0xFE], [127f, -2f] },
        { "U8", CheckpointType.U8, [127, 0xFE], [127f, 254f] },
        { "BOOL", CheckpointType.Bool, [0, 1], [0f, 1f] },
    };

    [Theory]
    [MemberData(nameof(NumberFormats))]
    public void Every_number_format_is_read(string name, CheckpointType type, byte[] bytes, float[] expected)
    {
        using var folder = new Folder();
        byte[] file = new SafetensorsBuilder().Tensor("before", "U8", [3], [7, 8, 9]).Tensor("x", name, [2, 1], bytes).ToArray();
        using SafetensorsFile opened = SafetensorsFile.Open(folder.Add("a.safetensors", file));
        CheckpointTensor tensor = opened.Tensors["x"];
        Assert.Equal(type, tensor.Type);
        Assert.Equal(name, Assert.IsType<SafetensorsTensor>(tensor).DataType);
        Assert.Equal([2, 1], tensor.Shape);
        Assert.Equal(expected, Folder.Numbers(tensor));
        float[] second = new float[1];
        tensor.Read(1, second);
        Assert.Equal(expected[1], second[0]);
        Assert.Equal([7, 8, 9], Folder.Numbers(opened.Tensors["before"]));
    }

    [Theory]
    [InlineData("U16", 2, 4)]
    [InlineData("U32", 2, 8)]
    [InlineData("U64", 2, 16)]
    [InlineData("C64", 2, 16)]
    [InlineData("F8_E4M3", 2, 2)]
    [InlineData("F8_E5M2", 2, 2)]
    [InlineData("F8_E8M0", 2, 2)]
    [InlineData("F6_E2M3", 4, 3)]
    [InlineData("F6_E3M2", 4, 3)]
    [InlineData("F4", 2, 1)]
    [InlineData("F128", 2, 32)]
    public void A_number_format_that_is_not_supported_is_refused_only_when_it_is_read(string type, long count, int bytes)
    {
        using var folder = new Folder();
        byte[] file = new SafetensorsBuilder()
            .Tensor("odd", type, [count], new byte[bytes])
            .Tensor("even", "F32", [1], SafetensorsBuilder.Floats(3)).ToArray();
        using SafetensorsFile opened = SafetensorsFile.Open(folder.Add("a.safetensors", file));
        Assert.Equal([3], Folder.Numbers(opened.Tensors["even"]));
        CheckpointTensor tensor = opened.Tensors["odd"];
        Assert.Equal(CheckpointType.Other, tensor.Type);
        Assert.Equal([count], tensor.Shape);
        string message = Assert.Throws<InvalidDataException>(() => tensor.Read(0, new float[1])).Message;
        Assert.Equal(
            $"a.safetensors: tensor 'odd': numbers of dtype '{type}' are not supported; convert it to float32 and save again",
            message);
    }

    [Fact]
    public void Single_numbers_and_empty_tensors_are_read()
    {
        using var folder = new Folder();
        byte[] file = new SafetensorsBuilder()
            .Tensor("none", "F32", [0], [])
            .Tensor("scalar", "F32", [], SafetensorsBuilder.Floats(2.5f))
            .Tensor("flat", "I64", [3, 0, 5], [])
            .Tensor("last", "F64", [0, 1L << 40], []).ToArray();
        using SafetensorsFile opened = SafetensorsFile.Open(folder.Add("a.safetensors", file));
        Assert.Empty(opened.Tensors["scalar"].Shape);
        Assert.Equal([2.5f], Folder.Numbers(opened.Tensors["scalar"]));
        Assert.Equal([3, 0, 5], opened.Tensors["flat"].Shape);
        foreach (string name in (string[])["none", "flat", "last"])
        {
            Assert.Empty(Folder.Numbers(opened.Tensors[name]));
        }
    }

    [Fact]
    public void A_file_without_tensors_is_read()
    {
        using var folder = new Folder();
        using SafetensorsFile opened = SafetensorsFile.Open(folder.Add("a.safetensors", SafetensorsBuilder.File("{}", [])));
        Assert.Empty(opened.Tensors);
        Assert.Empty(opened.Metadata);
        Assert.Equal("a.safetensors", opened.FileName);
    }

    [Fact]
    public void Metadata_and_names_in_any_script_are_read()
    {
        using var folder = new Folder();
        byte[] file = new SafetensorsBuilder()
            .Metadata("""{"format":"pt","note":"\u00e9 \ud83d\ude00 \"","":""}""")
            .Tensor("größe.\\u0041", "U8", [1], [5]).ToArray();
        using SafetensorsFile opened = SafetensorsFile.Open(folder.Add("a.safetensors", file));
        Assert.Equal(
            new Dictionary<string, string> { ["format"] = "pt", ["note"] = "é 😀 \"", [""] = "" }, opened.Metadata);
        Assert.Equal([5], Folder.Numbers(opened.Tensors["größe.A"]));
    }

    [Fact]
    public void The_header_need_not_list_tensors_in_the_order_of_their_numbers()
    {
        using var folder = new Folder();
        byte[] file = SafetensorsBuilder.File(
            """
            { "b" : {"data_offsets":[2, 3],"shape":[1],"dtype":"U8"},
              "a" : {"shape":[2],"dtype":"U8","data_offsets":[0, 2]} }
            """,
            [1, 2, 3]);
        using SafetensorsFile opened = SafetensorsFile.Open(folder.Add("a.safetensors", file));
        Assert.Equal([1, 2], Folder.Numbers(opened.Tensors["a"]));
        Assert.Equal([3], Folder.Numbers(opened.Tensors["b"]));
    }

    [Fact]
    public void A_tensor_larger_than_any_buffer_is_read_whole_and_in_pieces()
    {
        float[] values = [.. Enumerable.Range(0, 700_001).Select(i => (float)i)];
        using var folder = new Folder();
        byte[] file = new SafetensorsBuilder()
            .Tensor("odd", "U8", [1], [1])
            .Tensor("x", "F32", [values.Length], SafetensorsBuilder.Floats(values)).ToArray();
        using SafetensorsFile opened = SafetensorsFile.Open(folder.Add("a.safetensors", file));
        Assert.Equal(values, Folder.Numbers(opened.Tensors["x"]));
        float[] piece = new float[300_000];
        opened.Tensors["x"].Read(400_001, piece);
        Assert.Equal(values[400_001..], piece);
    }

    [Fact]
    public void Reading_outside_a_tensor_is_the_callers_error()
    {
        using var folder = new Folder();
        byte[] file = new SafetensorsBuilder().Tensor("x", "U8", [2], [1, 2]).Tensor("y", "U8", [2], [3, 4]).ToArray();
        using SafetensorsFile opened = SafetensorsFile.Open(folder.Add("a.safetensors", file));
        CheckpointTensor tensor = opened.Tensors["x"];
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(1, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(-1, new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(long.MaxValue, new float[1]));
    }
}
