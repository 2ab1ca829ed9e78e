using System.Diagnostics;
using System.Globalization;
using Data2Vec.Corpus;

namespace Data2Vec.Cluster.Tests.Processes;

/// <summary>A job in a temporary folder, and the processes that work on it.</summary>
internal sealed class ClusterJob : IDisposable
{
    private const int Rows = 10;

    private readonly string _cluster = Guid.NewGuid().ToString("N"), _members;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("data2vec-cluster-");
    private readonly List<ChildProcess> _ended = [];
    private readonly CorpusJob _job;
    private readonly int _milliseconds;
    private readonly string[] _address;

    /// <param name="members">The cluster.</param>
    /// <param name="shards">The number of shards.</param>
    /// <param name="milliseconds">The time for which a process keeps a shard before it runs it.</param>
    /// <param name="address">Where the processes reach each other; null: they find their address.</param>
    public ClusterJob(string members, int shards, int milliseconds, string? address = "127.0.0.1")
    {
        (_members, _milliseconds, _address) = (members, milliseconds, address is null ? [] : ["--address", address]);
        _job = Create(Path.Combine(_folder.FullName, "cluster"), shards);
    }

    public List<ChildProcess> Processes { get; } = [];

    public ChildProcess Start(params string[] more)
    {
        var process = new ChildProcess(["--members", _members, "--cluster", _cluster, "--folder", _job.Folder, "--milliseconds", $"{_milliseconds}", .. _address, .. more]);
        Processes.Add(process);
        return process;
    }

    /// <summary>Waits until each process runs a shard.</summary>
    public void WaitUntilAllWork() => WaitFor(() => Processes.All(p => p.Taken.Length > 0), 180, "each process runs a shard");

    /// <summary>Kills or freezes a process, and measures how long it takes until the shards that it ran are taken by another one.</summary>
    public double MeasureTakeover(ChildProcess victim, Action<ChildProcess> harm)
    {
        WaitFor(() => victim.Running.Length > 0, 30, "the process runs a shard");
        long start = Stopwatch.GetTimestamp();
        harm(victim);
        int[] lost = [.. victim.Running.Where(shard => !_job.IsDone(shard))];
        if (victim.HasEnded && Processes.Remove(victim))
        {
            _ended.Add(victim);
        }

        return WaitFor(() => lost.All(shard => Processes.Any(p => p != victim && p.Took(shard, start))), 180, $"shards {string.Join(", ", lost)} are taken again");
    }

    /// <summary>Starts new processes in place of those that have ended with an error, as a supervisor does.</summary>
    public void Supervise(int count)
    {
        foreach (ChildProcess process in Processes.Where(p => p.HasEnded && p.ExitCode != 0).ToArray())
        {
            Processes.Remove(process);
            _ended.Add(process);
        }

        while (Processes.Count < count)
        {
            Start();
        }
    }

    /// <summary>From now on no process waits.</summary>
    public void Hurry() => File.WriteAllText(Path.Combine(_job.Folder, "hurry"), "");

    /// <summary>Returns the seconds that it took. The time in which this process itself was stopped does not count.</summary>
    public double WaitFor(Func<bool> condition, int seconds, string what)
    {
        double waited = 0;
        while (!condition())
        {
            Assert.True(waited < seconds, $"It took more than {seconds} s until {what}.\n{string.Join("\n----\n", Processes.Select(p => p.Output))}");
            long start = Stopwatch.GetTimestamp();
            Thread.Sleep(20);
            waited += Math.Min(1, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return waited;
    }

    /// <summary>Waits until the processes have ended by themselves, and compares each byte of the shards with those of a run in one process.</summary>
    public async Task AssertCompleteAsync(int seconds)
    {
        WaitFor(() => Processes.All(p => p.HasEnded), seconds, "all shards are done");
        CorpusJob alone = Create(Path.Combine(_folder.FullName, "alone"), _job.Shards);
        using (CorpusWorker worker = CorpusWorker.Load(alone))
        {
            await worker.RunAsync(new LocalScheduler(alone));
        }

        Assert.Equal(Files(alone), Files(_job));
        Assert.Equal(_job.Shards, Files(_job).Length);
        for (int shard = 0; shard < _job.Shards; shard++)
        {
            Assert.True(File.ReadAllBytes(alone.ShardPath(shard)).AsSpan().SequenceEqual(File.ReadAllBytes(_job.ShardPath(shard))), $"Shard {shard} differs.");
        }
    }

    public void Dispose()
    {
        Processes.ForEach(p => p.Dispose());
        _ended.ForEach(p => p.Dispose());
        _folder.Delete(recursive: true);
    }

    private static string[] Files(CorpusJob job) => [.. Directory.GetFiles(job.Folder, "*.parquet").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    private CorpusJob Create(string folder, int shards)
    {
        string texts = Path.Combine(_folder.FullName, "texts.txt");
        File.WriteAllLines(texts, Enumerable.Range(0, shards * Rows).Select(row => string.Create(CultureInfo.InvariantCulture, $"Sentence {row} of this corpus has the number {row * 7919}.")));
        var task = new EmbedTask(Path.Combine(AppContext.BaseDirectory, "Models", "text.d2v"));
        return CorpusJob.Create(folder, task, [CorpusSource.FromPath(texts)], new CorpusJobOptions { RowsPerShard = Rows });
    }
}
