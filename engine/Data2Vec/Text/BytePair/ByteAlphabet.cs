namespace Data2Vec.Text;

/// <summary>
/// The 256 printable characters in which byte-level BPE writes bytes (<c>bytes_to_unicode</c> of GPT-2's encoder.py): a byte that
/// is a visible Latin-1 character stands for itself, the other 68 take U+0100 upwards in order. A space is 'Ġ' (U+0120).
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] s_characters = BuildCharacters();
    private static readonly short[] s_bytes = BuildBytes();

    /// <summary>The character of a byte.</summary>
    public static char CharacterOf(byte value) => s_characters[value];

    /// <summary>The byte of a character, or -1 where the character is none of the alphabet's.</summary>
    public static int ByteOf(char character) => character < s_bytes.Length ? s_bytes[character] : -1;

    /// <summary>Writes bytes as characters, one for one.</summary>
    public static void Write(ReadOnlySpan<byte> bytes, Span<char> characters)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            characters[i] = s_characters[bytes[i]];
        }
    }

    private static char[] BuildCharacters()
    {
        char[] characters = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            // 0xAD, the soft hyphen, is Latin-1 but invisible.
            bool visible = value is >= '!' and <= '~' or >= 0xA1 and <= 0xFF and not 0xAD;
            characters[value] = (char)(visible ? value : next++);
        }

        return characters;
    }

    private static short[] BuildBytes()
    {
        short[] bytes = new short[s_characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[s_characters[value]] = (short)value;
        }

        return bytes;
    }
}
