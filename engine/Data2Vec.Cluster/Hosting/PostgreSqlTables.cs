using Npgsql;

namespace Data2Vec.Cluster.Hosting;

/// <summary>The tables that Orleans' clustering provider for databases needs. Its packages do not create them.</summary>
internal static class PostgreSqlTables
{
    private const string Exist = "SELECT to_regclass('OrleansQuery') IS NOT NULL AND to_regclass('OrleansMembershipTable') IS NOT NULL";

    /// <summary>Creates the tables if they are missing, also when several processes do so at once. Needs no rights to create any if they are there.</summary>
    public static async Task CreateAsync(string connectionString, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(connectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            var exist = new NpgsqlCommand(Exist, connection);
            await using (exist.ConfigureAwait(false))
            {
                if (await exist.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
                {
                    return;
                }
            }

            using var script = new StreamReader(typeof(PostgreSqlTables).Assembly.GetManifestResourceStream("PostgreSql.sql")!);
            var create = new NpgsqlCommand(await script.ReadToEndAsync(cancellationToken).ConfigureAwait(false), connection);
            await using (create.ConfigureAwait(false))
            {
                await create.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false); // all of it or nothing: one transaction
            }
        }
    }
}
