using Parquet;
using Parquet.Schema;

namespace Data2Vec.Corpus;

/// <summary>Reads the files of shards.</summary>
internal static class ShardFile
{
    private static readonly string[] s_common =
    [
        ShardSchema.IdName, ShardSchema.SourceName, ShardSchema.ReferenceName, ShardSchema.DigestName, ShardSchema.RowsName, ShardSchema.ErrorName,
        ShardSchema.ErrorKindName,
    ];

    /// <summary>Reads a whole shard.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or has other columns.</exception>
    public static Task<ShardContent> ReadAsync(string path) => OpenAsync(path, async (reader, group) =>
    {
        Field[] results = [.. reader.Schema.Fields.Where(field => !s_common.Contains(field.Name))];
        int count = ParquetColumn.RowsOf(group);
        string?[] ids = await TextsAsync(ShardSchema.IdName).ConfigureAwait(false), sources = await TextsAsync(ShardSchema.SourceName).ConfigureAwait(false);
        string?[] references = reader.Schema.Fields.Any(field => field.Name == ShardSchema.ReferenceName)
            ? await TextsAsync(ShardSchema.ReferenceName).ConfigureAwait(false) : new string?[count];
        string?[] digests = await TextsAsync(ShardSchema.DigestName).ConfigureAwait(false);
        int?[] modelRows = await ParquetColumn.ReadAsync<int>(group, Find(reader, ShardSchema.RowsName)).ConfigureAwait(false);
        string?[] errors = await TextsAsync(ShardSchema.ErrorName).ConfigureAwait(false), kinds = await TextsAsync(ShardSchema.ErrorKindName).ConfigureAwait(false);
        var values = new object?[results.Length][];
        for (int i = 0; i < results.Length; i++)
        {
            values[i] = await ValuesAsync(group, results[i], new FileInfo(path).Length).ConfigureAwait(false);
        }

        ResultColumn[] columns = [.. results.Select(field => new ResultColumn(field.Name, TypeOf(field)))];
        ShardRow[] rows =
        [
            .. Enumerable.Range(0, count).Select(i => new ShardRow
            {
                Id = ids[i]!,
                Source = sources[i]!,
                Reference = references[i],
                Sha256 = digests[i],
                Rows = modelRows[i],
                Error = errors[i] is { } message ? new InputError(kinds[i] ?? "", message) : null,
                Values = errors[i] is null ? [.. values.Select(column => column[i])] : null,
            }),
        ];
        return new ShardContent(columns, rows, reader.CustomMetadata);

        Task<string?[]> TextsAsync(string name) => ParquetColumn.ReadTextsAsync(group, Find(reader, name));
    });

    /// <summary>The number of errors of each kind in a shard.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static async Task<IReadOnlyDictionary<string, int>> CountErrorsAsync(string path)
    {
        string?[] kinds = await OpenAsync(path, (reader, group) => ParquetColumn.ReadTextsAsync(group, Find(reader, ShardSchema.ErrorKindName))).ConfigureAwait(false);
        return kinds.OfType<string>().GroupBy(kind => kind).ToDictionary(same => same.Key, same => same.Count());
    }

    private static async Task<T> OpenAsync<T>(string path, Func<ParquetReader, ParquetRowGroupReader, Task<T>> read)
    {
        try
        {
            await using FileStream stream = File.OpenRead(path);
            await using ParquetReader reader = await ParquetReader.CreateAsync(stream).ConfigureAwait(false);
            using ParquetRowGroupReader group = reader.OpenRowGroupReader(0);
            return await read(reader, group).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not (FileNotFoundException or UnauthorizedAccessException or OutOfMemoryException))
        {
            throw new InvalidDataException($"{path}: the file is damaged; delete it, and run the job again", error);
        }
    }

    private static DataField Find(ParquetReader reader, string name) =>
        reader.Schema.GetDataFields().FirstOrDefault(field => field.Path.FirstPart == name) ?? throw new InvalidDataException($"there is no column '{name}'");

    private static ColumnType TypeOf(Field field) => field switch
    {
        ListField => ColumnType.Singles,
        DataField data when ParquetColumn.IsText(data) => ColumnType.Text,
        DataField data when data.ClrType == typeof(float) => ColumnType.Single,
        DataField data when data.ClrType == typeof(double) => ColumnType.Double,
        DataField data when data.ClrType == typeof(bool) => ColumnType.Boolean,
        _ => throw new InvalidDataException($"the column '{field.Name}' has a type that no task writes"),
    };

    private static async Task<object?[]> ValuesAsync(ParquetRowGroupReader group, Field field, long fileBytes) => TypeOf(field) switch
    {
        ColumnType.Text => await ParquetColumn.ReadTextsAsync(group, (DataField)field).ConfigureAwait(false),
        ColumnType.Single => [.. (await ParquetColumn.ReadAsync<float>(group, (DataField)field).ConfigureAwait(false)).Cast<object?>()],
        ColumnType.Double => [.. (await ParquetColumn.ReadAsync<double>(group, (DataField)field).ConfigureAwait(false)).Cast<object?>()],
        ColumnType.Boolean => [.. (await ParquetColumn.ReadAsync<bool>(group, (DataField)field).ConfigureAwait(false)).Cast<object?>()],
        _ => await ListsAsync(group, (DataField)((ListField)field).Item, fileBytes).ConfigureAwait(false),
    };

    private static async Task<object?[]> ListsAsync(ParquetRowGroupReader group, DataField element, long fileBytes)
    {
        // Each number takes its bytes in the file, and a list without numbers takes a row.
        long slots = group.GetMetadata(element)?.MetaData?.NumValues ?? 0;
        if (slots < 0 || slots > (fileBytes / sizeof(float)) + group.RowCount)
        {
            throw new InvalidDataException($"the column '{element.Path}' claims {slots} values");
        }

        float[] values = new float[slots];
        int[] definitions = new int[slots], repetitions = new int[slots];
        await group.ReadRawAsync(element, values.AsMemory(), definitions.AsMemory(), repetitions.AsMemory(), CancellationToken.None).ConfigureAwait(false);
        var lists = new List<object?>();
        int next = 0;
        for (int first = 0, end; first < repetitions.Length; first = end)
        {
            for (end = first + 1; end < repetitions.Length && repetitions[end] != 0; end++)
            {
            }

            bool hasValues = definitions[first] == element.MaxDefinitionLevel;
            lists.Add(hasValues ? values[next..(next + end - first)] : definitions[first] == 0 ? null : Array.Empty<float>());
            next += hasValues ? end - first : 0;
        }

        return [.. lists];
    }
}
