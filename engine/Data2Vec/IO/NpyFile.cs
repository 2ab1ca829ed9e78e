using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Data2Vec.IO;

/// <summary>
/// Reads and writes numpy's <c>.npy</c> files (see numpy.lib.format): a magic string, a version, a header in the form of a Python
/// dictionary, and the elements. Elements must be little-endian.
/// </summary>
public static class NpyFile
{
    private const int MaxHeaderBytes = 1 << 16; // numpy itself rejects more than 10,000
    private const int Alignment = 64;
    private const int BlockBytes = 1 << 16;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a file of one array, in format version 1, 2 or 3.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="InvalidDataException">The file is damaged, is not an npy file, or has unsupported elements.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NpyArray Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return FileErrors.Named(path, () => Read(stream) is var array && stream.ReadByte() < 0
            ? array
            : throw new InvalidDataException("the file continues after the array that its header describes; save one array per file"));
    }

    /// <summary>Reads one array from the current position of a stream, and leaves the stream open after the array.</summary>
    /// <param name="stream">The stream, which need not be seekable.</param>
    /// <exception cref="InvalidDataException">The array is damaged, is not in npy format, or has unsupported elements.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static NpyArray Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        NpyHeader header = ReadHeader(stream);
        return new NpyArray(header, ReadData(stream, header.DataBytes()));
    }

    /// <summary>Writes an array of float32 to a file, replacing an existing file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="values">The elements in row-major order.</param>
    /// <param name="shape">The lengths of the axes, outermost first. If omitted, the array has one axis.</param>
    /// <exception cref="ArgumentException">The shape does not match the number of elements.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) =>
        Write(path, NpyElement.Float32, values, shape);

    /// <summary>Writes an array of int64 to a file, replacing an existing file.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float}, ReadOnlySpan{long})"/>
    public static void Write(string path, ReadOnlySpan<long> values, params ReadOnlySpan<long> shape) =>
        Write(path, NpyElement.Int64, values, shape);

    /// <summary>Writes an array of float32, byte for byte as <c>numpy.save</c> does.</summary>
    /// <param name="stream">The stream, which is left open.</param>
    /// <param name="values">The elements in row-major order.</param>
    /// <param name="shape">The lengths of the axes, outermost first. If omitted, the array has one axis.</param>
    /// <exception cref="ArgumentException">The shape does not match the number of elements.</exception>
    public static void Write(Stream stream, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) =>
        Write(stream, Header(NpyElement.Float32, values.Length, shape), values);

    /// <summary>Writes an array of int64, byte for byte as <c>numpy.save</c> does.</summary>
    /// <inheritdoc cref="Write(Stream, ReadOnlySpan{float}, ReadOnlySpan{long})"/>
    public static void Write(Stream stream, ReadOnlySpan<long> values, params ReadOnlySpan<long> shape) =>
        Write(stream, Header(NpyElement.Int64, values.Length, shape), values);

    /// <summary>Writes the header of an array of float32 whose elements the caller writes after it, little-endian and in row-major order.</summary>
    /// <param name="stream">The stream, which is left open.</param>
    /// <param name="shape">The lengths of the axes, outermost first.</param>
    /// <exception cref="ArgumentException">A length is negative.</exception>
    public static void WriteHeader(Stream stream, params ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(stream);
        foreach (long length in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(shape));
        }

        stream.Write(Header(NpyElement.Float32, shape.ToArray()));
    }

    private static void Write<T>(string path, NpyElement element, ReadOnlySpan<T> values, ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] header = Header(element, values.Length, shape); // checks the shape before an existing file is replaced
        using FileStream stream = File.Create(path);
        Write(stream, header, values);
    }

    private static void Write<T>(Stream stream, byte[] header, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(header);
        for (ReadOnlySpan<T> rest = values; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, BlockBytes)..])
        {
            stream.Write(MemoryMarshal.AsBytes(rest[..Math.Min(rest.Length, BlockBytes)]));
        }
    }

    private static NpyHeader ReadHeader(Stream stream)
    {
        Span<byte> start = stackalloc byte[Magic.Length + 2];
        int read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (read < start.Length || !start.StartsWith(Magic))
        {
            throw new InvalidDataException("this is not an npy file: it lacks the magic string; save the array with numpy.save");
        }

        int version = start[Magic.Length];
        if (version is < 1 or > 3 || start[Magic.Length + 1] != 0)
        {
            throw new InvalidDataException($"npy version {version}.{start[Magic.Length + 1]} is not supported; versions 1.0, 2.0 and 3.0 are");
        }

        Span<byte> lengthBytes = stackalloc byte[sizeof(uint)];
        lengthBytes.Clear();
        ReadAll(stream, version == 1 ? lengthBytes[..sizeof(ushort)] : lengthBytes);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > MaxHeaderBytes)
        {
            throw new InvalidDataException($"an npy header of {length} bytes is too long; at most {MaxHeaderBytes} are supported");
        }

        byte[] text = new byte[length];
        ReadAll(stream, text);
        return NpyHeader.Parse((version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(text));
    }

    private static void ReadAll(Stream stream, Span<byte> bytes)
    {
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw new InvalidDataException("the file ends inside its npy header; it is damaged or truncated");
        }
    }

    private static byte[] ReadData(Stream stream, int length)
    {
        if (stream.CanSeek && stream.Length - stream.Position < length)
        {
            throw Truncated(length, Math.Max(0, stream.Length - stream.Position));
        }

        // The length of a stream that cannot seek is unknown, so memory grows with the data received.
        byte[] data = new byte[stream.CanSeek ? length : Math.Min(length, BlockBytes)];
        int count = 0;
        while (true)
        {
            count += stream.ReadAtLeast(data.AsSpan(count), data.Length - count, throwOnEndOfStream: false);
            if (count < data.Length)
            {
                throw Truncated(length, count);
            }

            if (count == length)
            {
                return data;
            }

            Array.Resize(ref data, (int)Math.Min(length, 2L * data.Length));
        }
    }

    private static InvalidDataException Truncated(long wanted, long present) =>
        new($"the array takes {wanted} bytes but the file has {present}; it is damaged or truncated");

    private static byte[] Header(NpyElement element, int count, ReadOnlySpan<long> shape)
    {
        long[] axes = shape.IsEmpty ? [count] : shape.ToArray();
        CheckShape(count, axes);
        return Header(element, axes);
    }

    private static byte[] Header(NpyElement element, long[] axes)
    {
        string text = new NpyHeader(element, axes).ToString();
        int start = Magic.Length + 2 + sizeof(ushort);
        int total = (start + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[total];
        Magic.CopyTo(header);
        header[Magic.Length] = 1; // version 1.0
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(Magic.Length + 2), checked((ushort)(total - start)));
        header.AsSpan(start).Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, header.AsSpan(start));
        header[^1] = (byte)'\n';
        return header;
    }

    private static void CheckShape(int count, long[] shape)
    {
        Int128 product = 1;
        foreach (long length in shape)
        {
            product = product > int.MaxValue && length != 0 ? product : product * length;
        }

        if (product != count || shape.Any(length => length < 0))
        {
            throw new ArgumentException($"The shape ({string.Join(", ", shape)}) does not match {count} elements.", nameof(shape));
        }
    }
}
