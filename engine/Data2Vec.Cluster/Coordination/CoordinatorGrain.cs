using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Data2Vec.Cluster.Coordination;

/// <summary>
/// Keeps everything in memory. If its silo dies, the next report activates another one, which learns from the workers what they run and what the output folder
/// lacks. For a moment there can be two: then a shard may run twice, and both runs write the same bytes.
/// </summary>
internal sealed partial class CoordinatorGrain(IClusterMembershipService membership, ILogger<CoordinatorGrain> logger) : Grain, ICoordinatorGrain
{
    /// <summary>The time in which each worker reports at least once, also when it has to find a new coordinator first.</summary>
    private static readonly TimeSpan s_settling = 2 * OrleansShardScheduler.ReportPeriod;

    private readonly ShardBoard _board = new();
    private readonly long _activated = Stopwatch.GetTimestamp();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        LogActivated(logger, this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public Task<CoordinatorAnswer> ReportAsync(WorkerReport report)
    {
        ClusterMembershipSnapshot members = membership.CurrentSnapshot;
        _board.Forget(worker => members.GetSiloStatus(worker.Silo, new MembershipVersion(worker.MembersVersion)) == SiloStatus.Dead);

        // Until every silo has reported, a shard that seems open may be running.
        bool settled = Stopwatch.GetElapsedTime(_activated) > s_settling
            || members.Members.Values.All(m => m.Status != SiloStatus.Active || m.SiloAddress.Equals(report.Silo) || _board.Knows(m.SiloAddress));
        return Task.FromResult(_board.Report(report, members.Version.Value, settled));
    }

    [LoggerMessage(LogLevel.Information, "This process coordinates the corpus {Job}.")]
    private static partial void LogActivated(ILogger logger, string job);
}
