using System.Globalization;
using System.Numerics;
using System.Text;

namespace Data2Vec.Converters.PyTorch;

/// <summary>Text notations of pickles, mostly of protocol 0.</summary>
internal static class PickleText
{
    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A name for error messages: one line, shortened.</summary>
    public static string Quote(string name)
    {
        string head = name.Length <= 100 ? name : name[..100] + "…";
        return string.Concat(head.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter));
    }

    public static string Utf8(ReadOnlySpan<byte> bytes) =>
        TryUtf8(bytes) ?? throw new InvalidDataException("a string of the pickle is not valid UTF-8");

    /// <summary>A string of Python 2: text if it is valid UTF-8, else the bytes themselves.</summary>
    public static object Utf8OrBytes(ReadOnlySpan<byte> bytes) => (object?)TryUtf8(bytes) ?? bytes.ToArray();

    private static string? TryUtf8(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return s_strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>The bytes of a string that holds one byte a character, as <c>_codecs.encode(…, 'latin1')</c> gives.</summary>
    public static byte[] Latin1(string text)
    {
        InvalidData.ThrowIf(text.AsSpan().ContainsAnyExceptInRange('\0', 'ÿ'), "a byte string of the pickle has characters beyond Latin-1");
        return Encoding.Latin1.GetBytes(text);
    }

    /// <summary>A number of protocol 0; <c>L</c> at the end marks Python 2's long integers.</summary>
    public static object Integer(ReadOnlySpan<byte> line)
    {
        if (line.EndsWith("L"u8))
        {
            line = line[..^1];
        }

        string text = Encoding.Latin1.GetString(line);
        return BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger value)
            ? Shrink(value)
            : throw new InvalidDataException($"'{Quote(text)}' is not an integer");
    }

    public static double Float(ReadOnlySpan<byte> line) => Encoding.Latin1.GetString(line) switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" or "-nan" => double.NaN,
        _ when double.TryParse(line, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) => value,
        string text => throw new InvalidDataException($"'{Quote(text)}' is not a number"),
    };

    /// <summary>Integers are <see cref="long"/> wherever they fit.</summary>
    public static object Shrink(BigInteger value) =>
        value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;

    /// <summary>Python's raw-unicode-escape: Latin-1 with <c>\uXXXX</c> and <c>\UXXXXXXXX</c>.</summary>
    public static string RawUnicodeEscape(ReadOnlySpan<byte> line)
    {
        var text = new StringBuilder(line.Length);
        for (int i = 0; i < line.Length; i++)
        {
            int digits = line[i] != '\\' || i + 1 == line.Length ? 0 : line[i + 1] switch
            {
                (byte)'u' => 4,
                (byte)'U' => 8,
                _ => 0,
            };
            if (digits == 0)
            {
                text.Append((char)line[i]);
                continue;
            }

            uint code = Hexadecimal(line[(i + 2)..], digits);
            InvalidData.ThrowIf(code > 0x10FFFF, "a string of the pickle has a character beyond Unicode");
            text.Append(code < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32((int)code));
            i += 1 + digits;
        }

        return text.ToString();
    }

    /// <summary>A quoted byte string with the escapes of Python's <c>repr</c>.</summary>
    public static byte[] Unquote(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd(" \t\r"u8);
        InvalidData.ThrowIf(line.Length < 2 || line[0] != line[^1] || line[0] is not ((byte)'\'' or (byte)'"'), "a string of the pickle is not in quotes");
        line = line[1..^1];
        byte[] bytes = new byte[line.Length];
        int length = 0;
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] != '\\')
            {
                bytes[length++] = line[i];
                continue;
            }

            InvalidData.ThrowIf(++i == line.Length, "a string of the pickle ends in a backslash");
            if (line[i] is (byte)'x')
            {
                bytes[length++] = (byte)Hexadecimal(line[(i + 1)..], 2);
                i += 2;
            }
            else if (line[i] is >= (byte)'0' and <= (byte)'7')
            {
                int code = 0;
                int end = Math.Min(i + 3, line.Length);
                for (; i < end && line[i] is >= (byte)'0' and <= (byte)'7'; i++)
                {
                    code = (code * 8) + line[i] - '0';
                }

                bytes[length++] = (byte)code;
                i--;
            }
            else
            {
                bytes[length++] = Escaped(line[i]);
            }
        }

        return bytes[..length];
    }

    private static byte Escaped(byte letter) => (byte)(letter switch
    {
        (byte)'n' => '\n',
        (byte)'r' => '\r',
        (byte)'t' => '\t',
        (byte)'a' => '\a',
        (byte)'b' => '\b',
        (byte)'f' => '\f',
        (byte)'v' => '\v',
        (byte)'\\' or (byte)'\'' or (byte)'"' => (char)letter,
        _ => throw new InvalidDataException("a string of the pickle has an unknown escape"),
    });

    private static uint Hexadecimal(ReadOnlySpan<byte> text, int digits) =>
        text.Length >= digits &&
        uint.TryParse(text[..digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            ? value
            : throw new InvalidDataException("a string of the pickle has a broken escape");
}
