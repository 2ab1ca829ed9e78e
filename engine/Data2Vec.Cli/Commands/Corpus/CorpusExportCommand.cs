using Data2Vec.Corpus;
using Npgsql;
using Qdrant.Client;

namespace Data2Vec.Cli;

/// <summary><c>data2vec corpus export</c>: copies results to where they are used.</summary>
internal static class CorpusExportCommand
{
    private const string QdrantKey = "QDRANT_API_KEY";

    public static Command Create() => new("export", "Copy the results of a job to where they are used")
    {
        File("npy", "Write the vectors as a numpy array, and their ids beside it", "FILE.npy", WriteNpy),
        File("jsonl", "Write a JSON object per line; - is the standard output", "FILE.jsonl", WriteLines),
        Postgres(),
        Qdrant(),
    };

    private static Command File(string name, string description, string help, Func<CorpusJob, string, CancellationToken, long> export)
    {
        Argument<string> folder = CorpusStatusCommand.Folder();
        var output = new Option<string>("--output", "-o") { Description = "The file to write", HelpName = help, Required = true };
        var command = new Command(name, description) { folder };
        command.Add(output);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(output);
            return Run(parsed, folder, job => export(job, path, cancellation));
        });
        return command;
    }

    private static long WriteNpy(CorpusJob job, string path, CancellationToken cancellation)
    {
        long count = 0;
        Files.WriteWhole(path, vectors => Files.WriteWhole($"{path}.ids", ids => count = CorpusExport.ToNpyAsync(job, vectors, ids, cancellation).GetAwaiter().GetResult()));
        return count;
    }

    private static long WriteLines(CorpusJob job, string path, CancellationToken cancellation)
    {
        if (path == "-")
        {
            using var output = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
            return CorpusExport.ToJsonLinesAsync(job, output, cancellation).GetAwaiter().GetResult();
        }

        long count = 0;
        Files.WriteWhole(path, lines => count = CorpusExport.ToJsonLinesAsync(job, lines, cancellation).GetAwaiter().GetResult());
        return count;
    }

    private static Command Postgres()
    {
        Argument<string> folder = CorpusStatusCommand.Folder();
        var connection = new Option<string>("--connection")
        {
            Description = "The database, such as \"Host=localhost;Database=search;Username=me\"; the password can be in the variable PGPASSWORD",
            HelpName = "STRING",
            Required = true,
        };
        var table = new Option<string>("--table") { Description = "The table, which is made if it does not exist", HelpName = "NAME", Required = true };
        var command = new Command("pgvector", "Write the vectors into a table of PostgreSQL with the extension pgvector") { folder };
        command.Add(connection, table);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            NpgsqlDataSource database;
            try
            {
                database = NpgsqlDataSource.Create(parsed.GetRequiredValue(connection));
            }
            catch (ArgumentException problem)
            {
                throw new UsageException($"--connection: {TerminalText.WithoutParameter(problem.Message)}");
            }

            using (database)
            {
                try
                {
                    return Run(parsed, folder, job => CorpusExport.ToPostgresAsync(job, database, parsed.GetRequiredValue(table), null, cancellation).GetAwaiter().GetResult());
                }
                catch (NpgsqlException problem)
                {
                    throw new IOException($"the database: {problem.Message}", problem);
                }
            }
        });
        return command;
    }

    private static Command Qdrant()
    {
        Argument<string> folder = CorpusStatusCommand.Folder();
        Option<string> url = new Option<string>("--url")
        {
            Description = $"The server's address for gRPC; a key can be in the variable {QdrantKey}",
            HelpName = "URL",
            DefaultValueFactory = _ => "http://localhost:6334",
        }.Check(value => Uri.TryCreate(value, UriKind.Absolute, out Uri? given) && given.Scheme is "http" or "https", value => $"--url {value}: not an address; it is like http://localhost:6334");
        var collection = new Option<string>("--collection") { Description = "The collection, which is made if it does not exist", HelpName = "NAME", Required = true };
        var command = new Command("qdrant", "Write the vectors into a collection of Qdrant") { folder };
        command.Add(url, collection);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            using var client = new QdrantClient(new Uri(parsed.GetRequiredValue(url)), Environment.GetEnvironmentVariable(QdrantKey));
            try
            {
                return Run(parsed, folder, job => CorpusExport.ToQdrantAsync(job, client, parsed.GetRequiredValue(collection), null, cancellation).GetAwaiter().GetResult());
            }
            catch (Grpc.Core.RpcException problem)
            {
                throw new IOException($"{parsed.GetRequiredValue(url)}: {problem.Status.Detail}", problem);
            }
        });
        return command;
    }

    private static int Run(ParseResult parsed, Argument<string> folder, Func<CorpusJob, long> export)
    {
        TextWriter error = parsed.InvocationConfiguration.Error;
        CorpusJob job = CorpusJob.Open(parsed.GetRequiredValue(folder));
        int left = job.Shards - job.ReadDone().Count;
        if (left > 0)
        {
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"data2vec: {left} of {job.Shards} shards are not done yet, and are left out"));
        }

        long count = export(job);
        error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"data2vec: {count:N0} results were exported"));
        return 0;
    }
}
