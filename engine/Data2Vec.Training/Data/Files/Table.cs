using System.Text;
using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>A line of a table.</summary>
/// <param name="Line">The number of the line in the file, from 1.</param>
/// <param name="Fields">The fields.</param>
internal readonly record struct TableRow(int Line, string[] Fields);

/// <summary>A text file with columns: CSV or TSV.</summary>
internal sealed class Table
{
    private Table(string path, char delimiter, string[]? header, IReadOnlyList<TableRow> rows) => (Path, Delimiter, Header, Rows) = (path, delimiter, header, rows);

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The character between columns.</summary>
    public char Delimiter { get; }

    /// <summary>The names of the columns, or null without a header.</summary>
    public IReadOnlyList<string>? Header { get; }

    /// <summary>The lines after the header. Lines without text are left out.</summary>
    public IReadOnlyList<TableRow> Rows { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">The file is empty or not a text file, or a quoted field has no end.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Table Read(string path, TableOptions options)
    {
        string[] lines = [.. DataFile.Lines(path)];
        char delimiter = options.Delimiter ?? DelimiterOf(lines.FirstOrDefault(line => !string.IsNullOrWhiteSpace(line)) ?? throw Empty(path));
        bool quoted = options.Quoted ?? delimiter != '\t';
        List<TableRow> rows = quoted ? Quoted(path, lines, delimiter) : [.. lines.Select((line, i) => new TableRow(i + 1, line.Split(delimiter)))];
        rows.RemoveAll(row => row.Fields.All(string.IsNullOrWhiteSpace));
        if (rows.Count == 0)
        {
            throw Empty(path);
        }

        return options.HasHeader
            ? new Table(path, delimiter, [.. rows[0].Fields.Select(name => name.Trim())], rows[1..])
            : new Table(path, delimiter, null, rows);
    }

    /// <summary>The number of the first column that has one of some names, in the order of these names; -1 if there is none.</summary>
    public int Find(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            for (int column = 0; column < Header!.Count; column++)
            {
                if (string.Equals(Header[column], name, StringComparison.OrdinalIgnoreCase))
                {
                    return column;
                }
            }
        }

        return -1;
    }

    /// <summary>The number of a column that a caller names.</summary>
    /// <exception cref="InvalidDataException">There is no such column.</exception>
    public int Require(string name) => Find(name) is >= 0 and var column ? column : throw Missing($"no column '{name}'");

    /// <summary>The error for columns that are missing.</summary>
    public InvalidDataException Missing(string problem) =>
        new($"{Path}: {problem}; the first line has {(Header!.Count == 1 ? "one column" : $"{Header.Count} columns")}: {string.Join(", ", Header.Take(20).Select(name => name.AsSpan().Quote()))}");

    /// <summary>What messages call a row.</summary>
    public string Name(TableRow row) => DataFile.LineName(Path, row.Line);

    private static InvalidDataException Empty(string path) => new($"{path}: the file is empty");

    private static char DelimiterOf(string line)
    {
        if (line.Contains('\t', StringComparison.Ordinal))
        {
            return '\t';
        }

        // Between quotation marks, a delimiter is text.
        string outside = string.Concat(line.Split('"').Where((_, part) => part % 2 == 0));
        return outside.Contains(';', StringComparison.Ordinal) && !outside.Contains(',', StringComparison.Ordinal) ? ';' : ',';
    }

    private static List<TableRow> Quoted(string path, string[] lines, char delimiter)
    {
        var rows = new List<TableRow>();
        var fields = new List<string>();
        for (int number = 0; number < lines.Length; number++)
        {
            int first = number;
            fields.Clear();
            for (int at = 0; at >= 0;)
            {
                fields.Add(Field(path, lines, delimiter, ref number, ref at));
            }

            rows.Add(new TableRow(first + 1, [.. fields]));
        }

        return rows;
    }

    /// <summary>Reads a field. A quotation mark has a meaning only at its beginning, where spaces may come before it.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="lines">The lines of the file.</param>
    /// <param name="delimiter">The character between fields.</param>
    /// <param name="number">The number of the line, which changes if the field has line breaks in it.</param>
    /// <param name="at">The place of the field in the line; afterwards that of the next field, or -1.</param>
    private static string Field(string path, string[] lines, char delimiter, ref int number, ref int at)
    {
        var field = new StringBuilder();
        int mark = at;
        while (mark < lines[number].Length && lines[number][mark] == ' ' && delimiter != ' ')
        {
            mark++;
        }

        if (mark < lines[number].Length && lines[number][mark] == '"')
        {
            at = mark + 1;
            AppendQuoted(path, lines, field, ref number, ref at);
        }

        string line = lines[number];
        int end = line.IndexOf(delimiter, at);
        field.Append(line, at, (end < 0 ? line.Length : end) - at);
        at = end < 0 ? -1 : end + 1;
        return field.ToString();
    }

    /// <summary>Reads up to the closing quotation mark.</summary>
    private static void AppendQuoted(string path, string[] lines, StringBuilder field, ref int number, ref int at)
    {
        int first = number;
        while (true)
        {
            string line = lines[number];
            int end = line.IndexOf('"', at);
            if (end >= 0)
            {
                field.Append(line, at, end - at);
                at = end + 1;
                if (at == line.Length || line[at] != '"')
                {
                    return;
                }

                field.Append('"');
                at++;
                continue;
            }

            field.Append(line, at, line.Length - at).Append('\n');
            at = 0;
            if (++number == lines.Length || field.Length > TextFile.MaxLineLength)
            {
                throw new InvalidDataException(
                    $"{DataFile.LineName(path, first + 1)}: a field begins with a quotation mark and has no other at its end; "
                    + "put the whole field in quotation marks, and double those in it");
            }
        }
    }
}
