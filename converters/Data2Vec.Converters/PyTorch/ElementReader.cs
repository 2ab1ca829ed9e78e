using System.Buffers.Binary;

namespace Data2Vec.Converters.PyTorch;

/// <summary>Converts the little-endian numbers of checkpoints to floats.</summary>
internal static class ElementReader
{
    public static void ToFloats(CheckpointType type, ReadOnlySpan<byte> bytes, Span<float> floats)
    {
        switch (type)
        {
            case CheckpointType.F64:
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                break;
            case CheckpointType.F32:
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
                break;
            case CheckpointType.F16:
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]);
                break;
            case CheckpointType.BF16:
                // bfloat16 is the upper half of a float.
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]) << 16);
                break;
            case CheckpointType.I64:
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(8 * i)..]);
                break;
            case CheckpointType.I32:
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]);
                break;
            case CheckpointType.I16:
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]);
                break;
            case CheckpointType.I8:
                for (int i = 0; i < floats.Length; i++) floats[i] = (sbyte)bytes[i];
                break;
            case CheckpointType.U8:
                for (int i = 0; i < floats.Length; i++) floats[i] = bytes[i];
                break;
            case CheckpointType.Bool:
                for (int i = 0; i < floats.Length; i++) floats[i] = bytes[i] == 0 ? 0 : 1;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type));
        }
    }
}
