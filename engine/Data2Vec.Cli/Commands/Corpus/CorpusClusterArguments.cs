using System.Net;
using Data2Vec.Cluster;
using Data2Vec.Corpus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Data2Vec.Cli;

/// <summary>The options with which processes share a job.</summary>
internal sealed class CorpusClusterArguments
{
    public const string Name = "--cluster";

    private readonly Option<string?> _members = new(Name)
    {
        Description = "Share the job with other processes that give the same: postgresql:CONNECTION or redis:CONNECTION, or local for a process alone",
        HelpName = "MEMBERS",
    };

    private readonly Option<string?> _id = new("--cluster-id") { Description = "The name of the cluster; default: a name of the job's own", HelpName = "NAME" };
    private readonly Option<string?> _address = new Option<string?>("--cluster-address") { Description = "Where the others reach this process; default: an address of this machine, and a free port", HelpName = "ADDRESS[:PORT]" }
        .Check(value => IPEndPoint.TryParse(value, out _), value => $"--cluster-address {value}: not an IP address, or an IP address and a port, such as 10.0.0.7:11111");

    private readonly Option<double?> _stall = new Option<double?>("--stall-minutes") { Description = "In a cluster, a process without any progress for this time ends itself; default: 30", HelpName = "MINUTES" }
        .Check(value => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double minutes) && minutes is > 0 and <= 10_000, _ => "--stall-minutes must be a number of minutes, more than 0");

    private CorpusClusterArguments(Command command) => command.Add(_members, _id, _address, _stall);

    public static CorpusClusterArguments AddTo(Command command) => new(command);

    /// <summary>Whether the job is shared.</summary>
    public bool Given(ParseResult parsed)
    {
        if (parsed.GetValue(_members) is not null)
        {
            return true;
        }

        Option? alone = new Option[] { _id, _address, _stall }.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
        return alone is null ? false : throw new UsageException($"{alone.Name} needs {Name}");
    }

    /// <summary>Runs the shards that this process gets, until those of all processes are done.</summary>
    public async Task<CorpusProgress> RunAsync(ParseResult parsed, CorpusJob job, CorpusWorker worker, IProgress<CorpusProgress> progress, CancellationToken cancellation)
    {
        using IHost host = Build(parsed, job);
        await host.StartAsync(cancellation).ConfigureAwait(false);
        try
        {
            var scheduler = new OrleansShardScheduler(host.Services, job);
            await using (scheduler.ConfigureAwait(false))
            {
                return await worker.RunAsync(scheduler, scheduler.Watch(progress), cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private IHost Build(ParseResult parsed, CorpusJob job)
    {
        IPEndPoint? address = parsed.GetValue(_address) is { } text ? IPEndPoint.Parse(text) : null;
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });

        // The framework's own messages are many, also in a cluster that is well.
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("", LogLevel.Critical).AddFilter(typeof(OrleansShardScheduler).FullName, LogLevel.Information);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        try
        {
            builder.AddData2VecCluster(options =>
            {
                options.Members = parsed.GetValue(_members)!;
                options.ClusterId = parsed.GetValue(_id) ?? $"data2vec-{job.Digest[..16]}";
                options.Address = address?.Address;
                options.Port = address is { Port: > 0 } ? address.Port : null;
                options.StallTimeout = parsed.GetValue(_stall) is { } minutes ? TimeSpan.FromMinutes(minutes) : options.StallTimeout;
            });
        }
        catch (FormatException problem)
        {
            throw new UsageException($"{Name}: {problem.Message}");
        }

        return builder.Build();
    }
}
