using System.Buffers;
using System.Buffers.Binary;

namespace Data2Vec.Converters;

/// <summary>Converts the little-endian numbers of checkpoints to floats.</summary>
internal static class ElementReader
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Reads numbers that stand one after another from an offset into a region on.</summary>
    public static void Read(ByteRegion region, long offset, CheckpointType type, int elementSize, Span<float> floats)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferBytes, (long)floats.Length * elementSize));
        try
        {
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
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static void ToFloats(CheckpointType type, ReadOnlySpan<byte> bytes, Span<float> floats)
    {
        switch (type)
        {
            case CheckpointType.F64:
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                }

                break;
            case CheckpointType.F32:
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
                }

                break;
            case CheckpointType.F16:
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]);
                }

                break;
            case CheckpointType.BF16:
                // bfloat16 is the upper half of a float.
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]) << 16);
                }

                break;
            case CheckpointType.I64:
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(8 * i)..]);
                }

                break;
            case CheckpointType.I32:
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]);
                }

                break;
            case CheckpointType.I16:
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]);
                }

                break;
            case CheckpointType.I8:
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = (sbyte)bytes[i];
                }

                break;
            case CheckpointType.U8:
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = bytes[i];
                }

                break;
            case CheckpointType.Bool:
                for (int i = 0; i < floats.Length; i++)
                {
                    floats[i] = bytes[i] == 0 ? 0 : 1;
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type));
        }
    }
}
