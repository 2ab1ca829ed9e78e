using System.Text;
using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>A line of a table.</summary>
/// <param name="Line">The number of the line in the file, from 1.</param>
/// <param name="Fields">The fields.</param>
internal readonly record struct TableRow(int Line, string[] Fields);

/// <summary>Splits the lines of CSV and TSV files into fields, as the lines come.</summary>
internal static class TableRows
{
    /// <summary>Splits lines. Lines without text are left out.</summary>
    /// <param name="path">The path of the file, for messages.</param>
    /// <param name="lines">The lines of the file.</param>
    /// <param name="delimiter">The character between fields.</param>
    /// <param name="quoted">Whether a field in quotation marks may contain delimiters and line breaks.</param>
    /// <exception cref="InvalidDataException">A quoted field has no end.</exception>
    public static IEnumerable<TableRow> Read(string path, IEnumerable<string> lines, char delimiter, bool quoted)
    {
        using var cursor = new Cursor(path, lines.GetEnumerator());
        var fields = new List<string>();
        while (cursor.MoveNext())
        {
            int first = cursor.Number;
            if (quoted)
            {
                fields.Clear();
                for (int at = 0; at >= 0;)
                {
                    fields.Add(Field(cursor, delimiter, ref at));
                }
            }

            var row = new TableRow(first, quoted ? [.. fields] : cursor.Line.Split(delimiter));
            if (!row.Fields.All(string.IsNullOrWhiteSpace))
            {
                yield return row;
            }
        }
    }

    /// <summary>The character between the columns of a line.</summary>
    public static char DelimiterOf(string line)
    {
        if (line.Contains('\t', StringComparison.Ordinal))
        {
            return '\t';
        }

        // Between quotation marks, a delimiter is text.
        string outside = string.Concat(line.Split('"').Where((_, part) => part % 2 == 0));
        return outside.Contains(';', StringComparison.Ordinal) && !outside.Contains(',', StringComparison.Ordinal) ? ';' : ',';
    }

    /// <summary>Reads a field. A quotation mark has a meaning only at its beginning, where spaces may come before it.</summary>
    /// <param name="cursor">The line, which changes if the field has line breaks in it.</param>
    /// <param name="delimiter">The character between fields.</param>
    /// <param name="at">The place of the field in the line; afterwards that of the next field, or -1.</param>
    private static string Field(Cursor cursor, char delimiter, ref int at)
    {
        var field = new StringBuilder();
        int mark = at;
        while (mark < cursor.Line.Length && cursor.Line[mark] == ' ' && delimiter != ' ')
        {
            mark++;
        }

        if (mark < cursor.Line.Length && cursor.Line[mark] == '"')
        {
            at = mark + 1;
            AppendQuoted(cursor, field, ref at);
        }

        string line = cursor.Line;
        int end = line.IndexOf(delimiter, at);
        field.Append(line, at, (end < 0 ? line.Length : end) - at);
        at = end < 0 ? -1 : end + 1;
        return field.ToString();
    }

    /// <summary>Reads up to the closing quotation mark.</summary>
    private static void AppendQuoted(Cursor cursor, StringBuilder field, ref int at)
    {
        int first = cursor.Number;
        while (true)
        {
            string line = cursor.Line;
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
            if (field.Length > TextFile.MaxLineLength || !cursor.MoveNext())
            {
                throw new InvalidDataException(
                    $"{DataFile.LineName(cursor.Path, first)}: a field begins with a quotation mark and has no other at its end; "
                    + "put the whole field in quotation marks, and double those in it");
            }
        }
    }

    /// <summary>The current line of a file.</summary>
    private sealed class Cursor(string path, IEnumerator<string> lines) : IDisposable
    {
        public string Path => path;

        public string Line => lines.Current;

        /// <summary>The number of the line, from 1.</summary>
        public int Number { get; private set; }

        public bool MoveNext()
        {
            Number++;
            return lines.MoveNext();
        }

        public void Dispose() => lines.Dispose();
    }
}
