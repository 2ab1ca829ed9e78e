using System.Runtime.InteropServices;

namespace Data2Vec.Training.Data;

/// <summary>The CRC-32C of values one after another.</summary>
internal sealed class FingerprintCrc
{
    public uint Value { get; private set; }

    /// <summary>Appends a number in a fixed byte order.</summary>
    public void Append(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Value = Crc32C.Append(Value, bytes);
    }

    /// <summary>Appends a text and its length.</summary>
    public void Append(string text)
    {
        Append(text.Length);
        Value = Crc32C.Append(Value, MemoryMarshal.AsBytes(text.AsSpan()));
    }

    /// <summary>Appends numbers and their count.</summary>
    public void Append(ReadOnlySpan<int> values)
    {
        Append(values.Length);
        Value = Crc32C.Append(Value, MemoryMarshal.AsBytes(values));
    }

    /// <summary>Appends a target of any of the types that data has.</summary>
    public void AppendTarget<TTarget>(TTarget target)
    {
        switch (target)
        {
            case NoTarget:
                break;
            case int number:
                Append(number);
                break;
            case float number:
                Append(BitConverter.SingleToInt32Bits(number));
                break;
            case int[] labels:
                Append(labels);
                break;
            default:
                Append(target?.ToString() ?? "");
                break;
        }
    }
}
