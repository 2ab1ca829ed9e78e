using DuckDB.NET.Data;

namespace Data2Vec.Corpus.Tests;

/// <summary>Reads the files of shards with DuckDB.</summary>
public sealed class ShardFileTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly DuckDBConnection _database = new("Data Source=:memory:");

    public ShardFileTests() => _database.Open();

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task DuckDB_reads_ids_vectors_and_errors()
    {
        string table = _folder.Write("t.jsonl", "{\"id\": \"a\", \"text\": \"dull\", \"label\": \"bad\"}\n{\"id\": \"b\"}\n{\"id\": \"c\", \"text\": \"gripping\"}\n");
        CorpusJob job = _folder.Embed("out", table, 2);
        await TestFolder.RunAsync(job);
        string files = Path.Combine(job.Folder, "*.parquet");

        Assert.Equal(
            "id VARCHAR, source VARCHAR, reference VARCHAR, sha256 VARCHAR, rows INTEGER, vector FLOAT[], error VARCHAR, error_kind VARCHAR",
            Read($"select string_agg(column_name || ' ' || column_type, ', ') from (describe select * from '{files}')"));
        Assert.Equal("3 a,b,c", Read($"select count(*) || ' ' || string_agg(id, ',' order by id) from '{files}'"));
        Assert.Equal("the row has no text/unreadable", Read($"select error || '/' || error_kind from '{files}' where vector is null"));
        Assert.Equal("bad", Read($"select reference from '{files}' where id = 'a'"));
        using TextModel model = Data2VecModel.Load<TextModel>(TestFolder.Model("text.d2v"));
        Assert.Equal(model.Embed("gripping"), ((List<float>)Value($"select vector from '{files}' where id = 'c'")).ToArray());
        Assert.Equal(model.Tokenize("gripping").Windows[0].Ids.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), Read($"select rows from '{files}' where id = 'c'"));
        Assert.Equal("1.0", Read($"select array_cosine_similarity(vector::float[{model.EmbeddingSize}], vector::float[{model.EmbeddingSize}])::decimal(3,1) from '{files}' where id = 'c'"));

        // Vectors are plain, and texts are compressed.
        string columns = $"from parquet_metadata('{job.ShardPath(0)}')";
        Assert.Equal("UNCOMPRESSED", Read($"select compression {columns} where path_in_schema = 'vector, list, element'"));
        Assert.Contains("PLAIN", Read($"select encodings {columns} where path_in_schema = 'vector, list, element'"), StringComparison.Ordinal);
        Assert.DoesNotContain("DICTIONARY", Read($"select encodings {columns} where path_in_schema = 'vector, list, element'"), StringComparison.Ordinal);
        Assert.Equal("SNAPPY", Read($"select compression {columns} where path_in_schema = 'id'"));
        Assert.Equal(job.Digest, Read($"select decode(value) from parquet_kv_metadata('{job.ShardPath(0)}') where decode(key) = 'data2vec.job'"));
    }

    [Fact]
    public async Task DuckDB_reads_labels_and_probabilities()
    {
        CorpusJob job = CorpusJob.Create(_folder["out"], new ClassifyTask(TestFolder.Model("text-sentiment.d2v")), [CorpusSource.FromPath(_folder.Write("t.txt", "dull and far too long\n"))]);
        await TestFolder.RunAsync(job);
        Assert.Equal("label VARCHAR, probability FLOAT, probabilities FLOAT[]", Read(
            $"select string_agg(column_name || ' ' || column_type, ', ') from (describe select label, probability, probabilities from '{job.ShardPath(0)}')"));
        Assert.Equal("negative", Read($"select label from '{job.ShardPath(0)}'"));
        Assert.Equal("true", Read($"select probability = list_max(probabilities) from '{job.ShardPath(0)}'"), ignoreCase: true);
        Assert.Contains("negative", Read($"select decode(value) from parquet_kv_metadata('{job.ShardPath(0)}') where decode(key) = 'data2vec.labels'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shard_without_any_result_is_a_whole_file()
    {
        _folder.Write("images/a.png", "no image");
        CorpusJob job = CorpusJob.Create(_folder["out"], new EmbedTask(TestFolder.Model("image.d2v")), [new FolderSource(_folder["images"])]);
        await TestFolder.RunAsync(job);
        Assert.Equal("1 0", Read($"select count(*) || ' ' || count(vector) from '{job.ShardPath(0)}'"));
    }

    private string Read(string query) => Convert.ToString(Value(query), System.Globalization.CultureInfo.InvariantCulture)!;

    private object Value(string query)
    {
        using DuckDBCommand command = _database.CreateCommand();
        command.CommandText = query;
        return command.ExecuteScalar()!;
    }
}
