using System.Runtime.InteropServices;

namespace Data2Vec.ModelFile;

/// <summary>A model that does not come from a file, copied into aligned memory outside the managed heap.</summary>
internal sealed class CopiedBytes : ModelBytes
{
    private const long FirstCapacity = 1 << 20;

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

    /// <summary>Copies what is left of a stream, however long it says it is: memory follows the bytes that came.</summary>
    public static CopiedBytes From(Stream stream)
    {
        var copy = new CopiedBytes();
        try
        {
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = stream.Read(buffer)) > 0;)
                copy.Append(buffer.AsSpan(0, read));
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    public override ReadOnlySpan<byte> Read(long offset, Span<byte> buffer) => Slice(offset, buffer.Length);

    public override void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private unsafe void Append(ReadOnlySpan<byte> bytes)
    {
        if (_capacity - _length < bytes.Length)
            Grow(Math.Max(checked(_capacity + _capacity / 2), Math.Max(_length + bytes.Length, FirstCapacity)));
        bytes.CopyTo(new Span<byte>((byte*)_address + _length, bytes.Length));
        _length += bytes.Length;
    }

    private unsafe void Grow(long capacity)
    {
        _address = (nint)NativeMemory.AlignedRealloc((void*)_address, checked((nuint)capacity), D2vFormat.Alignment);
        _capacity = capacity;
    }

    private unsafe void Free()
    {
        NativeMemory.AlignedFree((void*)_address);
        _address = 0;
        _capacity = _length = 0;
    }
}
