using System.Runtime.InteropServices;
using Data2Vec.Kernels;

namespace Data2Vec.ModelFile;

/// <summary>Brings elements into a tensor's number format and layout, a block at a time.</summary>
internal static class TensorEncoder
{
    private const int BlockElements = 1 << 16;
    private const float I8Limit = 127;

    public static void Encode(TensorSink sink, ReadElements read)
    {
        TensorInfo tensor = sink.Tensor;
        switch (tensor.Type)
        {
            case ElementType.F32 when tensor.Layout == WeightLayout.Panels:
                Panels.Pack(tensor.Shape, tensor.Groups, read, sink.Write);
                break;
            case ElementType.F32:
                foreach (Memory<float> block in Blocks(tensor.Count, read))
                    sink.Write(block.Span);
                break;
            case ElementType.F16:
                EncodeF16(sink, read);
                break;
            case ElementType.BF16:
                EncodeBF16(sink, read);
                break;
            case ElementType.I8:
                EncodeI8(sink, read);
                break;
            default:
                throw new ArgumentException($"tensor '{tensor.Name}' has an unknown dtype", nameof(sink));
        }
    }

    private static void EncodeF16(TensorSink sink, ReadElements read)
    {
        var encoded = new Half[BlockElements];
        foreach (Memory<float> block in Blocks(sink.Tensor.Count, read))
        {
            ReadOnlySpan<float> values = block.Span;
            for (int i = 0; i < values.Length; i++)
            {
                encoded[i] = (Half)values[i];
                if (Half.IsInfinity(encoded[i]) && float.IsFinite(values[i]))
                    throw new InvalidDataException(
                        $"tensor '{sink.Tensor.Name}' holds {values[i]}, which f16 cannot; use bf16");
            }

            sink.Write(MemoryMarshal.AsBytes(encoded.AsSpan(0, values.Length)));
        }
    }

    private static void EncodeBF16(TensorSink sink, ReadElements read)
    {
        ushort[] encoded = new ushort[BlockElements];
        foreach (Memory<float> block in Blocks(sink.Tensor.Count, read))
        {
            ReadOnlySpan<float> values = block.Span;
            for (int i = 0; i < values.Length; i++)
                encoded[i] = ToBF16(values[i]);
            sink.Write(MemoryMarshal.AsBytes(encoded.AsSpan(0, values.Length)));
        }
    }

    private static ushort ToBF16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);

        // Adding could carry a NaN's payload away; setting its highest payload bit keeps it a NaN.
        if (float.IsNaN(value))
            return (ushort)((bits >> 16) | 0x40);

        // To nearest, ties to even.
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static void EncodeI8(TensorSink sink, ReadElements read)
    {
        TensorInfo tensor = sink.Tensor;
        int rows = tensor.Shape[0];
        long rowElements = tensor.Count / rows;
        float[] scales = new float[rows];
        for (int row = 0; row < rows; row++)
        {
            foreach (Memory<float> block in Blocks(rowElements, Row(row)))
            {
                foreach (float value in block.Span)
                {
                    if (!float.IsFinite(value))
                        throw new InvalidDataException($"tensor '{tensor.Name}' holds {value}, which i8 cannot");
                    scales[row] = Math.Max(scales[row], Math.Abs(value));
                }
            }

            scales[row] /= I8Limit;
        }

        sink.Write(scales);
        sink.Write(new byte[D2vFormat.ScaleBytes(rows) - sink.Written]);
        sbyte[] encoded = new sbyte[BlockElements];
        for (int row = 0; row < rows; row++)
        {
            float scale = scales[row];
            foreach (Memory<float> block in Blocks(rowElements, Row(row)))
            {
                ReadOnlySpan<float> values = block.Span;
                for (int i = 0; i < values.Length; i++)
                    encoded[i] = scale == 0
                        ? (sbyte)0
                        : (sbyte)Math.Clamp(MathF.Round(values[i] / scale), -I8Limit, I8Limit);
                sink.Write(MemoryMarshal.AsBytes(encoded.AsSpan(0, values.Length)));
            }
        }

        ReadElements Row(int row) => (start, destination) => read(row * rowElements + start, destination);
    }

    // The same buffer every time: a block is good until the next one is asked for.
    private static IEnumerable<Memory<float>> Blocks(long count, ReadElements read)
    {
        float[] buffer = new float[Math.Min(count, BlockElements)];
        for (long start = 0; start < count; start += buffer.Length)
        {
            Memory<float> block = buffer.AsMemory(0, (int)Math.Min(buffer.Length, count - start));
            read(start, block.Span);
            yield return block;
        }
    }
}
