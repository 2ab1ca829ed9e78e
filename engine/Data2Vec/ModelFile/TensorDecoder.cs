using Data2Vec.Kernels;

namespace Data2Vec.ModelFile;

/// <summary>Brings tensors of any number format and layout into row-major floats.</summary>
internal static class TensorDecoder
{
    public static unsafe void Decode(TensorInfo tensor, byte* data, Span<float> destination)
    {
        switch (tensor.Type)
        {
            case ElementType.F32 when tensor.Layout == WeightLayout.Panels:
                var panels = new ReadOnlySpan<float>(data, checked((int)(tensor.Bytes / sizeof(float))));
                Panels.Unpack(tensor.Shape, tensor.Groups, panels, destination);
                break;
            case ElementType.F32:
                new ReadOnlySpan<float>(data, destination.Length).CopyTo(destination);
                break;
            case ElementType.F16:
                var halves = new ReadOnlySpan<Half>(data, destination.Length);
                for (int i = 0; i < halves.Length; i++)
                    destination[i] = (float)halves[i];
                break;
            case ElementType.BF16:
                var upper = new ReadOnlySpan<ushort>(data, destination.Length);
                for (int i = 0; i < upper.Length; i++)
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
                break;
            case ElementType.I8:
                DecodeI8(tensor.Shape[0], data, destination);
                break;
            default:
                throw new ArgumentException($"tensor '{tensor.Name}' has an unknown dtype", nameof(tensor));
        }
    }

    private static unsafe void DecodeI8(int rows, byte* data, Span<float> destination)
    {
        var scales = new ReadOnlySpan<float>(data, rows);
        var elements = new ReadOnlySpan<sbyte>(data + D2vFormat.ScaleBytes(rows), destination.Length);
        int rowElements = destination.Length / rows;
        for (int row = 0; row < rows; row++)
        {
            int start = row * rowElements;
            for (int i = start; i < start + rowElements; i++)
                destination[i] = scales[row] * elements[i];
        }
    }
}
