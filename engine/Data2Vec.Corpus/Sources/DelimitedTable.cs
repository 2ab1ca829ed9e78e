namespace Data2Vec.Corpus;

/// <summary>Tables whose lines have fields between commas, semicolons or tabs: CSV and TSV. The first line has the names of the columns.</summary>
internal static class DelimitedTable
{
    public static IEnumerable<TableEntry> Read(string path, SourceContext context, TableColumns columns)
    {
        using FileStream stream = context.OpenRead(path);
        using IEnumerator<string> lines = TextFile.ReadLines(stream, path).GetEnumerator();
        var leading = new List<string>();
        do
        {
            leading.Add(lines.MoveNext() ? lines.Current : throw new InvalidDataException($"{path}: the file is empty"));
        }
        while (string.IsNullOrWhiteSpace(leading[^1]));

        char delimiter = path.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : TableRows.DelimiterOf(leading[^1]);
        int? id = null, text = null, file = null, reference = null;
        int count = -1;
        foreach (TableRow row in TableRows.Read(path, All(), delimiter, quoted: delimiter != '\t'))
        {
            if (count < 0)
            {
                string[] header = [.. row.Fields.Select(name => name.Trim())];
                ColumnNames names = ColumnNames.Find(path, context.Modality, columns, header);
                (id, text, file, reference) = (Place(names.Id), Place(names.Text), Place(names.Path), Place(names.Reference));
                count = header.Length;

                int? Place(string? name) => name is null ? null : Array.IndexOf(header, name);
            }
            else
            {
                yield return new TableEntry(DataFile.LineName(path, row.Line))
                {
                    Id = Field(id),
                    Text = Field(text),
                    Path = Field(file)?.Trim(),
                    Reference = Field(reference),
                    Problem = row.Fields.Length > count ? $"the row has {row.Fields.Length} fields, and the table {count} columns" : null,
                };

                string? Field(int? place) => place is { } at && at < row.Fields.Length ? row.Fields[at] : null;
            }
        }

        IEnumerable<string> All()
        {
            foreach (string line in leading)
            {
                yield return line;
            }

            while (lines.MoveNext())
            {
                yield return lines.Current;
            }
        }
    }
}
