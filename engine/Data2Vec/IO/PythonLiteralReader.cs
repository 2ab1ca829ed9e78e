using System.Globalization;

namespace Data2Vec.IO;

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

    /// <summary>Checks that only space is left.</summary>
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

    /// <summary>Reads <c>True</c> or <c>False</c>.</summary>
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
