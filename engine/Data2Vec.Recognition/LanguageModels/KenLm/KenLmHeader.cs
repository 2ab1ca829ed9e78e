using System.Buffers.Binary;

namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>The layouts of KenLM's files, by their numbers there.</summary>
internal enum KenLmKind
{
    Probing = 0,
    RestProbing = 1,
    Trie = 2,
    QuantizedTrie = 3,
    ArrayTrie = 4,
    QuantizedArrayTrie = 5,
}

/// <summary>The header of a binary file of KenLM, version 5, made on a little-endian machine with 64 bits.</summary>
/// <param name="Kind">The layout.</param>
/// <param name="Multiplier">Buckets of a hash table per entry.</param>
/// <param name="HasWords">Whether the words are at the end of the file.</param>
/// <param name="Counts">The n-grams of each order.</param>
internal sealed record KenLmHeader(KenLmKind Kind, float Multiplier, bool HasWords, ulong[] Counts)
{
    private const int FixedOffset = 88, CountsOffset = 108, MultiplierOffset = 4, KindOffset = 8, WordsOffset = 12, VersionOffset = 16;

    /// <summary>The bytes of a header with the most counts.</summary>
    public const int MaxBytes = CountsOffset + sizeof(ulong) * NGramModel.MaxOrder + 4;

    /// <summary>How a file begins.</summary>
    public static ReadOnlySpan<byte> Magic => "mmap lm http://kheafield.com/code format version 5\n\0"u8;

    private static ReadOnlySpan<byte> MagicOfAny => "mmap lm http://kheafield.com/code"u8;

    // After the magic and its padding: the floats 0, 1 and -0.5, the integers 1, 2^32 - 1 and 0 of 32 bits, and 1 of 64 bits.
    private static ReadOnlySpan<byte> TestValues =>
    [
        0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xBF, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    ];

    /// <summary>The bytes of the header, a multiple of 8.</summary>
    public int Bytes => (CountsOffset + sizeof(ulong) * Counts.Length + 7) / 8 * 8;

    /// <summary>The version of the layout.</summary>
    private static uint LayoutVersion(KenLmKind kind) => kind >= KenLmKind.Trie ? 1u : 0;

    /// <summary>Whether a file of KenLM begins so, of whatever version.</summary>
    public static bool IsKenLm(ReadOnlySpan<byte> start) => start.StartsWith(MagicOfAny);

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The beginning of the file.</param>
    /// <exception cref="InvalidDataException">It is damaged, or of another version.</exception>
    public static KenLmHeader Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Magic))
        {
            throw new InvalidDataException(bytes[MagicOfAny.Length..].StartsWith(" incomplete"u8)
                ? "KenLM did not finish this file; build it again"
                : "this is a KenLM file of another version than 5; build it again from the ARPA file");
        }

        if (bytes.Length < CountsOffset)
        {
            throw new InvalidDataException("the file ends in its header");
        }

        if (!bytes[(FixedOffset - TestValues.Length)..].StartsWith(TestValues))
        {
            throw new InvalidDataException("this KenLM file was made on a machine of another kind, or is damaged; build it again from the ARPA file");
        }

        ReadOnlySpan<byte> values = bytes[FixedOffset..];
        int order = values[0];
        float multiplier = BinaryPrimitives.ReadSingleLittleEndian(values[MultiplierOffset..]);
        uint kind = BinaryPrimitives.ReadUInt32LittleEndian(values[KindOffset..]), version = BinaryPrimitives.ReadUInt32LittleEndian(values[VersionOffset..]);
        if (order is < 2 or > NGramModel.MaxOrder)
        {
            throw new InvalidDataException($"the header says n-grams of {order} words, and KenLM files can have 2 to {NGramModel.MaxOrder}");
        }

        if (kind > (uint)KenLmKind.QuantizedArrayTrie || version != LayoutVersion((KenLmKind)kind) || !(multiplier >= 1) || values[WordsOffset] > 1)
        {
            throw new InvalidDataException($"the header has kind {kind}, version {version}, multiplier {multiplier}, which no KenLM file of version 5 has");
        }

        ulong[] counts = new ulong[order];
        for (int i = 0; i < order; i++)
        {
            if (bytes.Length < CountsOffset + sizeof(ulong) * (i + 1))
            {
                throw new InvalidDataException("the file ends in its header");
            }

            counts[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(CountsOffset + sizeof(ulong) * i)..]);
        }

        return counts[0] >= int.MaxValue
            ? throw new InvalidDataException($"the header says {counts[0]} words, and there can be at most {int.MaxValue - 1}")
            : new KenLmHeader((KenLmKind)kind, multiplier, values[WordsOffset] == 1, counts);
    }

    /// <summary>The bytes of the header.</summary>
    public byte[] Write()
    {
        byte[] bytes = new byte[Bytes];
        Magic.CopyTo(bytes);
        TestValues.CopyTo(bytes.AsSpan(FixedOffset - TestValues.Length));
        Span<byte> values = bytes.AsSpan(FixedOffset);
        values[0] = (byte)Counts.Length;
        BinaryPrimitives.WriteSingleLittleEndian(values[MultiplierOffset..], Multiplier);
        BinaryPrimitives.WriteUInt32LittleEndian(values[KindOffset..], (uint)Kind);
        values[WordsOffset] = HasWords ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(values[VersionOffset..], LayoutVersion(Kind));
        for (int i = 0; i < Counts.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(CountsOffset + sizeof(ulong) * i), Counts[i]);
        }

        return bytes;
    }
}
