using System.Net;

namespace Data2Vec.Cluster;

/// <summary>How a process joins a cluster.</summary>
public sealed class Data2VecClusterOptions
{
    /// <summary>
    /// Where the processes of the cluster find each other: <c>local</c> (this process is alone), <c>postgresql:CONNECTION</c>
    /// (for example <c>postgresql:Host=db;Database=data2vec;Username=data2vec</c>) or <c>redis:CONNECTION</c> (for example <c>redis:cache:6379</c>).
    /// </summary>
    public string Members { get; set; } = "local";

    /// <summary>The name of the cluster. Processes with the same one work together.</summary>
    public string ClusterId { get; set; } = "data2vec";

    /// <summary>The name of the service. Stays the same when a new cluster replaces an old one.</summary>
    public string ServiceId { get; set; } = "data2vec";

    /// <summary>The address under which the others reach this process. Null: an address of this machine, or the loopback address if the process is alone.</summary>
    public IPAddress? Address { get; set; }

    /// <summary>The TCP port at which the others reach this process. Null: a free port.</summary>
    public int? Port { get; set; }

    /// <summary>
    /// The time between two probes of another process. Three lost ones declare it dead: a killed process after two to three times this time, one that does not
    /// answer after six to eight times.
    /// </summary>
    public TimeSpan ProbePeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A process that runs a shard without any progress for this time ends itself, so that another one takes the shard. Longer than the longest input takes.
    /// <see cref="Timeout.InfiniteTimeSpan"/>: never.
    /// </summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// The names of the models with which this process serves others: each is a <see cref="TextModel"/> among the services of the host, with the name as its key.
    /// Empty: it has none, and calls those of others through <see cref="ClusterModels"/>. Null: the cluster does not serve. The same for all processes: null, or not.
    /// </summary>
    public IReadOnlyCollection<string>? Models { get; set; }
}
