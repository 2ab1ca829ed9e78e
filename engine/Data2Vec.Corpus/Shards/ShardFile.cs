using Parquet;
using Parquet.Schema;

namespace Data2Vec.Corpus;

/// <summary>Reads columns of a shard's file.</summary>
internal sealed class ShardFile : IAsyncDisposable
{
    private readonly ParquetReader _reader;
    private readonly string _path;

    private ShardFile(ParquetReader reader, string path) => (_reader, _path) = (reader, path);

    /// <summary>The number of rows.</summary>
    public int Rows => checked((int)_reader.RowGroups.Sum(group => group.RowCount));

    /// <summary>Facts about the rows.</summary>
    public IReadOnlyDictionary<string, string> Facts => _reader.CustomMetadata;

    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static async Task<ShardFile> OpenAsync(string path)
    {
        FileStream stream = File.OpenRead(path);
        try
        {
            return new ShardFile(await ParquetReader.CreateAsync(stream, leaveStreamOpen: false).ConfigureAwait(false), path);
        }
        catch (Exception error) when (error is not (FileNotFoundException or OutOfMemoryException))
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw Damaged(path, error);
        }
    }

    /// <summary>The number of errors of each kind in a shard.</summary>
    public static IReadOnlyDictionary<string, int> CountErrors(string path) => CountAsync(path).GetAwaiter().GetResult();

    /// <summary>Whether the file has a column.</summary>
    public bool Has(string name) => _reader.Schema.Fields.Any(field => field.Name == name);

    /// <summary>A column of texts.</summary>
    /// <exception cref="InvalidDataException">The file has no such column, or is damaged.</exception>
    public Task<string?[]> TextsAsync(string name) => ReadAsync(name, async (group, field, count) =>
    {
        var texts = new string?[count];
        await group.ReadAsync(field, texts.AsMemory()!).ConfigureAwait(false);
        return texts;
    });

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    private static InvalidDataException Damaged(string path, Exception? error) =>
        new($"{path}: the file is damaged; delete it, and run the job again", error);

    private static async Task<IReadOnlyDictionary<string, int>> CountAsync(string path)
    {
        await using ShardFile file = await OpenAsync(path).ConfigureAwait(false);
        return (await file.TextsAsync(ShardSchema.ErrorKindName).ConfigureAwait(false)).OfType<string>().GroupBy(kind => kind).ToDictionary(kinds => kinds.Key, kinds => kinds.Count());
    }

    private async Task<T[]> ReadAsync<T>(string name, Func<ParquetRowGroupReader, DataField, int, Task<T[]>> read)
    {
        DataField field = _reader.Schema.GetDataFields().FirstOrDefault(field => field.Path.FirstPart == name) ?? throw new InvalidDataException($"{_path}: there is no column '{name}'");
        var values = new List<T>();
        for (int i = 0; i < _reader.RowGroupCount; i++)
        {
            using ParquetRowGroupReader group = _reader.OpenRowGroupReader(i);
            try
            {
                values.AddRange(await read(group, field, checked((int)group.RowCount)).ConfigureAwait(false));
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                throw Damaged(_path, error);
            }
        }

        return [.. values];
    }
}
