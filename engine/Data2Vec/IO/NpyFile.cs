using System.Buffers.Binary;
using System.Text;

namespace Data2Vec.IO;

/// <summary>
/// Reads and writes numpy's <c>.npy</c> files, as numpy's documentation (numpy.lib.format) lays them down: a magic
/// string, a version, a header that is a Python dictionary, and the elements, here little-endian and row-major.
/// </summary>
public static class NpyFile
{
    private const int MaxHeaderBytes = 1 << 16; // numpy itself refuses more than 10,000
    private const int Alignment = 64;
    private const int BlockBytes = 1 << 16;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a file that holds one array, of version 1, 2 or 3.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">It is no such file, is damaged, or has elements of another type.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static NpyArray Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        try
        {
            NpyArray array = Read(stream);
            return stream.ReadByte() < 0
                ? array
                : throw new InvalidDataException("bytes follow the array that the header describes; save one array a file");
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>Reads one array from where a stream stands, and leaves the stream open just behind it.</summary>
    /// <param name="stream">The stream, which need not be able to seek.</param>
    /// <exception cref="InvalidDataException">There is no such array, it is damaged, or has elements of another type.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static NpyArray Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        NpyHeader header = ReadHeader(stream);
        return new NpyArray(header.Type, header.Shape, ReadData(stream, header.DataBytes()));
    }

    /// <summary>Writes an array of float32 to a file, in place of what was there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="values">The elements in row-major order.</param>
    /// <param name="shape">The lengths of the axes, the outermost first; left out, there is one axis.</param>
    /// <exception cref="ArgumentException">The shape does not hold just as many elements as there are.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        CheckShape(values.Length, shape); // before the file that was there is gone
        using FileStream stream = File.Create(path);
        Write(stream, values, shape);
    }

    /// <summary>Writes an array of int64 to a file, in place of what was there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="values">The elements in row-major order.</param>
    /// <param name="shape">The lengths of the axes, the outermost first; left out, there is one axis.</param>
    /// <exception cref="ArgumentException">The shape does not hold just as many elements as there are.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<long> values, params ReadOnlySpan<long> shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        CheckShape(values.Length, shape); // before the file that was there is gone
        using FileStream stream = File.Create(path);
        Write(stream, values, shape);
    }

    /// <summary>Writes an array of float32, the bytes being those that <c>numpy.save</c> writes.</summary>
    /// <param name="stream">Where to write; it is left open.</param>
    /// <param name="values">The elements in row-major order.</param>
    /// <param name="shape">The lengths of the axes, the outermost first; left out, there is one axis.</param>
    /// <exception cref="ArgumentException">The shape does not hold just as many elements as there are.</exception>
    public static void Write(Stream stream, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(stream);
        WriteHeader(stream, NpyType.F32, values.Length, shape);
        byte[] block = new byte[BlockBytes];
        while (!values.IsEmpty)
        {
            int count = Math.Min(values.Length, BlockBytes / sizeof(float));
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(block.AsSpan(i * sizeof(float)), values[i]);
            }

            stream.Write(block, 0, count * sizeof(float));
            values = values[count..];
        }
    }

    /// <summary>Writes an array of int64, the bytes being those that <c>numpy.save</c> writes.</summary>
    /// <param name="stream">Where to write; it is left open.</param>
    /// <param name="values">The elements in row-major order.</param>
    /// <param name="shape">The lengths of the axes, the outermost first; left out, there is one axis.</param>
    /// <exception cref="ArgumentException">The shape does not hold just as many elements as there are.</exception>
    public static void Write(Stream stream, ReadOnlySpan<long> values, params ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(stream);
        WriteHeader(stream, NpyType.I64, values.Length, shape);
        byte[] block = new byte[BlockBytes];
        while (!values.IsEmpty)
        {
            int count = Math.Min(values.Length, BlockBytes / sizeof(long));
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(i * sizeof(long)), values[i]);
            }

            stream.Write(block, 0, count * sizeof(long));
            values = values[count..];
        }
    }

    private static NpyHeader ReadHeader(Stream stream)
    {
        Span<byte> start = stackalloc byte[Magic.Length + 2];
        int read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (read < start.Length || !start.StartsWith(Magic))
        {
            throw new InvalidDataException("this is no npy file: its first bytes are not those of one; save the array with numpy.save");
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
        return NpyHeader.Parse(version == 3 ? Encoding.UTF8.GetString(text) : Encoding.Latin1.GetString(text));
    }

    private static void ReadAll(Stream stream, Span<byte> bytes)
    {
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw new InvalidDataException("the file ends inside its npy header; it is damaged or cut short");
        }
    }

    private static byte[] ReadData(Stream stream, int length)
    {
        if (stream.CanSeek && stream.Length - stream.Position < length)
        {
            throw CutShort(length, Math.Max(0, stream.Length - stream.Position));
        }

        // A stream that cannot seek does not tell how much there is: memory grows with what has come.
        byte[] data = new byte[stream.CanSeek ? length : Math.Min(length, BlockBytes)];
        int count = 0;
        while (true)
        {
            count += stream.ReadAtLeast(data.AsSpan(count), data.Length - count, throwOnEndOfStream: false);
            if (count < data.Length)
            {
                throw CutShort(length, count);
            }

            if (count == length)
            {
                return data;
            }

            Array.Resize(ref data, (int)Math.Min(length, 2L * data.Length));
        }
    }

    private static InvalidDataException CutShort(long wanted, long present) =>
        new($"the array takes {wanted} bytes but {present} are there; the file is damaged or cut short");

    private static void WriteHeader(Stream stream, NpyType type, int count, scoped ReadOnlySpan<long> shape)
    {
        CheckShape(count, shape);
        Span<long> oneAxis = stackalloc long[] { count };
        if (shape.IsEmpty)
        {
            shape = oneAxis;
        }

        string text = NpyHeader.Format(type, shape);
        int start = Magic.Length + 2 + sizeof(ushort);
        int total = (start + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[total];
        Magic.CopyTo(header);
        header[Magic.Length] = 1; // the version's major part; the minor one is 0
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(Magic.Length + 2), checked((ushort)(total - start)));
        header.AsSpan(start).Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, header.AsSpan(start));
        header[^1] = (byte)'\n';
        stream.Write(header);
    }

    private static void CheckShape(int count, ReadOnlySpan<long> shape)
    {
        if (shape.IsEmpty)
        {
            return;
        }

        Int128 product = 1;
        bool negative = false;
        foreach (long length in shape)
        {
            negative |= length < 0;
            product = product > int.MaxValue && length != 0 ? product : product * length;
        }

        if (negative || product != count)
        {
            throw new ArgumentException($"the shape ({string.Join(", ", shape.ToArray())}) does not hold {count} elements", nameof(shape));
        }
    }
}
