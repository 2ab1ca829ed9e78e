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
    private static readonly char[] s_delimiters = ['\t', ',', ';'];

    private Table(string path, char delimiter, string[]? header, IReadOnlyList<TableRow> rows) => (Path, Delimiter, Header, Rows) = (path, delimiter, header, rows);

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The character between columns.</summary>
    public char Delimiter { get; }

    /// <summary>The names of the columns, or null without a header.</summary>
    public IReadOnlyList<string>? Header { get; }

    /// <summary>The lines after the header. Empty lines are left out.</summary>
    public IReadOnlyList<TableRow> Rows { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">The file is empty or not a text file, or a quoted field has no end.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Table Read(string path, TableOptions options)
    {
        string[] lines = [.. DataFile.Lines(path)];
        int first = Array.FindIndex(lines, line => line.Length > 0);
        if (first < 0)
        {
            throw new InvalidDataException($"{path}: the file is empty");
        }

        char delimiter = options.Delimiter ?? DelimiterOf(lines[first]);
        bool quoted = options.Quoted ?? delimiter != '\t';
        List<TableRow> rows = quoted ? Quoted(path, lines, delimiter) : [.. lines.Select((line, i) => new TableRow(i + 1, line.Split(delimiter)))];
        rows.RemoveAll(row => row.Fields is [""]);
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
        new($"{Path}: {problem}; the first line has {(Header!.Count == 1 ? "one column" : $"{Header.Count} columns")}: {string.Join(", ", Header.Take(20)).AsSpan().Quote()}");

    /// <summary>What messages call a row.</summary>
    public string Name(TableRow row) => DataFile.LineName(Path, row.Line);

    private static char DelimiterOf(string line) => s_delimiters.FirstOrDefault(delimiter => line.Contains(delimiter, StringComparison.Ordinal), '\t');

    private static List<TableRow> Quoted(string path, string[] lines, char delimiter)
    {
        var rows = new List<TableRow>();
        var fields = new List<string>();
        var field = new StringBuilder();
        for (int number = 0; number < lines.Length; number++)
        {
            int start = number;
            string line = lines[number];
            int at = 0;
            while (true)
            {
                if (at < line.Length && line[at] == '"')
                {
                    at++;
                    while (true)
                    {
                        int end = line.IndexOf('"', at);
                        if (end < 0)
                        {
                            field.Append(line, at, line.Length - at).Append('\n');
                            if (++number == lines.Length || field.Length > TextFile.MaxLineLength)
                            {
                                throw new InvalidDataException(
                                    $"{DataFile.LineName(path, start + 1)}: a field begins with a quotation mark and has no other at its end; "
                                    + "double the quotation marks in it, or put it in quotation marks");
                            }

                            (line, at) = (lines[number], 0);
                        }
                        else if (end + 1 < line.Length && line[end + 1] == '"')
                        {
                            field.Append(line, at, end + 1 - at);
                            at = end + 2;
                        }
                        else
                        {
                            field.Append(line, at, end - at);
                            at = end + 1;
                            break;
                        }
                    }
                }

                int next = line.IndexOf(delimiter, at);
                field.Append(line, at, (next < 0 ? line.Length : next) - at);
                fields.Add(field.ToString());
                field.Clear();
                if (next < 0)
                {
                    break;
                }

                at = next + 1;
            }

            rows.Add(new TableRow(start + 1, [.. fields]));
            fields.Clear();
        }

        return rows;
    }
}
