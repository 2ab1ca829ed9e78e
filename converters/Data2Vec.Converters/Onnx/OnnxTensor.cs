using System.Buffers.Binary;

namespace Data2Vec.Converters.Onnx;

/// <summary>A tensor of an ONNX file. Any number of threads may read it until its <see cref="OnnxFile"/> is disposed.</summary>
internal sealed class OnnxTensor : CheckpointTensor
{
    private const int MostSmall = 64;

    private readonly NumberFormat _format;
    private readonly ByteRegion? _data;
    private readonly StridedReader _reader;

    /// <param name="name">Its name.</param>
    /// <param name="format">The number format.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="data">Its numbers, little-endian and row-major; null if they are stored in a way that is not supported.</param>
    public OnnxTensor(string name, NumberFormat format, long[] shape, ByteRegion? data)
        : this(name, format, shape, RowMajor(shape), data)
    {
    }

    private OnnxTensor(string name, NumberFormat format, long[] shape, long[] strides, ByteRegion? data)
        : base(format.Type, shape)
    {
        (Name, _format, _data) = (name, format, data);
        _reader = new StridedReader(0, shape, strides, format.Type, format.Bytes);
    }

    /// <summary>The name in the file.</summary>
    public string Name { get; }

    /// <summary>The transposed matrix: ONNX multiplies with <c>[inputs, outputs]</c>, PyTorch's linear layers with <c>[outputs, inputs]</c>.</summary>
    public OnnxTensor Transposed() => new(Name, _format, [Shape[1], Shape[0]], [1, Shape[1]], _data);

    /// <summary>The numbers of a small tensor of integers; none of another tensor.</summary>
    public long[] SmallIntegers()
    {
        if (Type != CheckpointType.I64 || Count > MostSmall || _data is null)
        {
            return [];
        }

        byte[] bytes = new byte[Count * sizeof(long)];
        _data.Read(0, bytes);
        return [.. Enumerable.Range(0, (int)Count).Select(i => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(i * sizeof(long))))];
    }

    /// <inheritdoc/>
    public override void Read(long start, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, Count - start);
        InvalidData.ThrowIf(
            Type == CheckpointType.Other || _data is null,
            $"tensor '{PickleText.Quote(Name)}': numbers of the type {_format.Name} are not supported as they are stored; export the model again in float32");
        _reader.Read(_data, start, destination);
    }

    private static long[] RowMajor(long[] shape)
    {
        long[] strides = new long[shape.Length];
        for (long i = shape.Length - 1, stride = 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(shape[i], 1);
        }

        return strides;
    }
}
