namespace Data2Vec.Cluster.Coordination;

/// <summary>Decides which worker runs which shard of one job. The key is the identity of the job.</summary>
internal interface ICoordinatorGrain : IGrainWithStringKey
{
    [ResponseTimeout("00:00:05")]
    Task<CoordinatorAnswer> ReportAsync(WorkerReport report);
}
