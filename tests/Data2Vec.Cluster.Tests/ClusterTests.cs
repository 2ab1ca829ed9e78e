using System.Globalization;
using Data2Vec.Cluster.Tests.Processes;

namespace Data2Vec.Cluster.Tests;

/// <summary>Silos as processes of this machine that share a job, with a PostgreSQL of their own.</summary>
public sealed class ClusterTests(PostgreSqlServer database, ITestOutputHelper output) : IClassFixture<PostgreSqlServer>
{
    [Fact]
    public async Task Processes_share_the_shards_and_no_shard_runs_twice()
    {
        database.Start();
        using var job = new ClusterJob(database.Members, shards: 40, milliseconds: 200);
        ChildProcess[] processes = [job.Start(), job.Start()];
        await job.AssertCompleteAsync(60);
        Assert.Equal(Enumerable.Range(0, 40), processes.SelectMany(p => p.Taken).Order());
        Assert.All(processes, p => Assert.NotEmpty(p.Taken));
    }

    [Fact]
    public async Task Redis_serves_as_well_and_the_address_is_found()
    {
        using RedisServer redis = RedisServer.Start();
        using var job = new ClusterJob(redis.Members, shards: 400, milliseconds: 100, address: null);
        job.Start();
        job.Start();
        job.WaitUntilAllWork();
        job.Hurry();
        await job.AssertCompleteAsync(60);
        Assert.All(job.Processes, p => Assert.NotEmpty(p.Taken));
    }

    /// <summary>DATA2VEC_CLUSTER_KILLS sets the number of kills, DATA2VEC_CLUSTER_SILOS that of processes.</summary>
    [Fact]
    public async Task Nothing_is_lost_when_processes_and_the_database_are_killed_and_shards_are_taken_again_in_time()
    {
        database.Start();
        string[] kinds = ["worker", "coordinator", "frozen", "database", "all"];
        int kills = Number("DATA2VEC_CLUSTER_KILLS", kinds.Length), count = Number("DATA2VEC_CLUSTER_SILOS", 3);
        using var job = new ClusterJob(database.Members, shards: 100 * (kills + 1), milliseconds: 400);
        var random = new Random(kills);
        var times = new List<(string Kind, double Seconds)>();
        for (int kill = 0; kill < kills; kill++)
        {
            job.Supervise(count);
            job.WaitUntilAllWork();
            Thread.Sleep(random.Next(2000));
            string kind = kill < kinds.Length ? kinds[kill] : kinds[random.Next(kinds.Length)]; // each once, then at random
            double seconds = kind switch
            {
                "worker" => job.MeasureTakeover(job.Processes.Where(p => !p.IsCoordinator).MinBy(_ => random.Next())!, p => p.Kill()),
                "coordinator" => job.MeasureTakeover(job.Processes.First(p => p.IsCoordinator), p => p.Kill()),
                "frozen" => Freeze(job, job.Processes[random.Next(count)]),
                "database" => KillDatabase(job, random.Next(1000, 6000)),
                _ => KillAll(job, count),
            };
            times.Add((kind, seconds));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kill + 1} {kind}: {seconds:F1} s"));
        }

        job.Hurry();
        await job.AssertCompleteAsync(120);
        foreach (IGrouping<string, double> kind in times.GroupBy(t => t.Kind, t => t.Seconds))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind.Count()} {kind.Key}: median {kind.Order().ElementAt(kind.Count() / 2):F1} s, most {kind.Max():F1} s"));
        }

        // The time after all were killed is mostly that of starting new processes, which the load of the machine decides.
        Assert.All(times, time => Assert.True(time.Seconds <= time.Kind switch { "worker" or "coordinator" => 10, "frozen" => 20, _ => 180 }, $"{time.Kind}: {time.Seconds:F1} s"));
    }

    [Fact]
    public void A_process_that_hangs_ends_itself_and_another_one_takes_its_shard()
    {
        database.Start();
        using var job = new ClusterJob(database.Members, shards: 60, milliseconds: 200);
        ChildProcess hanging = job.Start("--hang", "5", "--stall", "3"), other = job.Start("--hang", "5", "--stall", "3");
        job.WaitFor(() => hanging.HasEnded || other.HasEnded, 60, "the process that hangs ends");
        Assert.Contains("Shard 5 of the corpus has made no progress for too long.", (hanging.HasEnded ? hanging : other).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_cannot_reach_the_database_says_so_and_ends()
    {
        using var process = new ChildProcess("--members", $"postgresql:Host=127.0.0.1;Port={ChildProcess.FindFreePort()};Database=corpora");
        process.WaitForEnd(30);
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("error: The cluster's PostgreSQL at 127.0.0.1:", process.Output, StringComparison.Ordinal);
    }

    private static double KillAll(ClusterJob job, int count) => job.MeasureTakeover(job.Processes[0], _ =>
    {
        job.Processes.ForEach(p => p.Kill());
        job.Supervise(count);
    });

    /// <summary>A process that was believed dead ends itself when it wakes.</summary>
    private static double Freeze(ClusterJob job, ChildProcess victim)
    {
        double seconds = job.MeasureTakeover(victim, p => p.Signal("STOP"));
        victim.Signal("CONT");
        job.WaitFor(() => victim.HasEnded, 30, "the process that was frozen ends itself");
        return seconds;
    }

    /// <summary>Processes that run go on meanwhile.</summary>
    private double KillDatabase(ClusterJob job, int milliseconds)
    {
        database.Kill();
        int[] taken = [.. job.Processes.Select(p => p.Taken.Length)];
        Thread.Sleep(milliseconds);
        job.WaitFor(() => job.Processes.Zip(taken).All(p => p.First.Taken.Length > p.Second), 10, "all work on without the database");
        Assert.All(job.Processes, p => Assert.False(p.HasEnded, p.Output));
        database.Start();
        return 0;
    }

    private static int Number(string variable, int otherwise) => Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
