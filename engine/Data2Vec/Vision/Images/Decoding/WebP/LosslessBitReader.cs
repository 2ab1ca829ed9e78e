namespace Data2Vec.Vision.Images;

/// <summary>Reads the bits of lossless WebP, lower bits first.</summary>
internal ref struct LosslessBitReader(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private ulong _bits;
    private int _position, _count;

    /// <summary>Reads up to 32 bits.</summary>
    /// <exception cref="InvalidDataException">The data ends.</exception>
    public uint Read(int bits)
    {
        uint value = (uint)(Peek() & ((1UL << bits) - 1));
        Skip(bits);
        return value;
    }

    /// <summary>At least the next 32 bits, lowest first. Zeros follow the end of the data.</summary>
    public ulong Peek()
    {
        while (_count <= 56 && _position < _data.Length)
        {
            _bits |= (ulong)_data[_position++] << _count;
            _count += 8;
        }

        return _bits;
    }

    /// <summary>Goes on by bits that <see cref="Peek"/> gave.</summary>
    /// <exception cref="InvalidDataException">The data ends before.</exception>
    public void Skip(int bits)
    {
        if (bits > _count)
        {
            throw ImageErrors.Truncated(ImageFormat.WebP);
        }

        _bits >>= bits;
        _count -= bits;
    }
}
