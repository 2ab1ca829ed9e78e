using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Data2Vec.Corpus.Tests;

/// <summary>Exports to a real PostgreSQL, which the tests start in a folder of their own.</summary>
public sealed class PostgresExportTests : IDisposable
{
    private static readonly string? s_programs = Programs();

    private readonly TestFolder _folder = new();
    private Process? _server;

    public void Dispose()
    {
        if (_server is not null)
        {
            Run("pg_ctl", "-D", _folder["data"], "-m", "immediate", "stop");
            _server.Dispose();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task Rows_are_updated_in_place_and_not_written_again()
    {
        await using NpgsqlDataSource database = await StartAsync();
        CorpusJob job = _folder.Embed("job", _folder.Texts(1200), 500);
        await TestFolder.RunAsync(job);
        if (!await HasPgvectorAsync(database))
        {
            Assert.Contains("create extension vector", (await Assert.ThrowsAsync<InvalidDataException>(() => CorpusExport.ToPostgresAsync(job, database, "films"))).Message, StringComparison.Ordinal);
            await StandInAsync(database);
        }

        Assert.Equal(1200, await CorpusExport.ToPostgresAsync(job, database, "films"));
        CorpusRow row = (await TestFolder.RowsAsync(job))[777];
        string vector = await ReadAsync(database, $"select vector::text from films where id = '{row.Id}'");
        Assert.Equal(row.Vector, vector.Trim('[', ']').Split(',').Select(number => float.Parse(number, CultureInfo.InvariantCulture)));

        // PostgreSQL moves a row that it writes, also if nothing changes.
        string places = await ReadAsync(database, "select md5(string_agg(ctid::text || id, ',' order by id)) from films");
        Assert.Equal(1200, await CorpusExport.ToPostgresAsync(job, database, "films"));
        Assert.Equal(places, await ReadAsync(database, "select md5(string_agg(ctid::text || id, ',' order by id)) from films"));
        await ReadAsync(database, "update films set sha256 = 'other' where id = '" + row.Id + "' returning id");
        await ReadAsync(database, "delete from films where id like '%:5' returning id");
        await CorpusExport.ToPostgresAsync(job, database, "films");
        Assert.Equal("1200", await ReadAsync(database, "select count(*) from films"));
        Assert.Equal(row.Sha256, await ReadAsync(database, $"select sha256 from films where id = '{row.Id}'"));

        // A name is a name, whatever is in it.
        await ReadAsync(database, "create schema \"of films\"; select 1");
        Assert.Equal(1200, await CorpusExport.ToPostgresAsync(job, database, "of films.a\"; drop table films; --"));
        Assert.Equal("1200", await ReadAsync(database, "select count(*) from films"));
    }

    private static string? Programs() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")).LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
        : null;

    private static async Task<bool> HasPgvectorAsync(NpgsqlDataSource database)
    {
        try
        {
            await ReadAsync(database, "create extension vector; select 1");
            return true;
        }
        catch (PostgresException)
        {
            return false;
        }
    }

    /// <summary>Makes a type that reads and writes vectors as pgvector does, without its operators.</summary>
    private static Task<string> StandInAsync(NpgsqlDataSource database) => ReadAsync(database, """
        create type vector;
        create function vector_in(cstring) returns vector language internal immutable strict as 'textin';
        create function vector_out(vector) returns cstring language internal immutable strict as 'textout';
        create function vector_size_in(cstring[]) returns integer language internal immutable strict as 'varchartypmodin';
        create function vector_size_out(integer) returns cstring language internal immutable strict as 'varchartypmodout';
        create type vector (input = vector_in, output = vector_out, typmod_in = vector_size_in, typmod_out = vector_size_out, internallength = variable, storage = extended);
        select 1
        """);

    private static async Task<string> ReadAsync(NpgsqlDataSource database, string query)
    {
        await using NpgsqlCommand command = database.CreateCommand(query);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture)! : "";
    }

    private async Task<NpgsqlDataSource> StartAsync()
    {
        Assert.SkipWhen(s_programs is null, "PostgreSQL is not installed");
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root.
            Process.Start("chown", ["postgres", _folder.Path]).WaitForExit();
        }

        Assert.Equal(0, Run("initdb", "-D", _folder["data"], "-U", "tester", "-A", "trust", "--no-sync"));
        int port = 20000 + (Environment.ProcessId % 20000);
        _server = Start("postgres", "-D", _folder["data"], "-p", port.ToString(CultureInfo.InvariantCulture), "-k", _folder["data"], "-c", "listen_addresses=", "-c", "fsync=off");
        NpgsqlDataSource database = NpgsqlDataSource.Create($"Host={_folder["data"]};Port={port};Username=tester;Database=postgres");
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await ReadAsync(database, "select 1");
                return database;
            }
            catch (NpgsqlException) when (attempt < 300)
            {
                await Task.Delay(100);
            }
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }

    private static Process Start(string program, params string[] arguments)
    {
        string path = Path.Combine(s_programs!, program);
        ProcessStartInfo start = Environment.IsPrivilegedProcess ? new("runuser", ["-u", "postgres", "--", path, .. arguments]) : new(path, arguments);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = "/";
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
