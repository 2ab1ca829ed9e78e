namespace Data2Vec.Corpus;

/// <summary>Finds the reader of a table.</summary>
internal static class TableReader
{
    /// <summary>The reader for the extension of a name; null if it is not that of a table.</summary>
    public static Func<string, SourceContext, TableColumns, IEnumerable<TableEntry>>? For(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".jsonl" or ".ndjson" => JsonLines.Read,
        ".csv" or ".tsv" => DelimitedTable.Read,
        ".parquet" => ParquetTable.Read,
        _ => null,
    };
}
