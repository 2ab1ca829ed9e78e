using System.Runtime.InteropServices;

namespace Data2Vec.ModelFile;

/// <summary>Reads elements of a tensor in PyTorch's row-major order.</summary>
/// <param name="start">The first element.</param>
/// <param name="destination">Receives the elements from <paramref name="start"/> on.</param>
public delegate void ReadElements(long start, Span<float> destination);

/// <summary>Receives the bytes of one tensor, in order, for a model file.</summary>
public sealed class TensorSink
{
    private const int BlockBytes = 1 << 20;

    private readonly Stream _stream;

    internal TensorSink(Stream stream, TensorInfo tensor) => (_stream, Tensor) = (stream, tensor);

    /// <summary>The tensor. Its place in the file is final, its CRC is not.</summary>
    public TensorInfo Tensor { get; }

    /// <summary>The number of bytes written so far.</summary>
    public long Written { get; private set; }

    internal uint Crc { get; private set; }

    /// <summary>Writes the next bytes, little-endian.</summary>
    /// <exception cref="InvalidOperationException">The tensor has fewer bytes.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Tensor.Bytes - Written)
        {
            throw new InvalidOperationException($"tensor '{Tensor.Name}' was given more than its {Tensor.Bytes} bytes");
        }

        _stream.Write(bytes);
        Crc = Crc32C.Append(Crc, bytes);
        Written += bytes.Length;
    }

    /// <summary>Writes the next f32 elements.</summary>
    /// <exception cref="InvalidOperationException">The tensor has fewer bytes.</exception>
    public void Write(ReadOnlySpan<float> values) => Write(MemoryMarshal.AsBytes(values));

    /// <summary>Writes the whole tensor from memory that has its bytes.</summary>
    internal unsafe void WriteAll(nint address)
    {
        for (long done = 0; done < Tensor.Bytes; done += BlockBytes)
        {
            Write(new ReadOnlySpan<byte>((byte*)address + done, (int)Math.Min(BlockBytes, Tensor.Bytes - done)));
        }
    }
}

/// <summary>Converts elements to a tensor's number format and layout, a block at a time.</summary>
internal static class TensorEncoder
{
    private const int BlockElements = 1 << 16;

    // Converts values, the first of which is element number start of the tensor.
    private delegate void Conversion<T>(long start, ReadOnlySpan<float> values, Span<T> converted);

    public static void Encode(TensorSink sink, ReadElements read)
    {
        TensorInfo tensor = sink.Tensor;
        switch (tensor.Type)
        {
            case ElementType.F16:
                Write<Half>(sink, read, (_, values, converted) => ToFloat16(values, converted, tensor));
                break;
            case ElementType.BF16:
                Write<ushort>(sink, read, (_, values, converted) => ToBFloat16(values, converted, tensor));
                break;
            case ElementType.I8:
                float[] scales = Scales(tensor, read);
                sink.Write(scales);
                sink.Write(new byte[WeightData.Int8RowsOffset(scales.Length) - sink.Written]);
                Write<sbyte>(sink, read, (start, values, converted) => ToInt8(start, values, converted, scales, tensor.Count / scales.Length));
                break;
            default:
                Write<float>(sink, read.Invoke);
                break;
        }
    }

    private static void Write<T>(TensorSink sink, ReadElements read, Conversion<T> convert)
        where T : unmanaged
    {
        float[] buffer = new float[BlockElements];
        Write<T>(sink, (start, destination) =>
        {
            for (int done = 0; done < destination.Length; done += buffer.Length)
            {
                Span<float> values = buffer.AsSpan(0, Math.Min(buffer.Length, destination.Length - done));
                read(start + done, values);
                convert(start + done, values, destination.Slice(done, values.Length));
            }
        });
    }

    private static void Write<T>(TensorSink sink, Action<long, Span<T>> read)
        where T : unmanaged
    {
        TensorInfo tensor = sink.Tensor;
        if (tensor.Layout == WeightLayout.Panels)
        {
            PanelPacking.Pack(PanelLayout.Create(tensor.Type, tensor.Shape, tensor.Groups), read, sink.Write);
        }
        else
        {
            ForEachBlock<T>(tensor.Count, read, (_, block) => sink.Write(MemoryMarshal.AsBytes(block)));
        }
    }

    private static void ToFloat16(ReadOnlySpan<float> values, Span<Half> converted, TensorInfo tensor)
    {
        NumberFormat.RoundToFloat16(values, converted);
        for (int i = 0; i < values.Length; i++)
        {
            if (Half.IsInfinity(converted[i]) && float.IsFinite(values[i]))
            {
                throw new InvalidDataException($"tensor '{tensor.Name}' holds {values[i]}, which f16 cannot; use bf16");
            }
        }
    }

    private static void ToBFloat16(ReadOnlySpan<float> values, Span<ushort> converted, TensorInfo tensor)
    {
        const int Infinity = 0x7F80, Sign = 0x8000;
        NumberFormat.RoundToBFloat16(values, converted);
        for (int i = 0; i < values.Length; i++)
        {
            if ((converted[i] & ~Sign) == Infinity && float.IsFinite(values[i]))
            {
                throw new InvalidDataException($"tensor '{tensor.Name}' holds {values[i]}, which bf16 cannot; use f32");
            }
        }
    }

    private static void ToInt8(long start, ReadOnlySpan<float> values, Span<sbyte> converted, float[] scales, long rowSize)
    {
        for (int done = 0, length; done < values.Length; done += length)
        {
            (long row, long column) = Math.DivRem(start + done, rowSize);
            length = (int)Math.Min(values.Length - done, rowSize - column);
            NumberFormat.RoundToInt8(values.Slice(done, length), scales[row], converted[done..]);
        }
    }

    private static float[] Scales(TensorInfo tensor, ReadElements read)
    {
        float[] scales = new float[tensor.Shape[0]];
        long rowSize = tensor.Count / scales.Length;
        ForEachBlock<float>(tensor.Count, read.Invoke, (start, values) =>
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (!float.IsFinite(values[i]))
                {
                    throw new InvalidDataException($"tensor '{tensor.Name}' holds {values[i]}, which i8 cannot");
                }

                ref float scale = ref scales[(start + i) / rowSize];
                scale = Math.Max(scale, Math.Abs(values[i]));
            }
        });
        foreach (ref float scale in scales.AsSpan())
        {
            scale /= NumberFormat.LargestInt8;
        }

        return scales;
    }

    private static void ForEachBlock<T>(long count, Action<long, Span<T>> read, Action<long, Span<T>> use)
    {
        T[] buffer = new T[Math.Min(count, BlockElements)];
        for (long start = 0; start < count; start += buffer.Length)
        {
            Span<T> block = buffer.AsSpan(0, (int)Math.Min(buffer.Length, count - start));
            read(start, block);
            use(start, block);
        }
    }
}
