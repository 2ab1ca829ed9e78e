using System.Net;
using Data2Vec.Cluster;
using Data2Vec.Corpus;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A process of the tests of the cluster, which works on the job in a folder.
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning).AddFilter("Data2Vec", LogLevel.Information);
ConfigurationManager settings = builder.Configuration;
builder.AddData2VecCluster(options =>
{
    options.Members = settings["members"]!;
    options.ClusterId = settings["cluster"] ?? options.ClusterId;
    options.Address = settings["address"] is { } address ? IPAddress.Parse(address) : null;
    options.StallTimeout = TimeSpan.FromSeconds(settings.GetValue("stall", 60.0));
});
using IHost host = builder.Build();
try
{
    await host.StartAsync();
}
catch (IOException e)
{
    Console.Error.WriteLine($"error: {e.Message}");
    return 1;
}

string folder = settings["folder"]!;
CorpusJob job = CorpusJob.Open(folder);
using CorpusWorker worker = CorpusWorker.Load(job, new WorkerOptions { Threads = 1, DecodingThreads = 1 });
await using var scheduler = new OrleansShardScheduler(host.Services, job);
await worker.RunAsync(new SlowScheduler(scheduler, settings.GetValue("milliseconds", 0), Path.Combine(folder, "hurry"), settings.GetValue("hang", -1)), scheduler.Watch());
Console.WriteLine("end");
await host.StopAsync();
return 0;

/// <summary>Says what happens, and keeps each shard for a while, so that there is something to kill.</summary>
internal sealed class SlowScheduler(OrleansShardScheduler inner, int milliseconds, string hurry, int hang) : IShardScheduler
{
    public async ValueTask<Shard?> TakeAsync(CancellationToken cancellationToken)
    {
        Shard? shard = await inner.TakeAsync(cancellationToken);
        if (shard is not null)
        {
            Console.WriteLine($"take {shard.Value.Number}");
            await Task.Delay(shard.Value.Number == hang ? Timeout.Infinite : File.Exists(hurry) ? 0 : milliseconds, cancellationToken);
        }

        return shard;
    }

    public async ValueTask CompleteAsync(Shard shard, CancellationToken cancellationToken)
    {
        await inner.CompleteAsync(shard, cancellationToken);
        Console.WriteLine($"done {shard.Number}");
    }

    public ValueTask ReturnAsync(Shard shard, CancellationToken cancellationToken) => inner.ReturnAsync(shard, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
