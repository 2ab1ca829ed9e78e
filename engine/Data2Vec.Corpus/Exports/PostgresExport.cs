using System.Globalization;
using System.Text;
using Npgsql;

namespace Data2Vec.Corpus;

/// <summary>Writes vectors into a table of PostgreSQL with pgvector.</summary>
internal sealed class PostgresExport(CorpusJob job, NpgsqlDataSource database, string table)
{
    private const int RowsAtOnce = 500;

    private readonly string _table = string.Join('.', table.Split('.').Select(part => $"\"{part.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));

    public async Task<long> RunAsync(IProgress<long>? progress, CancellationToken cancellation)
    {
        long count = 0;
        NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var rows = new List<CorpusRow>();
            await foreach (CorpusRow row in job.ReadRowsAsync(cancellation).ConfigureAwait(false))
            {
                if (row.Vector is { } vector)
                {
                    if (count == 0 && rows.Count == 0)
                    {
                        await CreateAsync(connection, vector.Length, cancellation).ConfigureAwait(false);
                    }

                    rows.Add(row);
                    if (rows.Count == RowsAtOnce)
                    {
                        await FlushAsync().ConfigureAwait(false);
                    }
                }
            }

            await FlushAsync().ConfigureAwait(false);

            async Task FlushAsync()
            {
                await InsertAsync(connection, rows, cancellation).ConfigureAwait(false);
                count += rows.Count;
                rows.Clear();
                progress?.Report(count);
            }
        }

        return count;
    }

    private async Task CreateAsync(NpgsqlConnection connection, int size, CancellationToken cancellation)
    {
        NpgsqlCommand command = connection.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            command.CommandText = string.Create(
                CultureInfo.InvariantCulture,
                $"create table if not exists {_table} (id text primary key, source text not null, sha256 text, job text not null, vector vector({size}) not null)");
            try
            {
                await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UndefinedObject)
            {
                throw new InvalidDataException("the database has no type vector; install pgvector, and run: create extension vector", error);
            }
        }
    }

    private async Task InsertAsync(NpgsqlConnection connection, List<CorpusRow> rows, CancellationToken cancellation)
    {
        if (rows.Count == 0)
        {
            return;
        }

        NpgsqlCommand command = connection.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            // A row that is the same already is not written again.
            command.CommandText = $"""
                insert into {_table} as stored (id, source, sha256, job, vector)
                select id, source, sha256, $5, cast(vector as vector) from unnest($1, $2, $3, $4) as given (id, source, sha256, vector)
                on conflict (id) do update set source = excluded.source, sha256 = excluded.sha256, job = excluded.job, vector = excluded.vector
                where (stored.source, stored.sha256, stored.job) is distinct from (excluded.source, excluded.sha256, excluded.job)
                """;
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(row => row.Id)] });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(row => row.Source)] });
            command.Parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. rows.Select(row => row.Sha256)] });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(row => Literal(row.Vector!))] });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = job.Digest });
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    // The shortest digits that give the same number again.
    private static string Literal(float[] vector)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < vector.Length; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(vector[i].ToString("R", CultureInfo.InvariantCulture));
        }

        return text.Append(']').ToString();
    }
}
