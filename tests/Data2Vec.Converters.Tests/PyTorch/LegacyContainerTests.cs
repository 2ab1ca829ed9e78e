using System.Buffers.Binary;

namespace Data2Vec.Converters.Tests.PyTorch;

public class LegacyContainerTests
{
    private static readonly byte[] s_magic =
        [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    private static readonly byte[] s_version = PickleBuilder.Start().Int(1001).Stop();
    private static readonly byte[] s_machine = PickleBuilder.Start().EmptyDict().Text("little_endian").Raw(0x88).Op("s").Stop();
    private static readonly byte[] s_pickle = PickleBuilder.Start().Tensor([4], [1]).Stop();
    private static readonly byte[] s_keys = PickleBuilder.Start().EmptyList().Text("0").Append().Stop();
    private static readonly byte[] s_storage = Counted(4);

    [Fact]
    public void Five_pickles_and_a_storage_are_a_checkpoint()
    {
        using Checkpoint checkpoint = Checkpoint.Open([.. s_magic, .. s_version, .. s_machine, .. s_pickle, .. s_keys, .. s_storage]);
        Assert.Equal([0, 1, 2, 3], Checkpoint.ReadAll(checkpoint.Tensor));
    }

    [Fact]
    public void Views_of_a_storage_begin_inside_it()
    {
        byte[] pickle = PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor").Mark()
            .Mark().Text("storage").Global("torch", "FloatStorage").Text("0").Text("cpu").Int(4)
            .Mark().Text("view").Int(1).Int(3).Tuple().Tuple().Op("Q").Int(1).Sizes(2).Sizes(1).Tuple().Reduce().Stop();
        using Checkpoint checkpoint = Checkpoint.Open([.. s_magic, .. s_version, .. s_machine, .. pickle, .. s_keys, .. s_storage]);
        Assert.Equal([2, 3], Checkpoint.ReadAll(checkpoint.Tensor));
    }

    public static TheoryData<string, byte[], string> Damaged => new()
    {
        { "another number", [.. s_version, .. s_version, .. s_machine, .. s_pickle, .. s_keys, .. s_storage], "not a PyTorch checkpoint" },
        { "magic number by eval", [.. PickleBuilder.Start().Global("builtins", "eval").Text("0x1950a86a20f9469cfc6c").Tuple1()
            .Reduce().Stop(), .. s_version, .. s_machine, .. s_pickle, .. s_keys, .. s_storage], "not a PyTorch checkpoint" },
        { "another version", [.. s_magic, .. PickleBuilder.Start().Int(1002).Stop(), .. s_machine, .. s_pickle, .. s_keys, .. s_storage], "1001" },
        { "big-endian", [.. s_magic, .. s_version, .. PickleBuilder.Start().EmptyDict().Text("little_endian").Raw(0x89).Op("s").Stop(),
            .. s_pickle, .. s_keys, .. s_storage], "big-endian" },
        { "no keys", [.. s_magic, .. s_version, .. s_machine, .. s_pickle, .. PickleBuilder.Start().None().Stop(), .. s_storage], "list of its" },
        { "key of no tensor", [.. s_magic, .. s_version, .. s_machine, .. s_pickle,
            .. PickleBuilder.Start().EmptyList().Text("1").Append().Stop(), .. s_storage], "no tensor uses" },
        { "key that is a number", [.. s_magic, .. s_version, .. s_machine, .. s_pickle,
            .. PickleBuilder.Start().EmptyList().Int(0).Append().Stop(), .. s_storage], "no tensor uses" },
        { "key twice", [.. s_magic, .. s_version, .. s_machine, .. s_pickle,
            .. PickleBuilder.Start().EmptyList().Text("0").Append().Text("0").Append().Stop(), .. s_storage, .. s_storage], "twice" },
        { "key missing", [.. s_magic, .. s_version, .. s_machine, .. s_pickle, .. PickleBuilder.Start().EmptyList().Stop()], "lacks the storage" },
        { "another count", [.. s_magic, .. s_version, .. s_machine, .. s_pickle, .. s_keys, .. Counted(3)], "about the size" },
        { "negative count", [.. s_magic, .. s_version, .. s_machine, .. s_pickle, .. s_keys, .. Counted(-4)], "about the size" },
        { "short storage", [.. s_magic, .. s_version, .. s_machine, .. s_pickle, .. s_keys, .. s_storage[..^1]], "ends too early" },
        { "no storage", [.. s_magic, .. s_version, .. s_machine, .. s_pickle, .. s_keys], "ends too early" },
        { "something behind", [.. s_magic, .. s_version, .. s_machine, .. s_pickle, .. s_keys, .. s_storage, 0], "1 bytes follow" },
        { "tensors in the wrong pickle", [.. s_magic, .. s_version, .. s_pickle, .. s_pickle, .. s_keys, .. s_storage], "beside the main one" },
        { "a long magic number", [.. PickleBuilder.Start().Op("X").UInt32(1 << 20).Raw(new byte[1 << 20]).Stop()],
            "not like a PyTorch checkpoint" },
        { "only the magic number", s_magic, "ends too early" },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Damaged_legacy_files_are_refused_with_the_reason(string what, byte[] file, string reason)
    {
        Assert.Contains(reason, Checkpoint.Refuse(file), StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    private static byte[] Counted(long count)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, count);
        return [.. bytes, .. Checkpoint.FourFloats];
    }
}
