using System.Globalization;

namespace Data2Vec.Corpus.Tests;

/// <summary>A folder with inputs and the outputs of jobs.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("data2vec-corpus-").FullName;

    /// <summary>The path of a bundled model.</summary>
    public static string Model(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "models", name);

    /// <summary>The path of a fixture.</summary>
    public static string Fixture(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    /// <summary>A path in the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a text file.</summary>
    public string Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    /// <summary>Copies a fixture.</summary>
    public string Copy(string fixture, string name)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.Copy(Fixture(fixture), this[name]);
        return this[name];
    }

    /// <summary>Writes a file of texts, one per line.</summary>
    public string Texts(int count, string name = "texts.txt") =>
        Write(name, string.Concat(Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"a {(i % 3 == 0 ? "gripping and funny" : "dull")} film, number {i}\n"))));

    /// <summary>Creates a job that embeds texts.</summary>
    public CorpusJob Embed(string output, string input, int rowsPerShard) =>
        CorpusJob.Create(this[output], new EmbedTask(Model("text.d2v")), [CorpusSource.FromPath(input)], new CorpusJobOptions { RowsPerShard = rowsPerShard });

    /// <summary>Runs a job to its end.</summary>
    public static async Task<CorpusProgress> RunAsync(CorpusJob job, WorkerOptions? options = null)
    {
        using CorpusWorker worker = CorpusWorker.Load(job, options);
        await using var scheduler = new LocalScheduler(job);
        return await worker.RunAsync(scheduler);
    }

    /// <summary>All rows of a job.</summary>
    public static async Task<List<CorpusRow>> RowsAsync(CorpusJob job)
    {
        var rows = new List<CorpusRow>();
        await foreach (CorpusRow row in job.ReadRowsAsync())
        {
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>Requires that two jobs have the same files of results.</summary>
    public static void SameBytes(CorpusJob expected, CorpusJob actual)
    {
        Assert.Equal(expected.Shards, actual.Shards);
        for (int i = 0; i < expected.Shards; i++)
        {
            Assert.Equal(File.ReadAllBytes(expected.ShardPath(i)), File.ReadAllBytes(actual.ShardPath(i)));
        }
    }

    public void Dispose()
    {
        if (!OperatingSystem.IsWindows())
        {
            foreach (string folder in Directory.EnumerateDirectories(Path))
            {
                File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        Directory.Delete(Path, recursive: true);
    }
}
