using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>Writes a part of a file from its begin to its end. Several parts can be written at the same time.</summary>
/// <param name="file">The file.</param>
/// <param name="start">Where the part begins.</param>
internal sealed class FileRegion(SafeFileHandle file, long start)
{
    private const int BufferBytes = 1 << 18, MaxBits = 56;

    private readonly byte[] _buffer = new byte[BufferBytes + sizeof(ulong)];
    private int _used, _bitsUsed;
    private long _position = start;
    private ulong _bits;

    /// <summary>Writes bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            MakeRoom();
            int count = Math.Min(bytes.Length, BufferBytes - _used);
            bytes[..count].CopyTo(_buffer.AsSpan(_used));
            _used += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>Writes a number as the machine stores it.</summary>
    public void Write<T>(T value)
        where T : unmanaged => Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Writes the lowest bits of a number, behind those before.</summary>
    /// <param name="value">The number, which has no other bits.</param>
    /// <param name="count">The number of bits, at most 56.</param>
    public void WriteBits(ulong value, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxBits);
        MakeRoom();
        _bits |= value << _bitsUsed;
        _bitsUsed += count;
        Unsafe.WriteUnaligned(ref _buffer[_used], _bits);
        _used += _bitsUsed >> 3;
        _bits >>= _bitsUsed & ~7;
        _bitsUsed &= 7;
    }

    /// <summary>Writes what is left.</summary>
    public void Finish()
    {
        if (_bitsUsed > 0)
        {
            WriteBits(0, 8 - _bitsUsed);
        }

        Flush();
    }

    private void MakeRoom()
    {
        if (_used >= BufferBytes)
        {
            Flush();
        }
    }

    private void Flush()
    {
        RandomAccess.Write(file, _buffer.AsSpan(0, _used), _position);
        _position += _used;
        _used = 0;
    }
}
