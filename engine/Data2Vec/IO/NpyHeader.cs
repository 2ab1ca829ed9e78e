using System.Globalization;

namespace Data2Vec.IO;

/// <summary>
/// The header of a <c>.npy</c> file: a Python dictionary of exactly three entries,
/// <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), }</c>, padded with spaces and ended by a line feed.
/// </summary>
internal sealed class NpyHeader(NpyElement element, long[] shape)
{
    private const int MaxAxes = 64; // numpy's own limit

    public NpyElement Element => element;

    public long[] Shape => shape;

    /// <summary>Whether the first axis varies fastest (Fortran order).</summary>
    public bool IsColumnMajor { get; init; }

    /// <summary>The size of the elements in bytes.</summary>
    /// <exception cref="InvalidDataException">The elements do not fit in an array.</exception>
    public int DataBytes()
    {
        // An axis of length 0 makes the array empty, regardless of the other lengths.
        long bytes = shape.Contains(0) ? 0 : element.Bytes;
        foreach (long length in shape)
        {
            if (bytes > 0 && length > Array.MaxLength / bytes)
            {
                throw new InvalidDataException($"an array of shape ({string.Join(", ", shape)}) is too large; save it in parts");
            }

            bytes *= length;
        }

        return (int)bytes;
    }

    /// <summary>Parses the dictionary.</summary>
    /// <exception cref="InvalidDataException">The text is not such a dictionary, or its element type is not supported.</exception>
    public static NpyHeader Parse(string text)
    {
        var reader = new PythonLiteralReader(text);
        string? descriptor = null;
        bool? fortranOrder = null;
        long[]? shape = null;

        reader.Expect('{');
        while (!reader.TryTake('}'))
        {
            string key = reader.ReadString();
            reader.Expect(':');
            switch (key)
            {
                case "descr" when descriptor is null:
                    descriptor = reader.ReadString();
                    break;
                case "fortran_order" when fortranOrder is null:
                    fortranOrder = reader.ReadBool();
                    break;
                case "shape" when shape is null:
                    shape = reader.ReadTuple(MaxAxes);
                    break;
                default:
                    throw new InvalidDataException($"the npy header has an unexpected entry '{key}'; the file is damaged");
            }

            if (!reader.TryTake(','))
            {
                reader.Expect('}');
                break;
            }
        }

        reader.ExpectEnd();
        if (descriptor is null || fortranOrder is null || shape is null)
        {
            throw new InvalidDataException("the npy header lacks 'descr', 'fortran_order' or 'shape'; the file is damaged");
        }

        // With at most one axis longer than 1, both orders are the same.
        return new NpyHeader(NpyElement.Find(descriptor), shape) { IsColumnMajor = fortranOrder.Value && shape.Count(length => length != 1) > 1 };
    }

    /// <summary>Formats the dictionary as numpy does, without the padding.</summary>
    public override string ToString()
    {
        string axes = string.Join(", ", shape.Select(length => length.ToString(CultureInfo.InvariantCulture)));
        return $"{{'descr': '{element.Descriptor}', 'fortran_order': False, 'shape': ({axes}{(shape.Length == 1 ? "," : "")}), }}";
    }
}

/// <summary>Reads the kinds of Python literals that occur in <c>.npy</c> headers.</summary>
internal sealed class PythonLiteralReader(string text)
{
    private int _position;

    /// <summary>Skips space and takes a character if it comes next.</summary>
    public bool TryTake(char character)
    {
        SkipSpace();
        if (_position == text.Length || text[_position] != character)
        {
            return false;
        }

        _position++;
        return true;
    }

    /// <summary>Skips space and takes a character, which must come next.</summary>
    public void Expect(char character)
    {
        if (!TryTake(character))
        {
            throw Unexpected($"'{character}'");
        }
    }

    public void ExpectEnd()
    {
        SkipSpace();
        if (_position != text.Length)
        {
            throw Unexpected("its end");
        }
    }

    /// <summary>Reads a string in single or double quotes without escapes.</summary>
    public string ReadString()
    {
        char quote = TryTake('\'') ? '\'' : TryTake('"') ? '"' : throw Unexpected("a string");
        int end = text.IndexOf(quote, _position);
        if (end < 0 || text.AsSpan(_position, end - _position).Contains('\\'))
        {
            throw Unexpected("a plain string");
        }

        string value = text[_position..end];
        _position = end + 1;
        return value;
    }

    public bool ReadBool()
    {
        SkipSpace();
        ReadOnlySpan<char> rest = text.AsSpan(_position);
        bool value = rest.StartsWith("True");
        if (!value && !rest.StartsWith("False"))
        {
            throw Unexpected("True or False");
        }

        _position += value ? "True".Length : "False".Length;
        return value;
    }

    /// <summary>Reads a tuple of lengths: <c>()</c>, <c>(3,)</c>, <c>(3, 4)</c>.</summary>
    public long[] ReadTuple(int maxCount)
    {
        var values = new List<long>();
        Expect('(');
        while (!TryTake(')'))
        {
            if (values.Count == maxCount)
            {
                throw Unexpected($"at most {maxCount} axes");
            }

            values.Add(ReadLength());
            if (TryTake(','))
            {
                continue;
            }

            if (values.Count == 1)
            {
                throw Unexpected("','"); // without the comma, Python reads a number in parentheses
            }

            Expect(')');
            break;
        }

        return [.. values];
    }

    private long ReadLength()
    {
        SkipSpace();
        int start = _position;
        while (_position < text.Length && char.IsAsciiDigit(text[_position]))
        {
            _position++;
        }

        return long.TryParse(text.AsSpan(start, _position - start), NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw Unexpected("an axis length");
    }

    private void SkipSpace()
    {
        while (_position < text.Length && text[_position] is (' ' or '\n'))
        {
            _position++;
        }
    }

    private InvalidDataException Unexpected(string wanted) =>
        new($"the npy header does not have {wanted} at character {_position}; the file is damaged");
}
