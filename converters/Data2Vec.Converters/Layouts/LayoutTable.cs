namespace Data2Vec.Converters.Layouts;

/// <summary>
/// A table written as text: one row per line, and cells separated by <c>|</c>. Blank lines separate sections; the first line of a section
/// names its columns. Names in a cell are separated by commas. A row whose name ends in a full stop starts a group: its cells are prefixed
/// to those of the indented rows below it, except to cells that begin with <c>/</c> and to rows that begin with <c>-</c> or <c>+</c>. A
/// group whose name is a full stop prefixes nothing to the names of its rows.
/// </summary>
internal sealed class LayoutTable
{
    private readonly List<(string Row, string Column, string[] Names)> _cells = [];

    /// <summary>Parses a table.</summary>
    /// <exception cref="FormatException">A row has another number of cells than its section's first line.</exception>
    public LayoutTable(string text)
    {
        foreach (string section in text.Split("\n\n"))
        {
            string[][] lines = [.. section.Split('\n').Select(line => line.Split('|'))];
            string[] columns = [.. lines[0].Select(name => name.Trim())];
            string[] group = new string[columns.Length];
            foreach (string[] line in lines.Skip(1))
            {
                string[] cells = [.. line.Select(cell => cell.Trim())];
                if (cells.Length != columns.Length)
                {
                    throw new FormatException($"the row '{cells[0]}' has {cells.Length} cells; its section has {columns.Length} columns");
                }

                if (cells[0].EndsWith('.'))
                {
                    group = [cells[0] == "." ? "" : cells[0], .. cells[1..]];
                    continue;
                }

                string[] prefixes = line[0].StartsWith(' ') ? group : new string[columns.Length];
                string Join(string name, int i) => name[0] is '/' or '-' or '+' ? name : prefixes[i] + name;
                for (int i = 1; i < cells.Length; i++)
                {
                    if (cells[i].Length > 0)
                    {
                        _cells.Add((Join(cells[0], 0), columns[i], [.. cells[i].Split(", ").Select(name => Join(name, i))]));
                    }
                }
            }
        }
    }

    /// <summary>The cells of a column that are not empty, with the names of their rows.</summary>
    public IEnumerable<(string Row, string[] Names)> Column(string name)
    {
        (string Row, string[] Names)[] cells = [.. _cells.Where(cell => cell.Column == name).Select(cell => (cell.Row, cell.Names))];
        return cells.Length > 0 ? cells : throw new ArgumentException($"The table has no column '{name}'.", nameof(name));
    }
}
