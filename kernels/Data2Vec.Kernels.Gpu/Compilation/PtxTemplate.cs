using System.Globalization;
using System.Text;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// Expands loops in the inline assembly of kernels. <c>&lt;i:0..4|mov.f32 c$i, d$(2*i+1); &gt;</c> repeats its body for each index from the first bound up to,
/// but not including, the second. A third part separates repetitions: <c>{&lt;i:0..4|a$i|, &gt;}</c> is <c>{a0, a1, a2, a3}</c>. Loops nest.
/// </summary>
/// <remarks>
/// <c>$i</c> stands for an index and <c>$(…)</c> for the value of an expression of integers, indices, parentheses and <c>* / + - &amp;</c>, in order of
/// precedence; <c>#(…)</c> is the value as a single-precision literal. Bounds are expressions too. ILGPU writes constant operands as literals, so that
/// expressions can contain operands such as <c>%1</c> whose arguments are constants.
/// </remarks>
internal static class PtxTemplate
{
    private const string Operators = "&+-*/";

    /// <summary>Expands all loops of a text; text outside of loops stays as it is.</summary>
    /// <exception cref="FormatException">A loop or an expression is malformed.</exception>
    public static string Expand(string text)
    {
        var output = new StringBuilder();
        int position = 0;
        Expand(text, ref position, [], output, "");
        return output.ToString();
    }

    /// <summary>Expands up to one of the ends, or to the end of the text.</summary>
    private static void Expand(string text, ref int position, Dictionary<string, int> indices, StringBuilder output, string ends)
    {
        while (position < text.Length && !ends.Contains(text[position]))
        {
            ReadOnlySpan<char> rest = text.AsSpan(position, Math.Min(2, text.Length - position));
            if (rest is ['<', var letter] && char.IsAsciiLetter(letter))
            {
                ExpandLoop(text, ref position, indices, output);
            }
            else if (rest is "$(" or "#(")
            {
                position += 2;
                int value = Evaluate(text, ref position, indices);
                Skip(text, ref position, ")");
                output.Append(rest[0] == '#' ? $"0f{BitConverter.SingleToInt32Bits(value):X8}" : value.ToString(CultureInfo.InvariantCulture));
            }
            else if (rest is ['$', _])
            {
                position++;
                output.Append(Operand(text, ref position, indices));
            }
            else
            {
                output.Append(text[position++]);
            }
        }
    }

    private static void ExpandLoop(string text, ref int position, Dictionary<string, int> indices, StringBuilder output)
    {
        int loop = position++;
        string index = Name(text, ref position);
        Skip(text, ref position, ":");
        int first = Evaluate(text, ref position, indices);
        Skip(text, ref position, "..");
        int end = Evaluate(text, ref position, indices);
        Skip(text, ref position, "|");
        int body = position;
        indices.Add(index, first);
        var repeated = new StringBuilder();

        // Without repetitions the body is still read, for its end.
        for (int i = first; i < end || i == first; i++)
        {
            position = body;
            indices[index] = i;
            int length = repeated.Length;
            Expand(text, ref position, indices, repeated, "|>");
            var separator = new StringBuilder();
            if (position < text.Length && text[position] == '|')
            {
                position++;
                Expand(text, ref position, indices, separator, ">");
            }

            if (position == text.Length)
            {
                throw new FormatException($"The loop '{text[loop..Math.Min(loop + 40, text.Length)]}' has no end.");
            }

            repeated.Append(i < end - 1 ? separator : null);
            repeated.Length = i < end ? repeated.Length : length;
        }

        position++;
        indices.Remove(index);
        output.Append(repeated);
    }

    /// <summary>Evaluates an expression whose operators bind more tightly than a precedence.</summary>
    private static int Evaluate(string text, ref int position, Dictionary<string, int> indices, int precedence = -1)
    {
        int value = Operand(text, ref position, indices);
        while (true)
        {
            SkipSpace(text, ref position);
            int operation = position < text.Length ? Operators.IndexOf(text[position]) : -1, binds = (operation + 1) / 2;
            if (operation < 0 || binds <= precedence)
            {
                return value;
            }

            position++;
            int right = Evaluate(text, ref position, indices, binds);
            value = Operators[operation] switch
            {
                '&' => value & right,
                '+' => value + right,
                '-' => value - right,
                '*' => value * right,
                _ => value / right,
            };
        }
    }

    private static int Operand(string text, ref int position, Dictionary<string, int> indices)
    {
        SkipSpace(text, ref position);
        int start = position;
        if (position < text.Length && text[position] == '(')
        {
            position++;
            int value = Evaluate(text, ref position, indices);
            Skip(text, ref position, ")");
            return value;
        }

        while (position < text.Length && char.IsAsciiDigit(text[position]))
        {
            position++;
        }

        return position > start ? int.Parse(text.AsSpan(start..position), CultureInfo.InvariantCulture)
            : indices.TryGetValue(Name(text, ref position), out int index) ? index
            : throw Malformed(text, start, "a number or an index");
    }

    private static string Name(string text, ref int position)
    {
        int start = position;
        while (position < text.Length && char.IsAsciiLetter(text[position]))
        {
            position++;
        }

        return text[start..position];
    }

    private static void Skip(string text, ref int position, string expected)
    {
        SkipSpace(text, ref position);
        if (string.CompareOrdinal(text, position, expected, 0, expected.Length) != 0)
        {
            throw Malformed(text, position, $"'{expected}'");
        }

        position += expected.Length;
    }

    private static void SkipSpace(string text, ref int position)
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
        {
            position++;
        }
    }

    private static FormatException Malformed(string text, int position, string expected) =>
        new($"{expected} is expected at '{text[position..Math.Min(position + 40, text.Length)]}'.");
}
