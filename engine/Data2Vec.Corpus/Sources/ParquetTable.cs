using Parquet;
using Parquet.Schema;

namespace Data2Vec.Corpus;

/// <summary>Tables in Parquet files. One group of rows is in memory at a time.</summary>
internal static class ParquetTable
{
    public static IEnumerable<TableEntry> Read(string path, SourceContext context, TableColumns columns)
    {
        using FileStream stream = context.OpenRead(path);
        ParquetReader reader = Try(path, () => ParquetReader.CreateAsync(stream));
        try
        {
            DataField[] fields = [.. reader.Schema.GetDataFields().Where(field => field.MaxRepetitionLevel == 0 && field.Path.Length == 1)];
            ColumnNames names = ColumnNames.Find(path, context.Modality, columns, [.. fields.Select(field => field.Name)]);
            long row = 0;
            for (int i = 0; i < reader.RowGroupCount; i++)
            {
                using ParquetRowGroupReader group = reader.OpenRowGroupReader(i);
                string?[]? ids = Column(names.Id), texts = Column(names.Text), paths = Column(names.Path), references = Column(names.Reference);
                int rows = Try(path, () => Task.FromResult(ParquetColumn.RowsOf(group)));
                for (int at = 0; at < rows; at++)
                {
                    yield return new TableEntry(TextLines.Place(path, ++row)) { Id = ids?[at], Text = texts?[at], Path = paths?[at], Reference = references?[at] };
                }

                string?[]? Column(string? name) => name is null ? null : Try(path, () => ParquetColumn.ReadTextsAsync(group, fields.First(field => field.Name == name)));
            }
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static T Try<T>(string path, Func<Task<T>> read)
    {
        try
        {
            return read().GetAwaiter().GetResult();
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new InvalidDataException($"{path}: the Parquet file is damaged, or of a kind that cannot be read", error);
        }
    }
}
