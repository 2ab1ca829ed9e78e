namespace Data2Vec.Cluster.Coordination;

/// <summary>Which shards are open and which worker runs which, as far as the workers have reported it.</summary>
internal sealed class ShardBoard
{
    private readonly SortedSet<int> _open = [];
    private readonly Dictionary<Guid, Worker> _workers = [];
    private bool _scanned; // the open shards come from a scan of the folder

    /// <summary>A worker as its last report described it.</summary>
    internal sealed class Worker(SiloAddress silo, long membersVersion)
    {
        public SiloAddress Silo { get; } = silo;

        /// <summary>The version of the cluster's members when the worker first reported.</summary>
        public long MembersVersion { get; } = membersVersion;

        public long Sequence { get; set; } = -1;

        public HashSet<int> Held { get; } = [];
    }

    /// <summary>Whether a worker of this silo has reported.</summary>
    public bool Knows(SiloAddress silo) => _workers.Values.Any(w => w.Silo.Equals(silo));

    /// <summary>Removes workers. Their shards are open again.</summary>
    public void Forget(Predicate<Worker> isGone)
    {
        foreach ((Guid id, Worker worker) in _workers.Where(w => isGone(w.Value)).ToArray())
        {
            _workers.Remove(id);
            Reopen(worker.Held);
        }
    }

    /// <summary>Takes in a report and answers it.</summary>
    /// <param name="report">The report.</param>
    /// <param name="membersVersion">The current version of the cluster's members.</param>
    /// <param name="settled">Whether all workers have reported what they run.</param>
    public CoordinatorAnswer Report(WorkerReport report, long membersVersion, bool settled)
    {
        if (!_workers.TryGetValue(report.Worker, out Worker? worker))
        {
            _workers[report.Worker] = worker = new Worker(report.Silo, membersVersion);
        }

        if (report.Sequence <= worker.Sequence)
        {
            return default;
        }

        worker.Sequence = report.Sequence;
        int[] before = [.. worker.Held];
        worker.Held.Clear();
        worker.Held.UnionWith(report.Held);
        Reopen(before.Except(report.Done));
        if (report.Open is not null)
        {
            Reopen(report.Open);
            _scanned = true;
        }

        _open.ExceptWith(report.Held);
        _open.ExceptWith(report.Done);
        return report.Wants ? Next(worker, settled) : default;
    }

    private CoordinatorAnswer Next(Worker worker, bool settled)
    {
        if (!_scanned)
        {
            return new CoordinatorAnswer(null, Scan: true);
        }

        if (!settled)
        {
            return default;
        }

        if (_open.Count > 0)
        {
            int shard = _open.Min;
            _open.Remove(shard);
            worker.Held.Add(shard);
            return new CoordinatorAnswer(shard, Scan: false);
        }

        // The folder decides whether the job is done: a file may be missing that a worker believes to have written.
        _scanned = _workers.Values.Any(w => w.Held.Count > 0);
        return new CoordinatorAnswer(null, Scan: !_scanned);
    }

    private void Reopen(IEnumerable<int> shards) => _open.UnionWith(shards.Where(shard => !_workers.Values.Any(w => w.Held.Contains(shard))));
}
