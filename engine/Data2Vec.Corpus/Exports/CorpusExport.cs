using Npgsql;
using Qdrant.Client;

namespace Data2Vec.Corpus;

/// <summary>
/// Copies the results of a job to where they are used. Databases receive only rows that are new or changed; files are written anew. Bad inputs are left out.
/// </summary>
public static class CorpusExport
{
    /// <summary>
    /// Writes the vectors as a numpy array <c>[inputs, features]</c>, and the ids as a text file <c>PATH.ids</c>, one JSON string per line in the same order.
    /// </summary>
    /// <param name="job">A job that embeds.</param>
    /// <param name="path">The file of the array.</param>
    /// <param name="cancellationToken">Ends the work. Nothing is written then.</param>
    /// <returns>The number of vectors.</returns>
    /// <exception cref="InvalidDataException">The job does not embed, or a shard is damaged.</exception>
    public static Task<long> ToNpyAsync(CorpusJob job, string path, CancellationToken cancellationToken = default) =>
        WriteAsync(path, vectors => WriteAsync($"{path}.ids", ids => ToNpyAsync(job, vectors, ids, cancellationToken)));

    /// <summary>Writes the vectors as a numpy array <c>[inputs, features]</c>, and the ids as one JSON string per line in the same order.</summary>
    /// <param name="job">A job that embeds.</param>
    /// <param name="vectors">Receives the array.</param>
    /// <param name="ids">Receives the ids.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The number of vectors.</returns>
    /// <exception cref="InvalidDataException">The job does not embed, or a shard is damaged.</exception>
    public static Task<long> ToNpyAsync(CorpusJob job, Stream vectors, Stream ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(ids);
        return NpyExport.RunAsync(RequireVectors(job), vectors, ids, cancellationToken);
    }

    /// <summary>Writes a JSON object per line, for each input: the id, the source, the reference, and the values of the task.</summary>
    /// <param name="job">The job.</param>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the work. Nothing is written then.</param>
    /// <returns>The number of lines.</returns>
    /// <exception cref="InvalidDataException">A shard is damaged.</exception>
    public static Task<long> ToJsonLinesAsync(CorpusJob job, string path, CancellationToken cancellationToken = default) =>
        WriteAsync(path, lines => ToJsonLinesAsync(job, lines, cancellationToken));

    /// <summary>Writes a JSON object per line, for each input: the id, the source, the reference, and the values of the task.</summary>
    /// <param name="job">The job.</param>
    /// <param name="lines">Receives the lines.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The number of lines.</returns>
    /// <exception cref="InvalidDataException">A shard is damaged.</exception>
    public static Task<long> ToJsonLinesAsync(CorpusJob job, Stream lines, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(lines);
        return JsonLinesExport.RunAsync(job, lines, cancellationToken);
    }

    /// <summary>
    /// Writes the vectors into a table of PostgreSQL with the extension pgvector, which is made if it does not exist: the columns <c>id</c>, <c>source</c>,
    /// <c>sha256</c>, <c>job</c> and <c>vector</c>.
    /// </summary>
    /// <param name="job">A job that embeds.</param>
    /// <param name="database">The database.</param>
    /// <param name="table">The table, which may have the schema before it and a dot between.</param>
    /// <param name="progress">Receives the number of vectors so far.</param>
    /// <param name="cancellationToken">Ends the work. What was written stays.</param>
    /// <returns>The number of vectors.</returns>
    /// <exception cref="InvalidDataException">The job does not embed, or a shard is damaged.</exception>
    /// <exception cref="NpgsqlException">The database refuses something.</exception>
    public static Task<long> ToPostgresAsync(
        CorpusJob job, NpgsqlDataSource database, string table, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentException.ThrowIfNullOrEmpty(table);
        return new PostgresExport(RequireVectors(job), database, table).RunAsync(progress, cancellationToken);
    }

    /// <summary>
    /// Writes the vectors into a collection of Qdrant, which is made for cosine similarity if it does not exist. The id of a point is a UUID of the input's id,
    /// which is in the payload with the source and the digest.
    /// </summary>
    /// <param name="job">A job that embeds.</param>
    /// <param name="client">The server.</param>
    /// <param name="collection">The collection.</param>
    /// <param name="progress">Receives the number of vectors so far.</param>
    /// <param name="cancellationToken">Ends the work. What was written stays.</param>
    /// <returns>The number of vectors.</returns>
    /// <exception cref="InvalidDataException">The job does not embed, or a shard is damaged.</exception>
    public static Task<long> ToQdrantAsync(
        CorpusJob job, QdrantClient client, string collection, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(collection);
        return new QdrantExport(RequireVectors(job), client, collection).RunAsync(progress, cancellationToken);
    }

    private static CorpusJob RequireVectors(CorpusJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.Task is EmbedTask ? job : throw new InvalidDataException($"{job.Folder}: the results of this job are not vectors; export them as JSON lines");
    }

    private static Task<long> WriteAsync(string path, Func<Stream, Task<long>> export)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        long count = 0;
        WholeFile.Write(path, stream => count = export(stream).GetAwaiter().GetResult());
        return Task.FromResult(count);
    }
}
