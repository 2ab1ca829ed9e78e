using System.Runtime.InteropServices;

namespace Data2Vec.ModelFile;

/// <summary>Takes the bytes of one tensor, in order, on their way to a model file.</summary>
public sealed class TensorSink
{
    private readonly Stream _stream;

    internal TensorSink(Stream stream, TensorInfo tensor)
    {
        _stream = stream;
        Tensor = tensor;
    }

    /// <summary>The tensor: its place in the file is settled, its CRC is not.</summary>
    public TensorInfo Tensor { get; }

    /// <summary>The number of bytes written so far.</summary>
    public long Written { get; private set; }

    internal uint Crc { get; private set; }

    /// <summary>Writes the next bytes, little-endian.</summary>
    /// <exception cref="InvalidOperationException">They are more than the tensor has.</exception>
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
    /// <exception cref="InvalidOperationException">They are more than the tensor has.</exception>
    public void Write(ReadOnlySpan<float> values) => Write(MemoryMarshal.AsBytes(values));
}
