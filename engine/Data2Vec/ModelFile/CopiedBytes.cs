using System.Runtime.InteropServices;

namespace Data2Vec.ModelFile;

/// <summary>A model that does not come from a file, copied to aligned memory outside the managed heap.</summary>
internal sealed class CopiedBytes : ModelBytes
{
    private const long FirstCapacity = 1 << 20;
    private const int BufferBytes = 1 << 16;

    private nint _address;
    private long _capacity;
    private long _length;

    private CopiedBytes()
    {
    }

    ~CopiedBytes() => Free();

    public override nint Address => _address;

    public override long Length => _length;

    public static CopiedBytes From(ReadOnlySpan<byte> bytes)
    {
        var copy = new CopiedBytes();
        copy.Grow(Math.Max(bytes.Length, 1));
        copy.Append(bytes);
        return copy;
    }

    /// <summary>
    /// Copies the rest of a stream. Memory grows with the bytes that arrive, whatever length the stream states. No more bytes are read than
    /// the model file has, plus one, so an endless stream does no harm.
    /// </summary>
    public static CopiedBytes From(Stream stream) =>
        Copy((buffer, count) => new ValueTask<int>(stream.Read(buffer, 0, count))).AsTask().GetAwaiter().GetResult();

    /// <summary>Copies the rest of a stream without blocking a thread.</summary>
    public static ValueTask<CopiedBytes> FromAsync(Stream stream, CancellationToken cancellation) =>
        Copy((buffer, count) => stream.ReadAsync(buffer.AsMemory(0, count), cancellation));

    public override ReadOnlySpan<byte> Read(long offset, Span<byte> buffer) => Slice(offset, buffer.Length);

    private static async ValueTask<CopiedBytes> Copy(Func<byte[], int, ValueTask<int>> read)
    {
        var copy = new CopiedBytes();
        try
        {
            byte[] buffer = new byte[BufferBytes];
            for (int count; (count = await read(buffer, copy.Missing()).ConfigureAwait(false)) > 0;)
            {
                copy.Append(buffer.AsSpan(0, count));
            }

            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    // The preamble first, then the file that it describes, and one byte more, which shows that the file is longer.
    private int Missing()
    {
        if (_length < D2vPreamble.Size)
        {
            return (int)(D2vPreamble.Size - _length);
        }

        ulong end = D2vPreamble.PeekFileLength(Slice(0, D2vPreamble.Size));
        return end < (ulong)_length ? 0 : (int)Math.Min(BufferBytes, end - (ulong)_length + 1);
    }

    private unsafe void Append(ReadOnlySpan<byte> bytes)
    {
        if (_capacity - _length < bytes.Length)
        {
            Grow(Math.Max(checked(_capacity + _capacity / 2), Math.Max(_length + bytes.Length, FirstCapacity)));
        }

        bytes.CopyTo(new Span<byte>((byte*)_address + _length, bytes.Length));
        _length += bytes.Length;
    }

    private unsafe void Grow(long capacity)
    {
        _address = (nint)NativeMemory.AlignedRealloc((void*)_address, checked((nuint)capacity), D2vFormat.Alignment);
        _capacity = capacity;
    }

    protected override unsafe void Free()
    {
        NativeMemory.AlignedFree((void*)_address);
        _address = 0;
        _capacity = _length = 0;
    }
}
