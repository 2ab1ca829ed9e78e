namespace Data2Vec.Vision.Images;

/// <summary>A Huffman table (ITU-T T.81, annexes C and F). A code has at most 16 bits.</summary>
internal sealed class JpegHuffmanTable
{
    /// <summary>Codes of up to this length are found in one step.</summary>
    public const int LookupBits = 9;

    private const int MaxLength = 16;

    private readonly int[] _limits = new int[MaxLength + 2]; // the first code of 16 bits that is longer
    private readonly int[] _offsets = new int[MaxLength + 1];
    private readonly byte[] _symbols;

    /// <summary>Assigns codes to symbols.</summary>
    /// <param name="counts">The number of codes of 1 to 16 bits.</param>
    /// <param name="symbols">The symbols in the order of their codes.</param>
    /// <exception cref="InvalidDataException">There are more codes of a length than fit.</exception>
    public JpegHuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        _symbols = symbols.ToArray();
        int code = 0, symbol = 0;
        for (int length = 1; length <= MaxLength; length++)
        {
            _offsets[length] = symbol - code;
            for (int i = 0; i < counts[length - 1]; i++, code++, symbol++)
            {
                if (code >= 1 << length)
                {
                    throw ImageErrors.Damaged(ImageFormat.Jpeg);
                }

                if (length <= LookupBits)
                {
                    int free = LookupBits - length;
                    Lookup.AsSpan(code << free, 1 << free).Fill((ushort)((length << 8) | symbols[symbol]));
                }
            }

            _limits[length] = code << (MaxLength - length);
            code <<= 1;
        }

        _limits[^1] = int.MaxValue;
    }

    /// <summary>The length of a code, times 256, and its symbol, by the next bits. 0 for a longer code.</summary>
    public ushort[] Lookup { get; } = new ushort[1 << LookupBits];

    /// <summary>Whether no symbol exceeds a number.</summary>
    public bool HasSymbolsUpTo(int max) => _symbols.AsSpan().IndexOfAnyInRange((byte)(max + 1), byte.MaxValue) < 0;

    /// <summary>Finds a long code, as <see cref="Lookup"/> gives it.</summary>
    /// <exception cref="InvalidDataException">The bits are no code.</exception>
    public int Find(int next16)
    {
        int length = LookupBits + 1;
        while (next16 >= _limits[length])
        {
            length++;
        }

        return length <= MaxLength
            ? (length << 8) | _symbols[(next16 >> (MaxLength - length)) + _offsets[length]]
            : throw ImageErrors.Damaged(ImageFormat.Jpeg);
    }

    /// <summary>The tables of annex K: DC of luma and chroma, AC of luma and chroma. Frames of Motion JPEG leave them out.</summary>
    public static JpegHuffmanTable Default(bool isAc, bool isChroma)
    {
        ReadOnlySpan<byte> dc = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
        return (isAc, isChroma) switch
        {
            (false, false) => new([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], dc),
            (false, true) => new([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], dc),
            (true, false) => new([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125], Convert.FromHexString(
                "01020300041105122131410613516107227114328191A1082342B1C11552D1F02433627282090A161718191A25262728292A34353637" +
                "38393A434445464748494A535455565758595A636465666768696A737475767778797A838485868788898A92939495969798999AA2A3" +
                "A4A5A6A7A8A9AAB2B3B4B5B6B7B8B9BAC2C3C4C5C6C7C8C9CAD2D3D4D5D6D7D8D9DAE1E2E3E4E5E6E7E8E9EAF1F2F3F4F5F6F7F8F9FA")),
            _ => new([0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119], Convert.FromHexString(
                "000102031104052131061241510761711322328108144291A1B1C109233352F0156272D10A162434E125F11718191A262728292A3536" +
                "3738393A434445464748494A535455565758595A636465666768696A737475767778797A82838485868788898A92939495969798999A" +
                "A2A3A4A5A6A7A8A9AAB2B3B4B5B6B7B8B9BAC2C3C4C5C6C7C8C9CAD2D3D4D5D6D7D8D9DAE2E3E4E5E6E7E8E9EAF2F3F4F5F6F7F8F9FA")),
        };
    }
}
