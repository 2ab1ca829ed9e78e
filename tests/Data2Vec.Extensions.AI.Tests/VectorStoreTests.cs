using System.Numerics.Tensors;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Pgvector;

namespace Data2Vec.Extensions.AI.Tests;

/// <summary>Embeddings in a PostgreSQL database, found again by their cosine.</summary>
public sealed class VectorStoreTests
{
    private static readonly string[] s_texts =
    [
        "a gripping and beautifully acted film", "dull and far too long", "the river rises in the north of the county",
        "the album was released in 1998", "a funny film for children", "he was born in the town and played for its club",
    ];

    [Fact]
    public async Task With_pgvector_the_nearest_texts_match_a_plain_loop()
    {
        using var server = new PostgresServer();
        await using (NpgsqlDataSource plain = NpgsqlDataSource.Create(server.ConnectionString))
        {
            await using NpgsqlCommand available = plain.CreateCommand("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'");
            Assert.SkipUnless((long)(await available.ExecuteScalarAsync())! == 1, "PostgreSQL is installed without the extension vector (pgvector)");
            await using NpgsqlCommand create = plain.CreateCommand("CREATE EXTENSION vector");
            await create.ExecuteNonQueryAsync();
        }

        var builder = new NpgsqlDataSourceBuilder(server.ConnectionString);
        builder.UseVector();
        await using NpgsqlDataSource database = builder.Build();
        await FindsNearest(database, "vector(192)", vector => new Vector(vector), "SELECT id FROM texts ORDER BY embedding <=> $1");
    }

    [Fact]
    public async Task Vectors_match_without_the_pgvector_extension()
    {
        using var server = new PostgresServer();
        await using NpgsqlDataSource database = NpgsqlDataSource.Create(server.ConnectionString);
        await FindsNearest(
            database, "real[]", vector => vector.ToArray(),
            "SELECT id FROM texts ORDER BY (SELECT sum(a::float8 * b) FROM unnest(embedding, $1) AS pair(a, b)) DESC");
    }

    private static async Task FindsNearest(NpgsqlDataSource database, string type, Func<ReadOnlyMemory<float>, object> value, string query)
    {
        await using ServiceProvider services = Services();
        var generator = services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        await using (NpgsqlCommand create = database.CreateCommand($"CREATE TABLE texts (id int PRIMARY KEY, embedding {type})"))
        {
            await create.ExecuteNonQueryAsync();
        }

        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(s_texts);
        for (int i = 0; i < s_texts.Length; i++)
        {
            await using NpgsqlCommand insert = database.CreateCommand("INSERT INTO texts VALUES ($1, $2)");
            insert.Parameters.Add(new NpgsqlParameter { Value = i });
            insert.Parameters.Add(new NpgsqlParameter { Value = value(embeddings[i].Vector) });
            await insert.ExecuteNonQueryAsync();
        }

        foreach (string question in (string[])[s_texts[3], "an entertaining film", "a singer and her songs"])
        {
            ReadOnlyMemory<float> wanted = await generator.GenerateVectorAsync(question);
            await using NpgsqlCommand find = database.CreateCommand(query);
            find.Parameters.Add(new NpgsqlParameter { Value = value(wanted) });
            List<int> found = [];
            await using NpgsqlDataReader reader = await find.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                found.Add(reader.GetInt32(0));
            }

            Assert.Equal(
                Enumerable.Range(0, s_texts.Length).OrderByDescending(i => TensorPrimitives.CosineSimilarity(embeddings[i].Vector.Span, wanted.Span)), found);
        }
    }

    private static ServiceProvider Services()
    {
        var services = new ServiceCollection();
        services.AddData2VecEmbeddings(new LazyModel("text", () => Task.FromResult(BundledModels.Load("text"))), new EmbeddingOptions { Normalize = true });
        return services.BuildServiceProvider();
    }
}
