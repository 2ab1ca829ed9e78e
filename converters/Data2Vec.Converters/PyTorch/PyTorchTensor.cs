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
    private const long MaxDeflatedScatter = 16 << 20;

    private readonly StorageView _view;
    private readonly long[] _strides;
    private readonly StridedReader _reader;

    internal PyTorchTensor(CheckpointType type, long[] shape, long[] strides, StorageView view, int elementSize, long offset)
        : base(type, shape)
    {
        (_view, _strides) = (view, strides);
        _reader = new StridedReader((view.Start * view.Storage.Type.Bytes) + (offset * elementSize), shape, strides, type, elementSize);
    }

    /// <summary>The distance between neighbours in elements of the storage, for each dimension.</summary>
    public IReadOnlyList<long> Strides => _strides;

    /// <summary>Whether the elements are contiguous in row-major order.</summary>
    public bool IsContiguous => _reader.IsContiguous;

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

        InvalidData.ThrowIf(
            !IsContiguous && _view.Storage.Region is { IsRandomAccess: false, Length: > MaxDeflatedScatter },
            $"the tensor storage '{PickleText.Quote(StorageKey)}' is compressed and not in row-major order; " +
            $"call contiguous() on the tensor or save the checkpoint uncompressed");
        _reader.Read(_view.Storage.Region!, start, destination);
    }
}
