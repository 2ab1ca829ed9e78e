using System.Globalization;
using System.Text;

namespace Data2Vec.IO;

/// <summary>
/// Reads text files line by line: UTF-8, and UTF-16 or UTF-32 with a byte order mark. Other encodings and binary files are refused at the first line that shows
/// it. Lines end with LF, CRLF or CR.
/// </summary>
public static class TextFile
{
    /// <summary>The most characters in a line.</summary>
    public const int MaxLineLength = 1 << 26;

    // What bytes that are not UTF-8 become: a pair that no text has, so that the line of the bytes is known.
    private const char Undecodable = '\uFFFF', AfterUndecodable = '\uFFFD';

    // Enough for a byte order mark, and for what tells that a file is no text.
    private const int MarkBytes = 4, StartBytes = 1024;

    /// <summary>Reads lines from the current position of a stream, as the caller asks for them.</summary>
    /// <param name="stream">The stream, which need not be seekable. It is left open.</param>
    /// <exception cref="InvalidDataException">A line is not text, or has more than <see cref="MaxLineLength"/> characters. The message gives its number.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static IEnumerable<string> ReadLines(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Lines(stream);
    }

    /// <summary>Reads lines from the current position of a stream, as the caller asks for them. Errors in the text name the stream.</summary>
    /// <param name="stream">The stream, which need not be seekable. It is left open.</param>
    /// <param name="name">What messages call it, such as the path of the file.</param>
    /// <inheritdoc cref="ReadLines(Stream)" path="/exception"/>
    public static IEnumerable<string> ReadLines(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Named();

        IEnumerable<string> Named()
        {
            using IEnumerator<string> lines = Lines(stream).GetEnumerator();
            while (FileErrors.Named(name, lines.MoveNext))
            {
                yield return lines.Current;
            }
        }
    }

    /// <summary>Reads the lines of a file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="maxBytes">The limit of the file's size in bytes.</param>
    /// <exception cref="InvalidDataException">The file is not a text file, or is larger. The message names it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<string> ReadLines(string path, long maxBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return FileErrors.Named(path, () => stream.CanSeek && stream.Length > maxBytes
            ? throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"the file has {stream.Length:N0} bytes, and the limit is {maxBytes:N0}"))
            : Lines(stream).ToList());
    }

    private static IEnumerable<string> Lines(Stream stream)
    {
        byte[] start = new byte[StartBytes];
        start = start[..stream.ReadAtLeast(start, MarkBytes, throwOnEndOfStream: false)];
        Encoding encoding = EncodingOf(start);
        int mark = start.AsSpan().StartsWith(encoding.Preamble) ? encoding.Preamble.Length : 0;
        using var reader = new StreamReader(new PrefixedStream(start.AsMemory(mark), stream), Strict(encoding), detectEncodingFromByteOrderMarks: false, bufferSize: 1 << 14);
        var line = new StringBuilder();
        int number = 1;
        for (int previous = 0, character; (character = reader.Read()) >= 0; previous = character)
        {
            switch (character)
            {
                case '\n' when previous == '\r':
                    break;
                case '\n' or '\r':
                    yield return line.ToString();
                    line.Clear();
                    number++;
                    break;
                case Undecodable when reader.Peek() == AfterUndecodable:
                    throw NotText(start, encoding is UTF8Encoding
                        ? $"line {number} is not UTF-8; convert the file to UTF-8"
                        : $"line {number} is damaged: it is not {encoding.WebName.ToUpperInvariant()}, of which the file has the byte order mark");
                case '\0':
                    throw NotText(start, $"line {number} has a NUL character, so this is not a text file in UTF-8; UTF-16 needs a byte order mark");
                default:
                    line.Append((char)character);
                    break;
            }

            if (line.Length > MaxLineLength)
            {
                throw new InvalidDataException($"line {number} has more than {MaxLineLength} characters");
            }
        }

        if (line.Length > 0)
        {
            yield return line.ToString();
        }
    }

    /// <summary>The error for a file with a fault. It says what the file is if the file is not text from its beginning.</summary>
    private static InvalidDataException NotText(ReadOnlySpan<byte> start, string fault) =>
        new(!ForeignFile.IsText(start) && ForeignFile.KindOf(start) is { } kind ? $"this is {kind}, not a text file" : fault);

    private static Encoding EncodingOf(ReadOnlySpan<byte> start)
    {
        // UTF-32 comes first, because its mark begins with that of UTF-16.
        foreach (Encoding encoding in new[] { Encoding.UTF32, new UTF32Encoding(bigEndian: true, byteOrderMark: true), Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            if (start.StartsWith(encoding.Preamble))
            {
                return encoding;
            }
        }

        return Encoding.UTF8;
    }

    private static Encoding Strict(Encoding encoding) =>
        Encoding.GetEncoding(encoding.WebName, EncoderFallback.ExceptionFallback, new DecoderReplacementFallback($"{Undecodable}{AfterUndecodable}"));
}
