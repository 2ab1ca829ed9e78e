using System.Globalization;
using Data2Vec.IO;
using Data2Vec.Recognition.LanguageModels.KenLm;

namespace Data2Vec.Recognition.LanguageModels.Arpa;

/// <summary>Reads lines as bytes, without allocating. Spaces around a line are left out.</summary>
internal sealed class ArpaLines(Stream text) : IDisposable
{
    /// <summary>The longest line. An n-gram of eight words is far shorter.</summary>
    private const int MaxLineBytes = 1 << 20;

    private readonly byte[] _buffer = new byte[2 * MaxLineBytes];
    private int _lineStart, _lineLength, _next, _end;

    /// <summary>The line that was read. It is valid until the next is read.</summary>
    public ReadOnlySpan<byte> Current => _buffer.AsSpan(_lineStart, _lineLength);

    /// <summary>The number of the line, from 1 on.</summary>
    public long Number { get; private set; }

    /// <summary>Reads the next line.</summary>
    /// <returns>False at the end of the file.</returns>
    public bool Read()
    {
        int length = _buffer.AsSpan(_next, _end - _next).IndexOf((byte)'\n');
        while (length < 0 && Fill())
        {
            length = _buffer.AsSpan(_next, _end - _next).IndexOf((byte)'\n');
        }

        if (length < 0 && _next == _end)
        {
            (_lineStart, _lineLength) = (_next, 0);
            return false;
        }

        int end = length < 0 ? _end : _next + length;
        Number++;
        ReadOnlySpan<byte> line = _buffer.AsSpan(_next, end - _next);
        ReadOnlySpan<byte> trimmed = line.TrimEnd(" \t\r"u8);
        _lineLength = trimmed.TrimStart(" \t"u8).Length;
        _lineStart = _next + trimmed.Length - _lineLength;
        _next = length < 0 ? end : end + 1;
        if (Number == 1)
        {
            SkipMark();
        }

        return true;
    }

    /// <summary>An error that names the line.</summary>
    public InvalidDataException Error(string problem) => new(string.Create(CultureInfo.InvariantCulture, $"line {Number}: {problem}"));

    public void Dispose() => text.Dispose();

    private void SkipMark()
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF], line = Current;
        if (line.StartsWith(mark))
        {
            _lineStart += mark.Length;
            _lineLength -= mark.Length;
        }
        else if (!ForeignFile.IsText(_buffer.AsSpan(0, _end)) && _buffer.AsSpan(0, Math.Min(_end, MaxLineBytes)).Contains((byte)0))
        {
            ReadOnlySpan<byte> start = _buffer.AsSpan(0, _end);
            throw new InvalidDataException(KenLmHeader.IsKenLm(start)
                ? "a gzipped binary file of KenLM; unpack it with gunzip, because binary files are mapped into memory"
                : $"no n-gram model, neither ARPA nor KenLM: {ForeignFile.Describe(start)}");
        }
        else if (line is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            throw new InvalidDataException("the file is UTF-16; convert it to UTF-8");
        }
    }

    /// <summary>Reads more bytes behind the line that has begun.</summary>
    private bool Fill()
    {
        int begun = _end - _next;
        if (begun > MaxLineBytes)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"line {Number + 1} has more than {MaxLineBytes} bytes; this is no ARPA file"));
        }

        _buffer.AsSpan(_next, begun).CopyTo(_buffer);
        (_next, _end) = (0, begun);
        int count = text.Read(_buffer, begun, _buffer.Length - begun);
        _end += count;
        return count > 0;
    }
}
