using System.Buffers.Binary;
using System.Text;

namespace Data2Vec.Converters.Tests.PyTorch;

/// <summary>Writes pickles instruction by instruction, the impossible ones too.</summary>
internal sealed class PickleBuilder
{
    private readonly List<byte> _bytes = [];

    public static PickleBuilder Start(int protocol = 2) => new PickleBuilder().Raw(0x80, (byte)protocol);

    public PickleBuilder Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleBuilder Op(string opcodes) => Raw(Encoding.Latin1.GetBytes(opcodes));

    public PickleBuilder Repeat(int count, Action<PickleBuilder> part)
    {
        for (int i = 0; i < count; i++)
        {
            part(this);
        }

        return this;
    }

    public PickleBuilder None() => Op("N");

    public PickleBuilder Int(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Op("J").Raw(bytes);
    }

    public PickleBuilder Long(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Raw(0x8a, 8).Raw(bytes);
    }

    public PickleBuilder Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Op("X").UInt32((uint)utf8.Length).Raw(utf8);
    }

    public PickleBuilder UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public PickleBuilder UInt64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public PickleBuilder Global(string module, string name) => Op($"c{module}\n{name}\n");

    public PickleBuilder StackGlobal() => Raw(0x93);

    public PickleBuilder Mark() => Op("(");

    public PickleBuilder Tuple() => Op("t");

    public PickleBuilder Tuple1() => Raw(0x85);

    public PickleBuilder Tuple2() => Raw(0x86);

    public PickleBuilder EmptyTuple() => Op(")");

    public PickleBuilder EmptyList() => Op("]");

    public PickleBuilder EmptyDict() => Op("}");

    public PickleBuilder Append() => Op("a");

    public PickleBuilder Reduce() => Op("R");

    public PickleBuilder Build() => Op("b");

    public PickleBuilder Put(byte index) => Op("q").Raw(index);

    public PickleBuilder Get(byte index) => Op("h").Raw(index);

    public PickleBuilder Sizes(params long[] sizes)
    {
        Mark();
        foreach (long size in sizes)
        {
            Long(size);
        }

        return Tuple();
    }

    /// <summary>A persistent id of a storage.</summary>
    public PickleBuilder Storage(string type = "FloatStorage", string key = "0", long count = 4, string module = "torch") =>
        Mark().Text("storage").Global(module, type).Text(key).Text("cpu").Long(count).Tuple().Op("Q");

    /// <summary>A tensor with its storage, as PyTorch writes it.</summary>
    public PickleBuilder Tensor(
        long[] shape, long[] strides, long offset = 0, string type = "FloatStorage", string key = "0", long count = 4) =>
        Global("torch._utils", "_rebuild_tensor_v2")
            .Mark().Storage(type, key, count).Long(offset).Sizes(shape).Sizes(strides).Raw(0x89)
            .Global("collections", "OrderedDict").EmptyTuple().Reduce().Tuple().Reduce();

    public byte[] ToArray() => [.. _bytes];

    /// <summary>The pickle with its end.</summary>
    public byte[] Stop() => Op(".").ToArray();
}
