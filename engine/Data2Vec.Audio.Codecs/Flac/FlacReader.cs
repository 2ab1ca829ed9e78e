using System.Buffers.Binary;
using System.Numerics;

namespace Data2Vec.Audio.Codecs;

/// <summary>Reads bits, most significant first. The bytes of the current frame stay in memory for its checksum.</summary>
internal sealed class FlacReader(Stream stream)
{
    private const int FirstLength = 1 << 16;

    // 65,535 samples of 8 channels and 32 bits, verbatim, are 2 MB.
    private const int MaxFrameBytes = 1 << 24;

    private const int CacheBits = 64;

    private byte[] _buffer = new byte[FirstLength];
    private int _frameStart;
    private int _next;
    private int _end;

    // The next bits at the top. Below them may already be a part of the byte at _next.
    private ulong _cache;
    private int _count;

    /// <summary>The bytes since <see cref="BeginFrame"/>. The position must be at a whole byte.</summary>
    public ReadOnlySpan<byte> Frame => _buffer.AsSpan(_frameStart, _next - _count / 8 - _frameStart);

    /// <summary>Whether there are no more bytes. The position must be at a whole byte.</summary>
    public bool IsAtEnd
    {
        get
        {
            Refill();
            return _count == 0;
        }
    }

    /// <summary>Starts a frame at the current position, which must be at a whole byte.</summary>
    public void BeginFrame()
    {
        _next -= _count / 8;
        (_cache, _count, _frameStart) = (0, 0, _next);
    }

    /// <summary>Shows the next bits, at most 32. Missing ones at the end are 0.</summary>
    public uint Peek(int bits)
    {
        Refill();
        return bits == 0 ? 0 : (uint)(_cache >> CacheBits - bits);
    }

    /// <summary>Reads at most 32 bits.</summary>
    public uint Read(int bits)
    {
        if (bits == 0)
        {
            return 0;
        }

        Require(bits);
        uint value = (uint)(_cache >> CacheBits - bits);
        Drop(bits);
        return value;
    }

    /// <summary>Reads a signed number of at most 33 bits.</summary>
    public long ReadSigned(int bits)
    {
        if (bits == 0)
        {
            return 0;
        }

        Require(bits);
        long value = (long)_cache >> CacheBits - bits;
        Drop(bits);
        return value;
    }

    /// <summary>Counts zeros up to the next one, which is skipped.</summary>
    public int ReadUnary()
    {
        int zeros = 0;
        while (true)
        {
            Require(1);
            int leading = BitOperations.LeadingZeroCount(_cache);
            if (leading < _count)
            {
                Drop(leading + 1);
                return zeros + leading;
            }

            zeros += _count;
            (_cache, _count) = (0, 0);
        }
    }

    /// <summary>Reads numbers in Rice code.</summary>
    public void ReadRice(Span<long> numbers, int parameter)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            ulong quotient = (ulong)ReadUnary();
            ulong folded = quotient << parameter | Read(parameter);
            numbers[i] = (long)(folded >> 1) ^ -(long)(folded & 1);
        }
    }

    /// <summary>Skips the bits up to the next whole byte.</summary>
    public void AlignToByte() => Drop(_count & 7);

    /// <summary>Reads whole bytes from a whole byte.</summary>
    public void ReadBytes(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)Read(8);
        }
    }

    /// <summary>Skips whole bytes from a whole byte.</summary>
    public void SkipBytes(int count)
    {
        for (; count > 0; count--)
        {
            if ((count & 0xFFF) == 0)
            {
                BeginFrame(); // forgets what was read
            }

            Read(8);
        }
    }

    private void Drop(int bits)
    {
        _cache = bits < CacheBits ? _cache << bits : 0; // a shift by 64 does nothing
        _count -= bits;
    }

    private void Require(int bits)
    {
        if (_count >= bits)
        {
            return;
        }

        Refill();
        if (_count < bits)
        {
            throw new InvalidDataException("the file ends too early; it is truncated");
        }
    }

    private void Refill()
    {
        if (_count <= CacheBits - 8 && _end - _next >= 8)
        {
            _cache |= BinaryPrimitives.ReadUInt64BigEndian(_buffer.AsSpan(_next)) >> _count;
            int bytes = CacheBits - 1 - _count >> 3;
            _next += bytes;
            _count += 8 * bytes;
            return;
        }

        while (_count <= CacheBits - 8 && (_next < _end || Fill()))
        {
            _cache |= (ulong)_buffer[_next++] << CacheBits - 8 - _count;
            _count += 8;
        }
    }

    private bool Fill()
    {
        if (_end == _buffer.Length)
        {
            if (_frameStart > 0)
            {
                _buffer.AsSpan(_frameStart, _end - _frameStart).CopyTo(_buffer);
                (_next, _end, _frameStart) = (_next - _frameStart, _end - _frameStart, 0);
            }
            else if (_buffer.Length >= MaxFrameBytes)
            {
                throw new InvalidDataException($"a frame has more than {MaxFrameBytes} bytes; the file is damaged");
            }
            else
            {
                Array.Resize(ref _buffer, 2 * _buffer.Length);
            }
        }

        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
