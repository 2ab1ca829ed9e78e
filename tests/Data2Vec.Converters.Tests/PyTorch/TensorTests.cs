using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Tests.PyTorch;

public class TensorTests
{
    public static TheoryData<string, string> Files => new()
    {
        { "tensors.pt", "tensors.pt" },
        { "tensors_legacy.pt", "tensors_legacy.pt" },
        { "tensors_deflated.pt", "tensors.pt" },
        { "tensors_zip64.pt", "tensors.pt" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_tensor_has_the_shape_type_order_and_numbers_that_torch_reads(string file, string expected)
    {
        IReadOnlyDictionary<string, ExpectedTensor> wanted = Fixture.ExpectedTensors(expected);
        using PyTorchFile checkpoint = Fixture.Open(file);
        var tensors = Assert.IsType<PickleDictionary>(checkpoint.Root);

        Assert.Equal(wanted.Keys, tensors.Keys.Cast<string>());
        foreach ((object? key, object? value) in tensors)
        {
            var tensor = PyTorchTensor.Require(value, (string)key!);
            ExpectedTensor reference = wanted[(string)key!];
            Assert.Equal(reference.Shape, tensor.Shape);
            Assert.Equal(reference.DataType, DataType(tensor.Type));
            Assert.Equal(reference.IsContiguous, tensor.IsContiguous);
            Assert.Equal(reference.Values, Checkpoint.ReadAll(tensor));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Any_piece_of_a_tensor_is_that_piece_of_the_whole(string file, string expected)
    {
        using PyTorchFile checkpoint = Fixture.Open(file);
        foreach ((string name, ExpectedTensor reference) in Fixture.ExpectedTensors(expected))
        {
            var tensor = PyTorchTensor.Require(((PickleDictionary)checkpoint.Root!)[name], name);
            int step = Math.Max(1, reference.Values.Length / 7);
            for (int start = 0; start <= reference.Values.Length; start += step)
            {
                float[] piece = new float[Math.Min(step + 1, reference.Values.Length - start)];
                tensor.Read(start, piece);
                Assert.Equal(reference.Values[start..(start + piece.Length)], piece);
            }
        }
    }

    [Fact]
    public void Views_of_the_same_numbers_share_a_storage()
    {
        using PyTorchFile checkpoint = Fixture.Open("tensors.pt");
        var tensors = (PickleDictionary)checkpoint.Root!;
        string first = PyTorchTensor.Require(tensors["shared_first"], "shared_first").StorageKey;
        Assert.Equal(first, PyTorchTensor.Require(tensors["shared_rest"], "shared_rest").StorageKey);
        Assert.NotEqual(first, PyTorchTensor.Require(tensors["f32"], "f32").StorageKey);
    }

    [Fact]
    public void Reading_outside_a_tensor_is_the_callers_mistake()
    {
        using Checkpoint checkpoint = Checkpoint.Open(PickleBuilder.Start().Tensor([4], [1]).Stop(), Checkpoint.FourFloats);
        PyTorchTensor tensor = checkpoint.Tensor;
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(-1, new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(2, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(5, []));
        tensor.Read(4, []);
    }

    [Fact]
    public void A_disposed_file_is_read_no_longer()
    {
        Checkpoint checkpoint = Checkpoint.Open(PickleBuilder.Start().Tensor([4], [1]).Stop(), Checkpoint.FourFloats);
        PyTorchTensor tensor = checkpoint.Tensor;
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Read(0, new float[4]));
    }

    [Fact]
    public void Tensors_of_unsupported_types_fail_only_where_they_are_needed()
    {
        using PyTorchFile checkpoint = Fixture.Open("unsupported.pt");
        var tensors = (PickleDictionary)checkpoint.Root!;
        Assert.Equal([4f], Checkpoint.ReadAll(PyTorchTensor.Require(tensors["readable"], "readable")));
        foreach (string name in new[] { "complex", "quantized", "sparse" })
        {
            string message = Assert.Throws<InvalidDataException>(() => PyTorchTensor.Require(tensors[name], name)).Message;
            Assert.StartsWith(name, message, StringComparison.Ordinal);
        }

        Assert.Contains("complex64", Assert.Throws<InvalidDataException>(
            () => PyTorchTensor.Require(tensors["complex"], "complex")).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => PyTorchTensor.Require(5L, "number"));
        Assert.Throws<InvalidDataException>(() => PyTorchTensor.Require(null, "nothing"));
    }

    [Theory]
    [InlineData("float32", new float[] { 0, 1, 2, 3 })]
    [InlineData("int32", new[] { 0, 1065353216f, 1073741824f, 1077936128f })]
    public void Untyped_storages_take_the_type_that_the_tensor_states(string type, float[] expected)
    {
        byte[] pickle = PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor_v3").Mark()
            .Storage("UntypedStorage", count: 16, module: "torch.storage").Int(0).Sizes(4).Sizes(1).Raw(0x89).EmptyDict()
            .Global("torch", type).Tuple().Reduce().Stop();
        using Checkpoint checkpoint = Checkpoint.Open(pickle, Checkpoint.FourFloats);
        Assert.Equal(expected, Checkpoint.ReadAll(checkpoint.Tensor));
    }

    [Fact]
    public void Newer_number_formats_are_named_when_they_are_needed()
    {
        byte[] pickle = PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor_v3").Mark()
            .Storage("UntypedStorage", count: 16, module: "torch.storage").Int(0).Sizes(16).Sizes(1).Raw(0x89).EmptyDict()
            .Global("torch", "float8_e4m3fn").Tuple().Reduce().Stop();
        object? value = Checkpoint.Load(pickle);
        Assert.Contains("float8_e4m3fn", Assert.Throws<InvalidDataException>(
            () => PyTorchTensor.Require(value, "weight")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Old_and_wrapped_tensors_are_tensors()
    {
        static PickleBuilder Old() => PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor")
            .Mark().Storage().Int(1).Sizes(2).Sizes(2).Tuple();
        byte[][] pickles =
        [
            Old().Reduce().Stop(),
            PickleBuilder.Start().Global("torch._utils", "_rebuild_parameter_with_state").Mark()
                .Tensor([2], [2], 1).Raw(0x88).EmptyDict().EmptyDict().Tuple().Reduce().Stop(),
            PickleBuilder.Start().Global("torch.nn.parameter", "Parameter").Mark()
                .Tensor([2], [2], 1).Raw(0x88).Tuple().Reduce().Stop(),
            PickleBuilder.Start().Global("torch._tensor", "_rebuild_from_type_v2").Mark()
                .Global("torch._utils", "_rebuild_tensor").Global("my", "Tensor")
                .Mark().Storage().Int(1).Sizes(2).Sizes(2).Tuple().EmptyDict().Tuple().Reduce().Stop(),
            Old().Reduce().EmptyDict().Build().Stop(),
        ];
        foreach (byte[] pickle in pickles)
        {
            using Checkpoint checkpoint = Checkpoint.Open(pickle, Checkpoint.FourFloats);
            Assert.Equal([1, 3], Checkpoint.ReadAll(checkpoint.Tensor));
        }
    }

    [Fact]
    public void A_large_transposed_tensor_is_read_right_in_pieces_of_any_size()
    {
        const int rows = 700, columns = 900;
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i;
        }

        byte[] pickle = PickleBuilder.Start().Tensor([columns, rows], [1, columns], count: values.Length).Stop();
        using Checkpoint checkpoint = Checkpoint.Open(pickle, Checkpoint.Bytes(values));
        float[] read = new float[values.Length];
        for (int start = 0; start < read.Length; start += 100_000)
        {
            checkpoint.Tensor.Read(start, read.AsSpan(start, Math.Min(100_000, read.Length - start)));
        }

        for (int column = 0; column < columns; column++)
        {
            for (int row = 0; row < rows; row++)
            {
                Assert.Equal(values[(row * columns) + column], read[(column * rows) + row]);
            }
        }
    }

    [Fact]
    public void Threads_read_a_compressed_file_side_by_side()
    {
        IReadOnlyDictionary<string, ExpectedTensor> wanted = Fixture.ExpectedTensors("tensors.pt");
        using PyTorchFile checkpoint = Fixture.Open("tensors_deflated.pt");
        var tensors = (PickleDictionary)checkpoint.Root!;
        Parallel.For(0, 200, i =>
        {
            string name = wanted.Keys.ElementAt(i % wanted.Count);
            Assert.Equal(wanted[name].Values, Checkpoint.ReadAll(PyTorchTensor.Require(tensors[name], name)));
        });
    }

    private static string DataType(CheckpointType type) => type switch
    {
        CheckpointType.F64 => "float64",
        CheckpointType.F32 => "float32",
        CheckpointType.F16 => "float16",
        CheckpointType.BF16 => "bfloat16",
        CheckpointType.I64 => "int64",
        CheckpointType.I32 => "int32",
        CheckpointType.I16 => "int16",
        CheckpointType.I8 => "int8",
        CheckpointType.U8 => "uint8",
        _ => "bool",
    };
}
