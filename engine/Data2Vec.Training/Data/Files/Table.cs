using Data2Vec.IO;

namespace Data2Vec.Training.Data;

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
        char delimiter = options.Delimiter ?? TableRows.DelimiterOf(lines.FirstOrDefault(line => !string.IsNullOrWhiteSpace(line)) ?? throw Empty(path));
        bool quoted = options.Quoted ?? delimiter != '\t';
        TableRow[] rows = [.. TableRows.Read(path, lines, delimiter, quoted)];
        if (rows.Length == 0)
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
}
