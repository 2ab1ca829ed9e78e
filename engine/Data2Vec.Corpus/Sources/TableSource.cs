namespace Data2Vec.Corpus;

/// <summary>A table with a row for each input: CSV, TSV, lines of JSON, or Parquet.</summary>
/// <param name="Path">The path of the table.</param>
public sealed record TableSource(string Path) : CorpusSource
{
    /// <summary>The names of the columns.</summary>
    public TableColumns Columns { get; init; } = new();

    /// <summary>Whether a path is that of a table.</summary>
    internal static bool IsTable(string path) => TableReader.For(path) is not null;

    internal override IEnumerable<PlannedInput> Read(SourceContext context)
    {
        Func<string, SourceContext, TableColumns, IEnumerable<TableEntry>> read = TableReader.For(Path)
            ?? throw new InvalidDataException($"{Path}: not a table; name it .csv, .tsv, .jsonl or .parquet");
        foreach (TableEntry entry in read(Path, context, Columns))
        {
            yield return entry.ToInput(Path, context);
        }
    }
}
