using System.Globalization;

namespace Data2Vec.IO;

/// <summary>Reads the few kinds of Python literal that a <c>.npy</c> header is made of, and nothing else.</summary>
internal sealed class PythonLiteralReader(string text)
{
    private int _position;

    /// <summary>Takes a character where it is the next one that is not space.</summary>
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

    /// <summary>Takes a character that has to be the next.</summary>
    public void Expect(char character)
    {
        if (!TryTake(character))
        {
            throw Unexpected($"'{character}'");
        }
    }

    /// <summary>Makes sure that nothing but space is left.</summary>
    public void ExpectEnd()
    {
        SkipSpace();
        if (_position != text.Length)
        {
            throw Unexpected("its end");
        }
    }

    /// <summary>Reads a string in single or double quotes, which has no escapes here.</summary>
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
        foreach (bool value in (ReadOnlySpan<bool>)[true, false])
        {
            string word = value ? "True" : "False";
            if (string.CompareOrdinal(text, _position, word, 0, word.Length) == 0)
            {
                _position += word.Length;
                return value;
            }
        }

        throw Unexpected("True or False");
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
                throw Unexpected($"no more than {maxCount} axes");
            }

            values.Add(ReadLength());
            if (TryTake(','))
            {
                continue;
            }

            if (values.Count == 1)
            {
                throw Unexpected("','"); // without it, Python has a number in brackets
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
        new($"the npy header does not have {wanted} at its character {_position}; the file is damaged");
}
