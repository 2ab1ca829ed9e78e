namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// A tensor of a PyTorch checkpoint: a view with a shape, strides and an offset of a storage in the file, which other
/// tensors may share. Any number of threads may read it until its <see cref="PyTorchFile"/> is disposed.
/// </summary>
/// <remarks>
/// A stride of zero repeats numbers, so that <see cref="CheckpointTensor.Count"/> may exceed what the file holds: check
/// the shape against the model's before allocating by it.
/// </remarks>
public sealed class PyTorchTensor : CheckpointTensor
{
    private const int ScatteredElements = 1 << 16;
    private const int WindowBytes = 64 << 10;
    private const long MaxDeflatedScatter = 16 << 20;

    private readonly StorageView _view;
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly int _elementSize;
    private readonly long _firstByte;

    internal PyTorchTensor(CheckpointType type, long[] shape, long[] strides, StorageView view, int elementSize, long offset)
        : base(type, shape)
    {
        (_view, _shape, _strides, _elementSize) = (view, shape, strides, elementSize);
        _firstByte = (view.Start * view.Storage.Type.Bytes) + (offset * elementSize);
        IsContiguous = StandsInOrder(shape, strides);
    }

    /// <summary>The distance between neighbours in elements of the storage, for each dimension.</summary>
    public IReadOnlyList<long> Strides => _strides;

    /// <summary>Whether the elements are contiguous in row-major order.</summary>
    public bool IsContiguous { get; }

    /// <summary>The name of the storage in the file. Tensors that share numbers have the same one.</summary>
    public string StorageKey => _view.Storage.Key;

    /// <summary>Casts a value of the pickle to a tensor.</summary>
    /// <param name="value">A value of the pickle.</param>
    /// <param name="name">What to call it in the error.</param>
    /// <exception cref="InvalidDataException">It is no tensor, or one whose number format is not supported.</exception>
    public static PyTorchTensor Require(object? value, string name) => value switch
    {
        PyTorchTensor tensor => tensor,
        PickleObject { Remark: { } remark } => throw new InvalidDataException($"{PickleText.Quote(name)}: {remark}"),
        PickleObject other => throw new InvalidDataException(
            $"{PickleText.Quote(name)} is a {other}, not a tensor that can be read"),
        _ => throw new InvalidDataException($"{PickleText.Quote(name)} is not a tensor"),
    };

    /// <summary>
    /// Compares the checksum of the tensor's numbers with the one that zip files keep; older files have none. To be called before other threads read.
    /// </summary>
    /// <exception cref="InvalidDataException">They are not what was saved.</exception>
    internal override void Verify() => _view.Storage.Verify();

    /// <inheritdoc/>
    internal override bool RepeatsNumbers => Shape.Zip(_strides).Any(dimension => dimension is { First: > 1, Second: 0 });

    /// <inheritdoc/>
    public override void Read(long start, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, Count - start);
        if (destination.IsEmpty)
        {
            return;
        }

        ByteRegion region = _view.Storage.Region!;
        if (IsContiguous)
        {
            ElementReader.Read(region, _firstByte + (start * _elementSize), Type, _elementSize, destination);
        }
        else
        {
            ReadScattered(region, start, destination);
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

    // The elements of a transposed or expanded tensor are looked up in the order in which they stand in the file, so that
    // neighbours come with one read whatever the strides.
    private void ReadScattered(ByteRegion region, long start, Span<float> destination)
    {
        InvalidData.ThrowIf(
            !region.IsRandomAccess && region.Length > MaxDeflatedScatter,
            $"the tensor storage '{PickleText.Quote(StorageKey)}' is compressed and not in row-major order; " +
            $"call contiguous() on the tensor or save the checkpoint uncompressed");
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

    /// <summary>Byte offsets in the storage of the elements from <paramref name="start"/> on.</summary>
    private void Locate(long start, Span<long> offsets)
    {
        Span<long> index = stackalloc long[_shape.Length];
        long element = 0;
        for (int i = _shape.Length - 1; i >= 0; i--)
        {
            (start, index[i]) = Math.DivRem(start, _shape[i]);
            element += index[i] * _strides[i];
        }

        foreach (ref long offset in offsets)
        {
            offset = _firstByte + (element * _elementSize);
            for (int i = _shape.Length - 1; i >= 0; i--)
            {
                element += _strides[i];
                if (++index[i] < _shape[i])
                {
                    break;
                }

                element -= index[i] * _strides[i];
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
            for (end = first + 1; end < offsets.Length && offsets[end] + _elementSize - windowStart <= window.Length;)
            {
                end++;
            }

            // For elements that are far apart, reading the bytes between them is not worthwhile.
            if (offsets[end - 1] - windowStart > (long)(end - first) * 512)
            {
                end = first + 1;
            }

            Span<byte> bytes = window[..(int)(offsets[end - 1] + _elementSize - windowStart)];
            region.Read(windowStart, bytes);
            for (int i = first; i < end; i++)
            {
                int place = (int)(offsets[i] - windowStart);
                ElementReader.ToFloats(Type, bytes.Slice(place, _elementSize), destination.Slice(order[i], 1));
            }
        }
    }
}
