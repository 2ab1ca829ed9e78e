using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Data2Vec.IO;

namespace Data2Vec.Recognition.LanguageModels.Arpa;

/// <summary>
/// Reads the n-grams of an ARPA file one after the other, without allocating. Fields are parted by tabs or spaces, lines end with LF or CR LF, text may come
/// before <c>\data\</c>, and back-off weights may be missing.
/// </summary>
internal sealed class ArpaReader : IDisposable
{
    // The log-probability, the words, the back-off weight, and one more, which is too many.
    private const int MaxFields = NGramModel.MaxOrder + 3;

    private readonly ArpaLines _lines;
    private readonly (int Start, int Length)[] _fields = new (int, int)[MaxFields];
    private readonly long[] _counts;
    private int _section;
    private long _read;

    /// <summary>Reads the header.</summary>
    /// <param name="text">The text, not compressed. The reader closes it.</param>
    /// <exception cref="InvalidDataException">This is no ARPA file.</exception>
    public ArpaReader(Stream text)
    {
        _lines = new ArpaLines(text);
        try
        {
            _counts = [.. ReadCounts()];
        }
        catch
        {
            _lines.Dispose();
            throw;
        }
    }

    /// <summary>The number of n-grams of each order, as the header says. It can be wrong, so nothing may be allocated from it.</summary>
    public IReadOnlyList<long> Counts => _counts;

    public int Order => _counts.Length;

    /// <summary>log10 of the probability of the n-gram, at most 0; minus infinity if it is impossible.</summary>
    public float LogProbability { get; private set; }

    /// <summary>log10 of the back-off weight; 0 if the line has none.</summary>
    public float Backoff { get; private set; }

    /// <summary>Opens the text of a file.</summary>
    /// <param name="start">The first bytes, which were read from <paramref name="rest"/>.</param>
    /// <param name="rest">The rest of the file.</param>
    public static Stream Text(byte[] start, Stream rest)
    {
        Stream whole = new PrefixedStream(start, rest);
        return start is [0x1F, 0x8B, ..] ? new GZipText(whole) : whole;
    }

    /// <summary>A word of the n-gram, the first at 0.</summary>
    public ReadOnlySpan<byte> Word(int place) => Field(place + 1);

    /// <summary>The n-gram, for messages.</summary>
    public string Quoted(int order) => string.Join(' ', Enumerable.Range(0, order).Select(i => Encoding.UTF8.GetString(Word(i)))).AsSpan().Quote();

    /// <summary>Reads the next n-gram of an order. The orders are read from 1 on, each until it ends.</summary>
    /// <returns>False at the end of the order.</returns>
    /// <exception cref="InvalidDataException">The line is damaged, or the order has more or fewer n-grams than the header says.</exception>
    public bool Read(int order)
    {
        if (_section != order && !Begin(order))
        {
            return false;
        }

        do
        {
            if (!_lines.Read() || _lines.Current is [(byte)'\\', ..])
            {
                return _read == _counts[order - 1]
                    ? false
                    : throw Error($"section {Name(order)} has {_read} n-grams, and the header says {_counts[order - 1]}");
            }
        }
        while (_lines.Current.IsEmpty);
        if (_read++ == _counts[order - 1])
        {
            throw Error($"section {Name(order)} has more n-grams than the {_counts[order - 1]} of the header");
        }

        ReadFields(order);
        return true;
    }

    /// <summary>Requires that the file ends here.</summary>
    public void End()
    {
        if (!_lines.Current.IsEmpty && !_lines.Current.SequenceEqual("\\end\\"u8))
        {
            throw Error($"'\\end\\' should be here, after {Name(Order)}, the last section of the header");
        }

        // A compressed file has a checksum at its end.
        while (_lines.Read())
        {
        }
    }

    /// <summary>An error that names the line of the n-gram.</summary>
    public InvalidDataException Error(string problem) => _lines.Error(problem);

    public void Dispose() => _lines.Dispose();

    private static string Name(int order) => string.Create(CultureInfo.InvariantCulture, $"\\{order}-grams:");

    private bool Begin(int order)
    {
        if (!_lines.Current.SequenceEqual(Encoding.ASCII.GetBytes(Name(order))))
        {
            // Some programs leave out a section of no n-grams.
            return _counts[order - 1] == 0 ? false : throw Error($"section {Name(order)} should begin here, with the {_counts[order - 1]} n-grams of the header");
        }

        (_section, _read) = (order, 0);
        return true;
    }

    private List<long> ReadCounts()
    {
        do
        {
            if (!_lines.Read())
            {
                throw new InvalidDataException("no n-gram model, neither ARPA nor KenLM: no line of the file is '\\data\\'");
            }
        }
        while (!_lines.Current.SequenceEqual("\\data\\"u8));
        var counts = new List<long>();
        while (_lines.Read() && _lines.Current is not [(byte)'\\', ..])
        {
            if (!_lines.Current.IsEmpty)
            {
                counts.Add(Count(_lines.Current, counts.Count + 1) ?? throw Error($"'ngram {counts.Count + 1}=' and a number should be here"));
            }
        }

        return counts.Count switch
        {
            0 => throw Error($"the header does not say how many n-grams section {Name(1)} has"),
            > NGramModel.MaxOrder => throw Error($"the model has n-grams of {counts.Count} words, and at most {NGramModel.MaxOrder} can be read"),
            _ => counts,
        };
    }

    /// <summary>The number of a line such as <c>ngram 2=1234</c>.</summary>
    private static long? Count(ReadOnlySpan<byte> line, int order)
    {
        ReadOnlySpan<byte> spaces = " \t"u8;
        int equals = line.IndexOf((byte)'=');
        if (!line.StartsWith("ngram"u8) || equals < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> name = line["ngram"u8.Length..equals].Trim(spaces), number = line[(equals + 1)..].Trim(spaces);
        return Utf8Parser.TryParse(name, out int named, out int used) && used == name.Length && named == order
            && Utf8Parser.TryParse(number, out long count, out used) && used == number.Length && count >= 0
            ? count
            : null;
    }

    private ReadOnlySpan<byte> Field(int place) => _lines.Current.Slice(_fields[place].Start, _fields[place].Length);

    private void ReadFields(int order)
    {
        ReadOnlySpan<byte> line = _lines.Current;
        int count = 0;
        for (int at = 0; at < line.Length && count < MaxFields; count++)
        {
            int length = line[at..].IndexOfAny((byte)'\t', (byte)' ');
            length = length < 0 ? line.Length - at : length;
            _fields[count] = (at, length);
            at += length;
            while (at < line.Length && line[at] is (byte)'\t' or (byte)' ')
            {
                at++;
            }
        }

        if (count != order + 1 && count != order + 2)
        {
            throw Error($"in section {Name(order)}, {count} fields; a log-probability, {order} words and perhaps a back-off weight should be here");
        }

        double probability = Number(0), backoff = count == order + 2 ? Number(order + 1) : 0;
        LogProbability = !double.IsNaN(probability) ? (float)Math.Min(0, probability) : throw Error("the log-probability is not a number");
        Backoff = double.IsFinite(backoff) ? (float)backoff : throw Error($"the back-off weight is {backoff}");
    }

    private double Number(int field) => ArpaNumber.Parse(Field(field))
        ?? throw Error($"{Encoding.UTF8.GetString(Field(field)).AsSpan().Quote()} is no number, but a log-probability or a back-off weight should be here");
}
