namespace Data2Vec.Converters;

/// <summary>Reads the elements of a view of a region: with strides, in any order of its dimensions.</summary>
/// <param name="firstByte">Where the first element begins.</param>
/// <param name="shape">The shape of the view.</param>
/// <param name="strides">The distance between neighbours in elements, for each dimension.</param>
/// <param name="type">The number format.</param>
/// <param name="elementSize">The bytes of an element.</param>
internal sealed class StridedReader(long firstByte, long[] shape, long[] strides, CheckpointType type, int elementSize)
{
    private const int ScatteredElements = 1 << 16;
    private const int WindowBytes = 64 << 10;

    /// <summary>Whether the elements are contiguous in row-major order.</summary>
    public bool IsContiguous { get; } = StandsInOrder(shape, strides);

    /// <summary>Reads elements in row-major order of the view.</summary>
    public void Read(ByteRegion region, long start, Span<float> destination)
    {
        if (IsContiguous)
        {
            ElementReader.Read(region, firstByte + (start * elementSize), type, elementSize, destination);
            return;
        }

        // The elements of a transposed or expanded tensor are looked up in the order in which they stand in the file, so that
        // neighbours come with one read whatever the strides.
        byte[] window = new byte[WindowBytes];
        while (destination.Length > 0)
        {
            long[] offsets = new long[Math.Min(ScatteredElements, destination.Length)];
            Locate(start, offsets);
            int[] order = [.. Enumerable.Range(0, offsets.Length)];
            Array.Sort(offsets, order);
            Gather(region, offsets, order, window, destination);
            destination = destination[offsets.Length..];
            start += offsets.Length;
        }
    }

    private static bool StandsInOrder(long[] shape, long[] strides)
    {
        long expected = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            if (shape[i] != 1 && strides[i] != expected)
            {
                return shape.Contains(0);
            }

            expected *= shape[i];
        }

        return true;
    }

    /// <summary>Byte offsets in the storage of the elements from <paramref name="start"/> on.</summary>
    private void Locate(long start, Span<long> offsets)
    {
        Span<long> index = stackalloc long[shape.Length];
        long element = 0;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            (start, index[i]) = Math.DivRem(start, shape[i]);
            element += index[i] * strides[i];
        }

        foreach (ref long offset in offsets)
        {
            offset = firstByte + (element * elementSize);
            for (int i = shape.Length - 1; i >= 0; i--)
            {
                element += strides[i];
                if (++index[i] < shape[i])
                {
                    break;
                }

                element -= index[i] * strides[i];
                index[i] = 0;
            }
        }
    }

    private void Gather(
        ByteRegion region, ReadOnlySpan<long> offsets, ReadOnlySpan<int> order, Span<byte> window, Span<float> destination)
    {
        for (int first = 0, end; first < offsets.Length; first = end)
        {
            long windowStart = offsets[first];
            for (end = first + 1; end < offsets.Length && offsets[end] + elementSize - windowStart <= window.Length;)
            {
                end++;
            }

            // For elements that are far apart, reading the bytes between them is not worthwhile.
            if (offsets[end - 1] - windowStart > (long)(end - first) * 512)
            {
                end = first + 1;
            }

            Span<byte> bytes = window[..(int)(offsets[end - 1] + elementSize - windowStart)];
            region.Read(windowStart, bytes);
            for (int i = first; i < end; i++)
            {
                int place = (int)(offsets[i] - windowStart);
                ElementReader.ToFloats(type, bytes.Slice(place, elementSize), destination.Slice(order[i], 1));
            }
        }
    }
}
