using System.Globalization;

namespace Data2Vec.Corpus;

/// <summary>The names of the files in the output folder of a job.</summary>
/// <param name="Path">The folder.</param>
internal readonly record struct JobFolder(string Path)
{
    private const string ShardPrefix = "shard-", ShardExtension = ".parquet";
    private const int LockAttempts = 600;

    private static readonly TimeSpan s_betweenAttempts = TimeSpan.FromMilliseconds(100);

    /// <summary>What the job is. The job exists when this file does.</summary>
    public string Job => System.IO.Path.Combine(Path, "job.json");

    /// <summary>The list of inputs.</summary>
    public PlanFiles Plan => new(System.IO.Path.Combine(Path, "plan"));

    /// <summary>The folder of the journals.</summary>
    public string Journals => System.IO.Path.Combine(Path, "journal");

    /// <summary>The results of a shard. The shard is done when this file exists.</summary>
    public string Shard(int number) => System.IO.Path.Combine(Path, ShardName(number) + ShardExtension);

    /// <summary>What happened to a shard.</summary>
    public string Report(int number) => System.IO.Path.Combine(Path, ShardName(number) + ".json");

    /// <summary>The parts of a shard that were begun and ended.</summary>
    public string Journal(int number) => System.IO.Path.Combine(Journals, ShardName(number) + ".journal");

    /// <summary>The numbers of the shards that are done.</summary>
    public HashSet<int> Done()
    {
        var done = new HashSet<int>();
        foreach (string file in Directory.EnumerateFiles(Path, $"{ShardPrefix}*{ShardExtension}"))
        {
            ReadOnlySpan<char> name = System.IO.Path.GetFileNameWithoutExtension(file.AsSpan())[ShardPrefix.Length..];
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && file == Shard(number))
            {
                done.Add(number);
            }
        }

        return done;
    }

    /// <summary>Keeps other processes from creating a job in the folder, until it is disposed or the process ends.</summary>
    /// <exception cref="IOException">Another process has created one for a minute.</exception>
    public FileStream Lock()
    {
        string path = System.IO.Path.Combine(Path, ".lock");
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < LockAttempts && Directory.Exists(Path))
            {
                Thread.Sleep(s_betweenAttempts);
            }
        }
    }

    private static string ShardName(int number) => string.Create(CultureInfo.InvariantCulture, $"{ShardPrefix}{number:D5}");
}
