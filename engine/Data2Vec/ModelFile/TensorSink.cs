using System.Runtime.InteropServices;

namespace Data2Vec.ModelFile;

/// <summary>Reads elements of a tensor in PyTorch's row-major order.</summary>
/// <param name="start">The first element.</param>
/// <param name="destination">Receives the elements from <paramref name="start"/> on.</param>
public delegate void ReadElements(long start, Span<float> destination);

/// <summary>Receives the bytes of one tensor, in order, for a model file.</summary>
public sealed class TensorSink
{
    private readonly Stream _stream;

    internal TensorSink(Stream stream, TensorInfo tensor)
    {
        _stream = stream;
        Tensor = tensor;
    }

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
}
