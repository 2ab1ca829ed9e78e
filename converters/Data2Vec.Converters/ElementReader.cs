using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Data2Vec.Converters;

/// <summary>Converts the little-endian numbers of checkpoints to floats.</summary>
internal static class ElementReader
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Reads contiguous elements of a region.</summary>
    public static void Read(ByteRegion region, long offset, CheckpointType type, int elementSize, Span<float> floats)
    {
        byte[] buffer = new byte[(int)Math.Min(BufferBytes, (long)floats.Length * elementSize)];
        int step = buffer.Length / elementSize;
        while (floats.Length > 0)
        {
            int count = Math.Min(step, floats.Length);
            Span<byte> bytes = buffer.AsSpan(0, count * elementSize);
            region.Read(offset, bytes);
            ToFloats(type, bytes, floats[..count]);
            floats = floats[count..];
            offset += bytes.Length;
        }
    }

    /// <summary>Converts as many elements as there are floats.</summary>
    public static void ToFloats(CheckpointType type, ReadOnlySpan<byte> bytes, Span<float> floats)
    {
        switch (type)
        {
            case CheckpointType.F64: Convert(bytes, floats, sizeof(double), element => (float)BinaryPrimitives.ReadDoubleLittleEndian(element)); break;
            case CheckpointType.F32 when BitConverter.IsLittleEndian: MemoryMarshal.Cast<byte, float>(bytes)[..floats.Length].CopyTo(floats); break;
            case CheckpointType.F32: Convert(bytes, floats, sizeof(float), BinaryPrimitives.ReadSingleLittleEndian); break;
            case CheckpointType.F16: Convert(bytes, floats, sizeof(short), element => (float)BinaryPrimitives.ReadHalfLittleEndian(element)); break;
            case CheckpointType.BF16: Convert(bytes, floats, sizeof(short), UpperHalf); break;
            case CheckpointType.I64: Convert(bytes, floats, sizeof(long), element => BinaryPrimitives.ReadInt64LittleEndian(element)); break;
            case CheckpointType.I32: Convert(bytes, floats, sizeof(int), element => BinaryPrimitives.ReadInt32LittleEndian(element)); break;
            case CheckpointType.I16: Convert(bytes, floats, sizeof(short), element => BinaryPrimitives.ReadInt16LittleEndian(element)); break;
            case CheckpointType.I8: Convert(bytes, floats, 1, element => (sbyte)element[0]); break;
            case CheckpointType.U8: Convert(bytes, floats, 1, element => element[0]); break;
            case CheckpointType.Bool: Convert(bytes, floats, 1, element => element[0] == 0 ? 0 : 1); break;
            default: throw new ArgumentOutOfRangeException(nameof(type));
        }

        // bfloat16 is the upper half of a float.
        static float UpperHalf(ReadOnlySpan<byte> element) => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(element) << 16);
    }

    private static void Convert(ReadOnlySpan<byte> bytes, Span<float> floats, int size, Func<ReadOnlySpan<byte>, float> convert)
    {
        for (int i = 0; i < floats.Length; i++)
        {
            floats[i] = convert(bytes[(i * size)..]);
        }
    }
}
