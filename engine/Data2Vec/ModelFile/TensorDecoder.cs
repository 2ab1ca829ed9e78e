using System.Runtime.CompilerServices;
using Data2Vec.Kernels;

namespace Data2Vec.ModelFile;

/// <summary>Brings tensors of any number format and layout into row-major floats.</summary>
internal static class TensorDecoder
{
    public static unsafe void Decode(TensorInfo tensor, byte* data, Span<float> destination)
    {
        switch (tensor.Type)
        {
            case ElementType.F32:
                Rows<float>(tensor, data).CopyTo(destination);
                break;
            case ElementType.F16:
                ReadOnlySpan<Half> halves = Rows<Half>(tensor, data);
                for (int i = 0; i < halves.Length; i++)
                {
                    destination[i] = (float)halves[i];
                }

                break;
            case ElementType.BF16:
                ReadOnlySpan<ushort> upper = Rows<ushort>(tensor, data);
                for (int i = 0; i < upper.Length; i++)
                {
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
                }

                break;
            case ElementType.I8:
                var scales = new ReadOnlySpan<float>(data, tensor.Shape[0]);
                ReadOnlySpan<sbyte> elements = Rows<sbyte>(tensor, data + D2vFormat.ScaleBytes(scales.Length));
                int rowElements = destination.Length / scales.Length;
                for (int i = 0; i < elements.Length; i++)
                {
                    destination[i] = scales[i / rowElements] * elements[i];
                }

                break;
            default:
                throw new ArgumentException($"tensor '{tensor.Name}' has an unknown dtype", nameof(tensor));
        }
    }

    /// <summary>The elements in row-major order: where they lie, or a copy.</summary>
    private static unsafe ReadOnlySpan<T> Rows<T>(TensorInfo tensor, byte* elements)
        where T : unmanaged
    {
        int count = checked((int)tensor.Count);
        if (tensor.Layout == WeightLayout.Rows)
        {
            return new ReadOnlySpan<T>(elements, count);
        }

        var rows = new T[count];
        Panels.Unpack(tensor.Shape, tensor.Groups, new ReadOnlySpan<T>(elements, checked((int)(tensor.Bytes / Unsafe.SizeOf<T>()))), rows);
        return rows;
    }
}
