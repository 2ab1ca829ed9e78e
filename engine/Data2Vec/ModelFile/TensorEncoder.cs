using System.Runtime.InteropServices;
using Data2Vec.Kernels;

namespace Data2Vec.ModelFile;

/// <summary>Brings elements into a tensor's number format and layout, a block at a time.</summary>
internal static class TensorEncoder
{
    private const int BlockElements = 1 << 16;
    private const float I8Limit = 127;

    // Elements from one of them on, in the tensor's number format.
    private delegate void Encoder<T>(long start, ReadOnlySpan<float> values, Span<T> encoded);

    public static void Encode(TensorSink sink, ReadElements read)
    {
        TensorInfo tensor = sink.Tensor;
        switch (tensor.Type)
        {
            case ElementType.F32:
                Write<float>(sink, read.Invoke);
                break;
            case ElementType.F16:
                Write(sink, Encoded<Half>(read, (_, values, encoded) => ToF16(values, encoded, tensor)));
                break;
            case ElementType.BF16:
                Write(sink, Encoded<ushort>(read, (_, values, encoded) =>
                {
                    for (int i = 0; i < values.Length; i++)
                    {
                        encoded[i] = ToBF16(values[i]);
                    }
                }));
                break;
            case ElementType.I8:
                float[] scales = Scales(tensor, read);
                sink.Write(scales);
                sink.Write(new byte[D2vFormat.ScaleBytes(scales.Length) - sink.Written]);
                Write(sink, Encoded<sbyte>(read, (start, values, encoded) => ToI8(start, values, encoded, scales, tensor.Count / scales.Length)));
                break;
            default:
                throw new ArgumentException($"tensor '{tensor.Name}' has an unknown dtype", nameof(sink));
        }
    }

    private static void Write<T>(TensorSink sink, Action<long, Span<T>> read)
        where T : unmanaged
    {
        TensorInfo tensor = sink.Tensor;
        if (tensor.Layout == WeightLayout.Panels)
        {
            Panels.Pack(tensor.Shape, tensor.Groups, read, sink.Write);
            return;
        }

        foreach ((_, Memory<T> block) in Blocks(tensor.Count, read))
        {
            sink.Write(MemoryMarshal.AsBytes(block.Span));
        }
    }

    private static Action<long, Span<T>> Encoded<T>(ReadElements read, Encoder<T> encode)
    {
        float[] buffer = new float[BlockElements];
        return (start, destination) =>
        {
            for (int done = 0; done < destination.Length; done += buffer.Length)
            {
                Span<float> values = buffer.AsSpan(0, Math.Min(buffer.Length, destination.Length - done));
                read(start + done, values);
                encode(start + done, values, destination.Slice(done, values.Length));
            }
        };
    }

    private static void ToF16(ReadOnlySpan<float> values, Span<Half> encoded, TensorInfo tensor)
    {
        for (int i = 0; i < values.Length; i++)
        {
            encoded[i] = (Half)values[i];
            if (Half.IsInfinity(encoded[i]) && float.IsFinite(values[i]))
            {
                throw new InvalidDataException($"tensor '{tensor.Name}' holds {values[i]}, which f16 cannot; use bf16");
            }
        }
    }

    private static ushort ToBF16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);

        // Adding could carry a NaN's payload away; setting its highest payload bit keeps it a NaN.
        if (float.IsNaN(value))
        {
            return (ushort)((bits >> 16) | 0x40);
        }

        // To nearest, ties to even.
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static void ToI8(long start, ReadOnlySpan<float> values, Span<sbyte> encoded, float[] scales, long rowElements)
    {
        for (int i = 0; i < values.Length; i++)
        {
            float scale = scales[(start + i) / rowElements];
            encoded[i] = scale == 0
                ? (sbyte)0
                : (sbyte)Math.Clamp(MathF.Round(values[i] / scale), -I8Limit, I8Limit);
        }
    }

    private static float[] Scales(TensorInfo tensor, ReadElements read)
    {
        float[] scales = new float[tensor.Shape[0]];
        long rowElements = tensor.Count / scales.Length;
        foreach ((long start, Memory<float> block) in Blocks<float>(tensor.Count, read.Invoke))
        {
            ReadOnlySpan<float> values = block.Span;
            for (int i = 0; i < values.Length; i++)
            {
                if (!float.IsFinite(values[i]))
                {
                    throw new InvalidDataException($"tensor '{tensor.Name}' holds {values[i]}, which i8 cannot");
                }

                long row = (start + i) / rowElements;
                scales[row] = Math.Max(scales[row], Math.Abs(values[i]));
            }
        }

        for (int row = 0; row < scales.Length; row++)
        {
            scales[row] /= I8Limit;
        }

        return scales;
    }

    // The same buffer every time: a block is good until the next one is asked for.
    private static IEnumerable<(long Start, Memory<T> Block)> Blocks<T>(long count, Action<long, Span<T>> read)
    {
        T[] buffer = new T[Math.Min(count, BlockElements)];
        for (long start = 0; start < count; start += buffer.Length)
        {
            Memory<T> block = buffer.AsMemory(0, (int)Math.Min(buffer.Length, count - start));
            read(start, block.Span);
            yield return (start, block);
        }
    }
}
