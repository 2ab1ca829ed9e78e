using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Tests.PyTorch;

/// <summary>Tensors that claim what their storage does not hold.</summary>
public class HostileTensorTests
{
    public static TheoryData<string, string, byte[]> Impossible => new()
    {
        { "more elements than the storage", "a tensor reaches beyond its storage '0' of 4 elements",
            PickleBuilder.Start().Tensor([5], [1]).Stop() },
        { "offset past the storage", "a tensor reaches beyond its storage '0' of 4 elements",
            PickleBuilder.Start().Tensor([1], [1], offset: 4).Stop() },
        { "offset of an empty tensor past the storage", "a tensor reaches beyond its storage '0' of 4 elements",
            PickleBuilder.Start().Tensor([0], [1], offset: 5).Stop() },
        { "offset that overflows", "a tensor reaches beyond its storage '0' of 4 elements",
            PickleBuilder.Start().Tensor([1], [1], offset: long.MaxValue).Stop() },
        { "negative offset", "a tensor in storage '0' has an impossible offset",
            PickleBuilder.Start().Tensor([1], [1], offset: -1).Stop() },
        { "stride past the storage", "a tensor reaches beyond its storage '0' of 4 elements",
            PickleBuilder.Start().Tensor([2, 2], [3, 1]).Stop() },
        { "stride that overflows", "a tensor reaches beyond its storage '0' of 4 elements",
            PickleBuilder.Start().Tensor([3, 3], [long.MaxValue, long.MaxValue]).Stop() },
        { "negative stride", "a tensor in storage '0' has impossible strides",
            PickleBuilder.Start().Tensor([2, 2], [-1, 1]).Stop() },
        { "negative size", "a tensor in storage '0' has impossible shape", PickleBuilder.Start().Tensor([-1], [1]).Stop() },
        { "two negative sizes", "a tensor in storage '0' has impossible shape",
            PickleBuilder.Start().Tensor([-2, -2], [2, 1]).Stop() },
        { "product that overflows", "a tensor in storage '0' has more elements than can be counted",
            PickleBuilder.Start().Tensor([1L << 32, 1L << 32], [0, 0]).Stop() },
        { "product that overflows to zero", "a tensor in storage '0' has more elements than can be counted",
            PickleBuilder.Start().Tensor([1L << 62, 4], [0, 0]).Stop() },
        { "product that overflows beside zero", "a tensor in storage '0' has more elements than can be counted",
            PickleBuilder.Start().Tensor([1L << 40, 1L << 40, 0], [0, 0, 0]).Stop() },
        { "too few strides", "a tensor in storage '0' has 2 sizes but 1 strides",
            PickleBuilder.Start().Tensor([2, 2], [1]).Stop() },
        { "too many strides", "a tensor in storage '0' has 1 sizes but 2 strides",
            PickleBuilder.Start().Tensor([4], [1, 1]).Stop() },
        { "a hundred dimensions", "a tensor in storage '0' has 100 dimensions",
            PickleBuilder.Start().Tensor(new long[100], new long[100]).Stop() },
        { "a storage of another count", "'archive/data/0' has 16 bytes but the pickle states 12",
            PickleBuilder.Start().Tensor([2], [1], count: 3).Stop() },
        { "a storage of negative count", "the tensor storage '0' has an impossible size",
            PickleBuilder.Start().Tensor([2], [1], count: -4).Stop() },
        { "a storage of a count that overflows", "the tensor storage '0' has an impossible size",
            PickleBuilder.Start().Tensor([2], [1], count: long.MaxValue).Stop() },
        { "a storage that is not there", "the file lacks 'archive/data/7', the numbers of a tensor",
            PickleBuilder.Start().Tensor([2], [1], key: "7").Stop() },
        { "a storage outside its folder", "the file lacks 'archive/data/../data.pkl', the numbers of a tensor",
            PickleBuilder.Start().Tensor([2], [1], key: "../data.pkl").Stop() },
        { "a storage of two types", "the pickle contradicts itself about the tensor storage '0'",
            PickleBuilder.Start().Tensor([4], [1]).Tensor([4], [1], type: "IntStorage").Tuple2().Stop() },
        { "a storage of two counts", "the pickle contradicts itself about the tensor storage '0'",
            PickleBuilder.Start().Storage(count: 4).Storage(count: 2).Tuple2().Stop() },
        { "a storage of an unknown class", "torch.EvilStorage is not a class of tensor storages",
            PickleBuilder.Start().Tensor([4], [1], type: "EvilStorage").Stop() },
        { "a storage of a class elsewhere", "os.FloatStorage is not a class of tensor storages",
            PickleBuilder.Start().Storage(module: "os").Stop() },
        { "a storage whose class is text", "a tensor storage does not name its class",
            PickleBuilder.Start().Mark().Text("storage").Text("FloatStorage").Text("0")
            .Text("cpu").Int(4).Tuple().Op("Q").Stop() },
        { "a storage whose key is a number", "a tensor storage has no name of sensible length",
            PickleBuilder.Start().Mark().Text("storage").Global("torch", "FloatStorage").Int(0)
            .Text("cpu").Int(4).Tuple().Op("Q").Stop() },
        { "a storage whose count is text", "the tensor storage '0' has an impossible size",
            PickleBuilder.Start().Mark().Text("storage").Global("torch", "FloatStorage").Text("0")
            .Text("cpu").Text("4").Tuple().Op("Q").Stop() },
        { "a storage of too few parts", "the pickle refers to outside data that is not a tensor storage",
            PickleBuilder.Start().Mark().Text("storage").Global("torch", "FloatStorage").Tuple()
            .Op("Q").Stop() },
        { "a view outside its storage", "a view of the tensor storage '0' is outside it",
            PickleBuilder.Start().Mark().Text("storage").Global("torch", "FloatStorage").Text("0")
            .Text("cpu").Int(4).Mark().Text("v").Int(3).Int(2).Tuple().Tuple().Op("Q").Stop() },
        { "a view that is text", "a view of the tensor storage '0' is outside it",
            PickleBuilder.Start().Mark().Text("storage").Global("torch", "FloatStorage").Text("0")
            .Text("cpu").Int(4).Text("v").Tuple().Op("Q").Stop() },
        { "a tensor of a placeholder", "a tensor is made of something that is not a tensor storage",
            Rebuild(p => p.Global("os", "system").Text("id").Tuple1().Reduce()) },
        { "a tensor of a number", "a tensor is made of something that is not a tensor storage", Rebuild(p => p.Int(3)) },
        { "a tensor without number format", "a tensor in storage '0' does not state its number format",
            Rebuild(p => p.Storage("UntypedStorage", count: 16)) },
        { "a tensor of no arguments", "torch._utils._rebuild_tensor_v2 is given 0 arguments",
            PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor_v2").EmptyTuple().Reduce().Stop() },
        { "a shape of text", "a tensor in storage '0' lacks its shape",
            PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor").Mark().Storage().Int(0)
            .Text("4").Sizes(1).Tuple().Reduce().Stop() },
        { "a shape of texts", "a tensor in storage '0' has impossible shape",
            PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor").Mark().Storage().Int(0)
            .Text("4").Tuple1().Sizes(1).Tuple().Reduce().Stop() },
        { "a shape of a huge number", "a tensor in storage '0' has impossible shape",
            PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor").Mark().Storage().Int(0)
            .Op("L99999999999999999999\n").Tuple1().Sizes(1).Tuple().Reduce().Stop() },
        { "a parameter of a placeholder", "torch._utils._rebuild_parameter is given arguments that it does not take",
            PickleBuilder.Start().Global("torch._utils", "_rebuild_parameter").Mark()
            .Global("os", "system").EmptyTuple().Reduce().Tuple().Reduce().Stop() },
        { "a parameter of nothing", "torch.nn.parameter.Parameter is given arguments that it does not take",
            PickleBuilder.Start().Global("torch.nn.parameter", "Parameter").EmptyTuple().Reduce().Stop() },
        { "a subclass of nothing", "torch._tensor._rebuild_from_type_v2 is given arguments that it does not take",
            PickleBuilder.Start().Global("torch._tensor", "_rebuild_from_type_v2").EmptyTuple()
            .Reduce().Stop() },
        { "an unknown number format", "a tensor in storage '0' has an unknown number format",
            PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor_v3").Mark()
            .Storage("UntypedStorage", count: 16).Int(0).Sizes(4).Sizes(1).Raw(0x89).EmptyDict().Global("os", "float32")
            .Tuple().Reduce().Stop() },
        { "a number format against the storage's", "the pickle contradicts itself about the number format of storage '0'",
            PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor_v3").Mark()
            .Storage().Int(0).Sizes(4).Sizes(1).Raw(0x89).EmptyDict().Global("torch", "float64").Tuple().Reduce().Stop() },
        { "state that would replace the numbers", "the pickle sets the state of something that has none",
            PickleBuilder.Start().Tensor([4], [1]).EmptyTuple().Build().Stop() },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Impossible_tensors_are_refused_with_the_reason(string what, string reason, byte[] pickle)
    {
        Assert.EndsWith($".pt: {reason}", Checkpoint.RefusePickle(pickle).Split(';')[0], StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    [Fact]
    public void A_number_repeated_a_trillion_times_is_read_piece_by_piece()
    {
        byte[] pickle = PickleBuilder.Start().Tensor([1L << 40], [0], offset: 2).Stop();
        using Checkpoint checkpoint = Checkpoint.Open(pickle, Checkpoint.FourFloats);
        float[] piece = new float[3];
        checkpoint.Tensor.Read((1L << 40) - 3, piece);
        Assert.Equal([2, 2, 2], piece);
    }

    [Fact]
    public void A_tensor_rebuilt_by_a_foreign_function_is_no_tensor()
    {
        byte[] pickle = PickleBuilder.Start().Global("torch._tensor", "_rebuild_from_type_v2").Mark()
            .Global("os", "system").Global("torch", "Tensor").Text("id").Tuple1().EmptyDict().Tuple().Reduce().Stop();
        object? value = Checkpoint.Load(pickle);
        Assert.Contains("os.system", Assert.Throws<InvalidDataException>(
            () => PyTorchTensor.Require(value, "weight")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_from_the_file_reach_an_error_message_tamed()
    {
        string reason = Checkpoint.RefusePickle(
            PickleBuilder.Start().Tensor([2], [1], key: "\u001b[31m\n" + new string('x', 900)).Stop());
        Assert.DoesNotContain('\u001b', reason);
        Assert.DoesNotContain('\n', reason);
        Assert.True(reason.Length < 400);
    }

    private static byte[] Rebuild(Action<PickleBuilder> storage)
    {
        PickleBuilder pickle = PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor").Mark();
        storage(pickle);
        return pickle.Int(0).Sizes(4).Sizes(1).Tuple().Reduce().Stop();
    }
}
