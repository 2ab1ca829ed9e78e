using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// Replaces characters as SentencePiece's <c>precompiled_charsmap</c> says, mostly by Unicode's NFKC with some rules for spaces and control characters. From the
/// left, the longest sequence that has a rule is replaced.
/// </summary>
/// <remarks>
/// The map is the length of a trie in bytes, the trie, and the replacements, each ended by a zero. The trie is a double array over the bytes of UTF-8
/// (Darts-clone): of a unit, the lowest byte is its label, bit 8 says that a key ends there, bits 10 to 30 are the offset of its children (times 256 if bit 9 is
/// set); a unit with bit 31 set is a leaf whose other bits are the place of a replacement.
/// </remarks>
internal sealed class CharacterMap
{
    /// <summary>The longest replacement in bytes. Those of NFKC have at most 33; a map from a stranger must not make a text grow without limit.</summary>
    private const int LongestReplacement = 128;

    private const uint Leaf = 1u << 31, Ends = 1u << 8, Extended = 1u << 9;

    private readonly uint[] _units;
    private readonly byte[] _replacements;

    private CharacterMap(uint[] units, byte[] replacements) => (_units, _replacements) = (units, replacements);

    /// <summary>Reads a map; an empty one replaces nothing.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static CharacterMap? Read(ReadOnlySpan<byte> map, FilePlace place)
    {
        if (map.IsEmpty)
        {
            return null;
        }

        uint length = map.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(map) : 0;
        if (length == 0 || length % sizeof(uint) != 0 || length > map.Length - sizeof(uint))
        {
            throw place.Error("the character map is damaged: its length is wrong");
        }

        uint[] units = new uint[length / sizeof(uint)];
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(map[(sizeof(uint) * (i + 1))..]);
        }

        byte[] replacements = map[(sizeof(uint) + (int)length)..].ToArray();
        for (int start = 0; start < replacements.Length;)
        {
            int end = replacements.AsSpan(start).IndexOf((byte)0);
            if (end is < 0 or > LongestReplacement)
            {
                throw place.Error($"the character map is damaged: a replacement has no end, or more than {LongestReplacement} bytes");
            }

            start += end + 1;
        }

        return new CharacterMap(units, replacements);
    }

    /// <summary>Replaces the characters of a text.</summary>
    public string Apply(ReadOnlySpan<char> text, Action step)
    {
        var result = new StringBuilder(text.Length);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes));
            while (!rest.IsEmpty)
            {
                step();
                int used = Longest(rest, out int place);
                if (used > 0)
                {
                    ReadOnlySpan<byte> replacement = place < _replacements.Length ? _replacements.AsSpan(place) : [];
                    result.Append(Encoding.UTF8.GetString(replacement[..Math.Max(0, replacement.IndexOf((byte)0))]));
                }
                else
                {
                    Rune.DecodeFromUtf8(rest, out Rune rune, out used);
                    result.Append(rune.ToString());
                }

                rest = rest[used..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        return result.ToString();
    }

    /// <summary>The length of the longest rule at the start of a text, 0 if there is none, and the place of its replacement.</summary>
    private int Longest(ReadOnlySpan<byte> text, out int place)
    {
        place = 0;
        int longest = 0;
        uint node = Offset(_units[0]);
        for (int i = 0; i < text.Length; i++)
        {
            node ^= text[i];
            if (node >= _units.Length || (_units[node] & (Leaf | 0xFF)) != text[i])
            {
                break;
            }

            uint unit = _units[node];
            node ^= Offset(unit);
            if ((unit & Ends) != 0 && node < _units.Length)
            {
                (longest, place) = (i + 1, (int)(_units[node] & ~Leaf));
            }
        }

        return longest;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & Extended) >> 6);
}
