using System.Runtime.InteropServices;

namespace Data2Vec.ModelFile;

/// <summary>A model that does not come from a file, copied into aligned memory outside the managed heap.</summary>
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
    /// Copies what is left of a stream, however long it says it is: memory follows the bytes that came. No more is read than
    /// <see cref="Missing"/> says, so that a stream without an end does no harm.
    /// </summary>
    public static CopiedBytes From(Stream stream)
    {
        var copy = new CopiedBytes();
        try
        {
            byte[] buffer = new byte[BufferBytes];
            for (int read; (read = stream.Read(buffer, 0, copy.Missing())) > 0;)
            {
                copy.Append(buffer.AsSpan(0, read));
            }

            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>The same without holding a thread while bytes are awaited.</summary>
    public static async Task<CopiedBytes> FromAsync(Stream stream, CancellationToken cancellation)
    {
        var copy = new CopiedBytes();
        try
        {
            byte[] buffer = new byte[BufferBytes];
            for (int read; (read = await stream.ReadAsync(buffer.AsMemory(0, copy.Missing()), cancellation).ConfigureAwait(false)) > 0;)
            {
                copy.Append(buffer.AsSpan(0, read));
            }

            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    public override ReadOnlySpan<byte> Read(long offset, Span<byte> buffer) => Slice(offset, buffer.Length);

    // The preamble first, then what it says the file has, and one byte more: its being there shows that the file is longer.
    private int Missing()
    {
        if (_length < D2vFormat.PreambleBytes)
        {
            return (int)(D2vFormat.PreambleBytes - _length);
        }

        ReadOnlySpan<byte> preamble = Slice(0, D2vFormat.PreambleBytes);
        ulong end = preamble.StartsWith(D2vFormat.Magic) ? D2vFormat.FileLength(preamble) : 0;
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
