using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace Data2Vec.Converters.PyTorch;

/// <summary>Text notations of pickles, mostly of protocol 0.</summary>
internal static partial class PickleText
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
    public static string RawUnicodeEscape(ReadOnlySpan<byte> line) => UnicodeEscape().Replace(Encoding.Latin1.GetString(line), match =>
    {
        uint code = Hexadecimal(match.Groups["digits"].Value, match.Value[1] == 'u' ? 4 : 8);
        InvalidData.ThrowIf(code > 0x10FFFF, "a string of the pickle has a character beyond Unicode");
        return code < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32((int)code);
    });

    /// <summary>A quoted byte string with the escapes of Python's <c>repr</c>.</summary>
    public static byte[] Unquote(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd(" \t\r"u8);
        InvalidData.ThrowIf(line.Length < 2 || line[0] != line[^1] || line[0] is not ((byte)'\'' or (byte)'"'), "a string of the pickle is not in quotes");
        return Encoding.Latin1.GetBytes(ByteEscape().Replace(Encoding.Latin1.GetString(line[1..^1]), match => match.Groups switch
        {
            { } groups when groups["hexadecimal"] is { Success: true } digits => (char)Hexadecimal(digits.Value, 2),
            { } groups when groups["octal"] is { Success: true } digits => (char)(byte)Convert.ToInt32(digits.Value, 8),
            { } groups => Escaped(groups["letter"].Value),
        } + ""));
    }

    private static char Escaped(string letter) => letter switch
    {
        "n" => '\n',
        "r" => '\r',
        "t" => '\t',
        "a" => '\a',
        "b" => '\b',
        "f" => '\f',
        "v" => '\v',
        "\\" or "'" or "\"" => letter[0],
        "" => throw new InvalidDataException("a string of the pickle ends in a backslash"),
        _ => throw new InvalidDataException("a string of the pickle has an unknown escape"),
    };

    private static uint Hexadecimal(string text, int digits) =>
        text.Length == digits && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            ? value
            : throw new InvalidDataException("a string of the pickle has a broken escape");

    [GeneratedRegex(@"\\(u(?<digits>.{0,4})|U(?<digits>.{0,8}))", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex UnicodeEscape();

    [GeneratedRegex(@"\\(x(?<hexadecimal>.{0,2})|(?<octal>[0-7]{1,3})|(?<letter>.?))", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex ByteEscape();
}
