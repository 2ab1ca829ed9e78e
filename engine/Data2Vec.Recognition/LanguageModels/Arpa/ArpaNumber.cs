using System.Buffers.Text;

namespace Data2Vec.Recognition.LanguageModels.Arpa;

/// <summary>Reads the numbers of ARPA files.</summary>
internal static class ArpaNumber
{
    private const int MaxDigits = 15;

    // Quotients of numbers of up to 15 digits by these are rounded once.
    private static readonly double[] s_powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>Reads a number that takes up the whole text.</summary>
    /// <returns>The number, which can be infinite or NaN; null if the text is none.</returns>
    public static double? Parse(ReadOnlySpan<byte> text)
    {
        bool isNegative = text is [(byte)'-', ..];
        ReadOnlySpan<byte> digits = text is [(byte)'-' or (byte)'+', ..] ? text[1..] : text;
        long number = 0;
        int fraction = -1, count = 0;
        foreach (byte b in digits)
        {
            if (b is >= (byte)'0' and <= (byte)'9' && count < MaxDigits)
            {
                number = number * 10 + (b - '0');
                fraction += fraction >= 0 ? 1 : 0;
                count++;
            }
            else if (b == '.' && fraction < 0)
            {
                fraction = 0;
            }
            else
            {
                return Slow(text, digits, isNegative);
            }
        }

        double value = number / s_powers[Math.Max(fraction, 0)];
        return count == 0 ? null : isNegative ? -value : value;
    }

    private static double? Slow(ReadOnlySpan<byte> text, ReadOnlySpan<byte> digits, bool isNegative)
    {
        if (Utf8Parser.TryParse(text, out double value, out int used) && used == text.Length)
        {
            return value;
        }

        // As C and C++ programs print them; Windows' old ones wrote 1.#INF.
        bool isInfinite = Begins(digits, "inf"u8) || digits.StartsWith("1.#INF"u8);
        return isInfinite ? (isNegative ? double.NegativeInfinity : double.PositiveInfinity)
            : Begins(digits, "nan"u8) || digits.StartsWith("1.#"u8) ? double.NaN
            : null;
    }

    private static bool Begins(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name) =>
        text.Length >= name.Length && System.Text.Ascii.EqualsIgnoreCase(text[..name.Length], name);
}
