namespace Data2Vec.Vision.Images;

/// <summary>A canonical prefix code of lossless WebP. Its memory is in proportion to the bits that describe it.</summary>
internal sealed class LosslessPrefixCode
{
    private const int MaxLength = 15, MaxLookupBits = 8;

    private readonly ushort[] _symbols; // in the order of their codes
    private readonly int[] _limits, _offsets; // for each length, the first longer code of 15 bits, and where its symbols begin
    private readonly ushort[] _lookup; // the length of a short code, times 4096, and its symbol; 0 for a longer code
    private readonly int _lookupBits;

    private LosslessPrefixCode(ReadOnlySpan<byte> lengths)
    {
        Span<int> counts = stackalloc int[MaxLength + 1];
        foreach (byte length in lengths)
        {
            counts[length]++;
        }

        int used = lengths.Length - counts[0], longest = counts.LastIndexOfAnyExcept(0);
        _symbols = new ushort[used];
        if (used == 1)
        {
            // The only symbol takes no bits.
            _symbols[0] = (ushort)lengths.IndexOfAnyExcept((byte)0);
            (_limits, _offsets, _lookup) = ([], [], []);
            return;
        }

        _limits = new int[longest + 1];
        _offsets = new int[longest + 1];
        int code = 0, symbol = 0;
        Span<int> next = stackalloc int[MaxLength + 1];
        for (int length = 1; length <= longest; length++)
        {
            code <<= 1;
            next[length] = symbol;
            _offsets[length] = symbol - code;
            code += counts[length];
            symbol += counts[length];
            _limits[length] = code << (MaxLength - length);
        }

        // All sequences of bits must be codes.
        if (used == 0 || code != 1 << longest)
        {
            throw ImageErrors.Damaged(ImageFormat.WebP);
        }

        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] > 0)
            {
                _symbols[next[lengths[i]]++] = (ushort)i;
            }
        }

        _lookupBits = Math.Min(longest, MaxLookupBits);
        _lookup = new ushort[1 << _lookupBits];
        for (int bits = 0; bits < _lookup.Length; bits++)
        {
            (int found, int length) = Find((uint)bits);
            _lookup[bits] = (ushort)(length <= _lookupBits ? (length << 12) | found : 0);
        }
    }

    /// <summary>Reads a code of symbols below a number.</summary>
    /// <exception cref="InvalidDataException">The data ends, or the code is damaged.</exception>
    public static LosslessPrefixCode Read(ref LosslessBitReader reader, int symbols)
    {
        byte[] lengths = new byte[symbols];
        if (reader.Read(1) == 0)
        {
            ReadLengths(ref reader, lengths);
            return new LosslessPrefixCode(lengths);
        }

        // One or two symbols.
        int count = (int)reader.Read(1) + 1;
        uint first = reader.Read(reader.Read(1) == 0 ? 1 : 8), second = count == 2 ? reader.Read(8) : first;
        if (first >= symbols || second >= symbols)
        {
            throw ImageErrors.Damaged(ImageFormat.WebP);
        }

        (lengths[first], lengths[second]) = (1, 1);
        return new LosslessPrefixCode(lengths);
    }

    /// <summary>Decodes a symbol.</summary>
    public int Decode(ref LosslessBitReader reader)
    {
        if (_lookup.Length == 0)
        {
            return _symbols[0];
        }

        uint bits = (uint)reader.Peek();
        int entry = _lookup[(int)(bits & ((1u << _lookupBits) - 1))];
        if (entry != 0)
        {
            reader.Skip(entry >> 12);
            return entry & 0xFFF;
        }

        (int symbol, int length) = Find(bits);
        reader.Skip(length);
        return symbol;
    }

    /// <summary>Finds the code at the lowest bits, whose first bit is the lowest.</summary>
    private (int Symbol, int Length) Find(uint bits)
    {
        int code = 0, length = 0;
        do
        {
            code = (code << 1) | (int)(bits & 1);
            bits >>= 1;
            length++;
        }
        while (code << (MaxLength - length) >= _limits[length]);
        return (_symbols[code + _offsets[length]], length);
    }

    /// <summary>Reads code lengths, which have a prefix code of their own.</summary>
    private static void ReadLengths(ref LosslessBitReader reader, Span<byte> lengths)
    {
        const int Repeat = 16, ShortZeros = 17;
        ReadOnlySpan<byte> order = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        byte[] own = new byte[order.Length];
        int count = (int)reader.Read(4) + 4;
        for (int i = 0; i < count; i++)
        {
            own[order[i]] = (byte)reader.Read(3);
        }

        LosslessPrefixCode code = new(own);
        int left = lengths.Length;
        if (reader.Read(1) == 1)
        {
            int bits = 2 + 2 * (int)reader.Read(3);
            left = 2 + (int)reader.Read(bits);
            if (left > lengths.Length)
            {
                throw ImageErrors.Damaged(ImageFormat.WebP);
            }
        }

        byte previous = 8;
        for (int i = 0; i < lengths.Length && left > 0; left--)
        {
            int symbol = code.Decode(ref reader);
            if (symbol < Repeat)
            {
                lengths[i++] = (byte)symbol;
                previous = symbol == 0 ? previous : (byte)symbol;
                continue;
            }

            int repeated = symbol switch { Repeat => 3 + (int)reader.Read(2), ShortZeros => 3 + (int)reader.Read(3), _ => 11 + (int)reader.Read(7) };
            if (repeated > lengths.Length - i)
            {
                throw ImageErrors.Damaged(ImageFormat.WebP);
            }

            lengths.Slice(i, repeated).Fill(symbol == Repeat ? previous : (byte)0);
            i += repeated;
        }
    }
}
