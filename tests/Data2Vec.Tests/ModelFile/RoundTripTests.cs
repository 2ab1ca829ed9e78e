using System.Text.Json;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Tests.ModelFile;

public class RoundTripTests
{
    [Fact]
    public void An_independent_reader_reads_what_was_written()
    {
        D2vContents contents = SampleModel.Contents();
        var reader = new NaiveReader(SampleModel.Bytes());
        Assert.Equal("data2vec-test", reader.Architecture);
        Assert.Equal(48, reader.Config.GetProperty("hidden_size").GetInt32());
        Assert.Equal("größe \"x\" ✓", reader.Config.GetProperty("name").GetString());
        Assert.Equal("sample.pt", reader.Provenance.GetProperty("source").GetString());
        Assert.Equal(contents.Tensors.Select(tensor => tensor.Name), reader.TensorNames);
        foreach (TensorDeclaration tensor in contents.Tensors)
        {
            Assert.Equal(tensor.Shape, reader.Shape(tensor.Name));
            AssertNear(tensor, reader.Floats(tensor.Name));
        }

        Assert.Equal(SampleModel.Dictionary, reader.Asset("dict.txt"));
        Assert.Empty(reader.Asset("empty"));
        Assert.Equal(new byte[130], reader.Asset("zeros.bin"));
    }

    [Fact]
    public void A_mapped_file_has_what_was_written()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("model.d2v", SampleModel.Bytes());
        using D2vFile file = D2vFile.Open(path);
        AssertIsSample(file);
        Assert.Equal(path, file.Path);
        Assert.Equal(new FileInfo(path).Length, file.Length);
    }

    [Fact]
    public void A_stream_is_read_from_its_current_position()
    {
        using var stream = new MemoryStream([1, 2, 3, .. SampleModel.Bytes()]) { Position = 3 };
        using D2vFile file = D2vFile.Open(stream, "from a stream");
        AssertIsSample(file);
        Assert.Equal("from a stream", file.Path);
    }

    [Fact]
    public void A_model_in_memory_has_what_was_written()
    {
        using D2vFile file = D2vFile.Open(SampleModel.Bytes(), "from memory");
        AssertIsSample(file);
    }

    [Fact]
    public void The_order_of_writing_does_not_change_the_bytes()
    {
        using var stream = new MemoryStream();
        D2vContents contents = SampleModel.Contents();
        using (D2vWriter writer = D2vWriter.Create(stream, contents))
        {
            foreach (TensorDeclaration tensor in contents.Tensors.Reverse())
            {
                writer.Write(tensor.Name, SampleModel.Reader(SampleModel.Values(tensor)));
            }

            writer.Complete();
        }

        Assert.Equal(SampleModel.Bytes(), stream.ToArray());
    }

    [Fact]
    public void A_model_without_tensors_and_assets_opens()
    {
        using var stream = new MemoryStream();
        using (D2vWriter writer = D2vWriter.Create(stream, new D2vContents { Architecture = "none" }))
        {
            writer.Complete();
        }

        using D2vFile file = D2vFile.Open(stream.ToArray(), "none");
        Assert.Empty(file.Tensors);
        Assert.Empty(file.Assets);
        Assert.Equal(JsonValueKind.Object, file.Config.ValueKind);
    }

    [Fact]
    public void Many_tensors_and_tensors_longer_than_a_buffer_are_read_back()
    {
        var contents = new D2vContents
        {
            Architecture = "many",
            Tensors =
            [
                .. Enumerable.Range(0, 2000).Select(i => new TensorDeclaration($"t.{i}", ElementType.F32, [1 + i % 40])),
                new TensorDeclaration("long", ElementType.BF16, [3, 70_001]),
                new TensorDeclaration("long-i8", ElementType.I8, [2, 70_001]),
            ],
        };
        using var stream = new MemoryStream();
        using (D2vWriter writer = D2vWriter.Create(stream, contents))
        {
            SampleModel.WriteTensors(writer, contents);
            writer.Complete();
        }

        var reader = new NaiveReader(stream.ToArray());
        foreach (TensorDeclaration tensor in contents.Tensors)
        {
            AssertNear(tensor, reader.Floats(tensor.Name));
        }
    }

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)] // halfway between 0x3F80 and 0x3F81: to even
    [InlineData(1.01171875f, 0x3F82)] // halfway between 0x3F81 and 0x3F82: to even
    [InlineData(1.0039064f, 0x3F81)]
    [InlineData(-2.5f, 0xC020)]
    [InlineData(float.PositiveInfinity, 0x7F80)]
    public void Bf16_rounds_to_nearest_even(float value, int bits) =>
        Assert.Equal((ushort)bits, BitConverter.ToUInt16(Encode(ElementType.BF16, [1], [value])));

    [Fact]
    public void Bf16_keeps_NaN() =>
        Assert.Equal(0x7F, BitConverter.ToUInt16(Encode(ElementType.BF16, [1], [BitConverter.Int32BitsToSingle(0x7F800001)])) >> 8);

    [Fact]
    public void I8_rows_are_scaled_by_their_largest_element()
    {
        byte[] data = Encode(ElementType.I8, [3, 2], [127, -63.5f, 0, 0, -1e-30f, 1e-30f]);
        Assert.Equal(1f, BitConverter.ToSingle(data, 0));
        Assert.Equal(0f, BitConverter.ToSingle(data, 4));
        Assert.Equal(1e-30f / 127, BitConverter.ToSingle(data, 8));
        Assert.Equal<sbyte>([127, -64, 0, 0, -127, 127], data[64..].Select(b => (sbyte)b));
    }

    [Theory]
    [InlineData(ElementType.F16, 70_000f)]
    [InlineData(ElementType.I8, float.NaN)]
    [InlineData(ElementType.I8, float.NegativeInfinity)]
    public void Elements_that_a_format_cannot_hold_are_refused(ElementType type, float value)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Encode(type, [1, 2], [1, value]));
        Assert.Contains("'t'", e.Message, StringComparison.Ordinal);
    }

    private static byte[] Encode(ElementType type, int[] shape, float[] values)
    {
        using var stream = new MemoryStream();
        var contents = new D2vContents { Architecture = "one", Tensors = [new TensorDeclaration("t", type, shape)] };
        using D2vWriter writer = D2vWriter.Create(stream, contents);
        writer.Write("t", SampleModel.Reader(values));
        writer.Complete();
        using D2vFile file = D2vFile.Open(stream.ToArray(), "one");
        TensorInfo tensor = file.Tensor("t");
        return stream.ToArray().AsSpan((int)tensor.Offset, (int)tensor.Bytes).ToArray();
    }

    private static unsafe void AssertIsSample(D2vFile file)
    {
        D2vContents contents = SampleModel.Contents();
        Assert.Equal(contents.Architecture, file.Architecture);
        Assert.Equal(512, file.Config.GetProperty("conv_layers")[0][0].GetInt32());
        Assert.Equal("sample.pt", file.Provenance.GetProperty("source").GetString());
        Assert.Equal(contents.Tensors.Count, file.Tensors.Count);
        foreach (TensorDeclaration tensor in contents.Tensors)
        {
            TensorInfo info = file.Tensor(tensor.Name);
            Assert.Equal(tensor.Shape, info.Shape);
            Assert.Equal(tensor.Type, info.Type);
            Assert.Equal(tensor.Layout, info.Layout);
            Assert.Equal(tensor.Groups, info.Groups);
            nint pointer = file.Pointer(info);
            Assert.Equal(0, pointer % 64);
            Assert.Equal(info.Crc32C, Crc32CTests.Bitwise(new ReadOnlySpan<byte>((byte*)pointer, (int)info.Bytes)));
            float[] values = new float[info.Count];
            file.Read(info, values);
            AssertNear(tensor, values);
        }

        Assert.Equal(SampleModel.Dictionary, file.Asset("dict.txt"));
        Assert.True(file.Asset("empty").IsEmpty);
        Assert.Equal(130, file.Asset("zeros.bin").Length);
    }

    private static void AssertNear(TensorDeclaration tensor, float[] actual)
    {
        float[] expected = SampleModel.Values(tensor);
        Assert.Equal(expected.Length, actual.Length);
        int row = tensor.Shape.Count == 0 ? 1 : expected.Length / tensor.Shape[0];
        float largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            float size = Math.Abs(expected[i]);
            if (i % row == 0)
            {
                largest = expected.Skip(i).Take(row).Max(Math.Abs);
            }

            float tolerance = tensor.Type switch
            {
                ElementType.F32 => 0,
                ElementType.F16 => size / 2048,
                ElementType.BF16 => size / 256,
                _ => largest / 253,
            };
            if (Math.Abs(expected[i] - actual[i]) > tolerance)
            {
                Assert.Fail($"{tensor.Name}[{i}]: {actual[i]}, not {expected[i]}");
            }
        }
    }
}
