using System.Numerics;

namespace Data2Vec.Vision.Images;

/// <summary>Decodes bits of given probabilities (RFC 6386, section 7).</summary>
/// <param name="data">The file.</param>
/// <param name="start">Where the part begins.</param>
/// <param name="length">The length of the part.</param>
internal sealed class LossyBitReader(ReadOnlyMemory<byte> data, int start, int length)
{
    private readonly int _end = start + length;
    private ulong _value;
    private uint _range = 254; // less 1
    private int _position = start, _bits = -8; // the bits of the value below the 8 that are compared

    /// <summary>Whether more bits were read than there are.</summary>
    public bool IsPastEnd { get; private set; }

    /// <summary>Decodes a bit that is 0 with a probability of <paramref name="probability"/> / 256.</summary>
    public int Read(int probability)
    {
        if (_bits < 0)
        {
            Fill();
        }

        uint split = (_range * (uint)probability) >> 8, value = (uint)(_value >> _bits);
        int bit = 0;
        if (value > split)
        {
            _range -= split;
            _value -= (ulong)(split + 1) << _bits;
            bit = 1;
        }
        else
        {
            _range = split + 1;
        }

        int shift = 7 ^ BitOperations.Log2(_range);
        _range = (_range << shift) - 1;
        _bits -= shift;
        return bit;
    }

    /// <summary>Reads a number of some bits, upper bits first.</summary>
    public int ReadNumber(int bits)
    {
        int value = 0;
        for (; bits > 0; bits--)
        {
            value = value << 1 | Read(128);
        }

        return value;
    }

    /// <summary>Reads a flag.</summary>
    public bool ReadFlag() => Read(128) == 1;

    /// <summary>Reads a number of some bits and its sign.</summary>
    public int ReadSigned(int bits)
    {
        int value = ReadNumber(bits);
        return ReadFlag() ? -value : value;
    }

    /// <summary>Reads a signed number behind a flag that says whether it is there.</summary>
    public int ReadOptional(int bits, int missing = 0) => ReadFlag() ? ReadSigned(bits) : missing;

    private void Fill()
    {
        ReadOnlySpan<byte> rest = data.Span[_position.._end];
        int count = Math.Min(rest.Length, 6);
        for (int i = 0; i < count; i++)
        {
            _value = _value << 8 | rest[i];
        }

        _position += count;
        _bits += 8 * count;
        if (count == 0)
        {
            // Zeros follow the end, as the encoder may leave them out only in part.
            IsPastEnd = true;
            _value <<= 8;
            _bits += 8;
        }
    }
}
