namespace Data2Vec.Text;

/// <summary>
/// The 256 printable characters that represent bytes in byte-level BPE (<c>bytes_to_unicode</c> in GPT-2's encoder.py). Visible Latin-1
/// characters represent themselves, and the other 68 bytes map to U+0100 upward in order. A space is 'Ġ' (U+0120).
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] s_characters = BuildCharacters();
    private static readonly short[] s_bytes = BuildBytes();

    /// <summary>The character that represents a byte.</summary>
    public static char CharacterOf(byte value) => s_characters[value];

    /// <summary>The byte that a character represents, or -1.</summary>
    public static int ByteOf(char character) => character < s_bytes.Length ? s_bytes[character] : -1;

    /// <summary>Converts bytes to characters.</summary>
    public static void Write(ReadOnlySpan<byte> bytes, Span<char> characters)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            characters[i] = s_characters[bytes[i]];
        }
    }

    private static char[] BuildCharacters()
    {
        int next = 256;

        // 0xAD, the soft hyphen, is Latin-1 but invisible.
        return [.. Enumerable.Range(0, 256).Select(value => (char)(value is >= '!' and <= '~' or >= 0xA1 and <= 0xFF and not 0xAD ? value : next++))];
    }

    private static short[] BuildBytes()
    {
        short[] bytes = new short[s_characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (short value = 0; value < 256; value++)
        {
            bytes[s_characters[value]] = value;
        }

        return bytes;
    }
}
