using System.Buffers.Binary;

namespace Data2Vec.Converters.Tests.PyTorch;

public class LegacyContainerTests
{
    private static readonly byte[] Magic =
        [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    private static readonly byte[] Version = PickleBuilder.Start().Int(1001).Stop();
    private static readonly byte[] Machine = PickleBuilder.Start().EmptyDict().Text("little_endian").Raw(0x88).Op("s").Stop();
    private static readonly byte[] Pickle = PickleBuilder.Start().Tensor([4], [1]).Stop();
    private static readonly byte[] Keys = PickleBuilder.Start().EmptyList().Text("0").Append().Stop();
    private static readonly byte[] Storage = Counted(4);

    [Fact]
    public void Five_pickles_and_a_storage_are_a_checkpoint()
    {
        using Checkpoint checkpoint = Checkpoint.Open([.. Magic, .. Version, .. Machine, .. Pickle, .. Keys, .. Storage]);
        Assert.Equal([0, 1, 2, 3], Checkpoint.ReadAll(checkpoint.Tensor));
    }

    [Fact]
    public void Views_of_a_storage_begin_inside_it()
    {
        byte[] pickle = PickleBuilder.Start().Global("torch._utils", "_rebuild_tensor").Mark()
            .Mark().Text("storage").Global("torch", "FloatStorage").Text("0").Text("cpu").Int(4)
            .Mark().Text("view").Int(1).Int(3).Tuple().Tuple().Op("Q").Int(1).Sizes(2).Sizes(1).Tuple().Reduce().Stop();
        using Checkpoint checkpoint = Checkpoint.Open([.. Magic, .. Version, .. Machine, .. pickle, .. Keys, .. Storage]);
        Assert.Equal([2, 3], Checkpoint.ReadAll(checkpoint.Tensor));
    }

    public static TheoryData<string, byte[], string> Damaged => new()
    {
        { "another number", [.. Version, .. Version, .. Machine, .. Pickle, .. Keys, .. Storage], "not a PyTorch checkpoint" },
        { "magic number by eval", [.. PickleBuilder.Start().Global("builtins", "eval").Text("0x1950a86a20f9469cfc6c").Tuple1()
            .Reduce().Stop(), .. Version, .. Machine, .. Pickle, .. Keys, .. Storage], "not a PyTorch checkpoint" },
        { "another version", [.. Magic, .. PickleBuilder.Start().Int(1002).Stop(), .. Machine, .. Pickle, .. Keys, .. Storage], "1001" },
        { "big-endian", [.. Magic, .. Version, .. PickleBuilder.Start().EmptyDict().Text("little_endian").Raw(0x89).Op("s").Stop(),
            .. Pickle, .. Keys, .. Storage], "big-endian" },
        { "no keys", [.. Magic, .. Version, .. Machine, .. Pickle, .. PickleBuilder.Start().None().Stop(), .. Storage], "list of its" },
        { "key of no tensor", [.. Magic, .. Version, .. Machine, .. Pickle,
            .. PickleBuilder.Start().EmptyList().Text("1").Append().Stop(), .. Storage], "no tensor uses" },
        { "key that is a number", [.. Magic, .. Version, .. Machine, .. Pickle,
            .. PickleBuilder.Start().EmptyList().Int(0).Append().Stop(), .. Storage], "no tensor uses" },
        { "key twice", [.. Magic, .. Version, .. Machine, .. Pickle,
            .. PickleBuilder.Start().EmptyList().Text("0").Append().Text("0").Append().Stop(), .. Storage, .. Storage], "twice" },
        { "key missing", [.. Magic, .. Version, .. Machine, .. Pickle, .. PickleBuilder.Start().EmptyList().Stop()], "lacks the storage" },
        { "another count", [.. Magic, .. Version, .. Machine, .. Pickle, .. Keys, .. Counted(3)], "about the size" },
        { "negative count", [.. Magic, .. Version, .. Machine, .. Pickle, .. Keys, .. Counted(-4)], "about the size" },
        { "short storage", [.. Magic, .. Version, .. Machine, .. Pickle, .. Keys, .. Storage[..^1]], "ends too early" },
        { "no storage", [.. Magic, .. Version, .. Machine, .. Pickle, .. Keys], "ends too early" },
        { "something behind", [.. Magic, .. Version, .. Machine, .. Pickle, .. Keys, .. Storage, 0], "1 bytes follow" },
        { "tensors in the wrong pickle", [.. Magic, .. Version, .. Pickle, .. Pickle, .. Keys, .. Storage], "beside the main one" },
        { "a long magic number", [.. PickleBuilder.Start().Op("X").UInt32(1 << 20).Raw(new byte[1 << 20]).Stop()],
            "not like a PyTorch checkpoint" },
        { "only the magic number", Magic, "ends too early" },
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
