using System.Net;
using Data2Vec.Cluster.Coordination;

namespace Data2Vec.Cluster.Tests.Coordination;

public class ShardBoardTests
{
    private static readonly SiloAddress s_silo = SiloAddress.New(IPAddress.Loopback, 1, 1), s_other = SiloAddress.New(IPAddress.Loopback, 2, 1);

    private readonly ShardBoard _board = new();
    private readonly Guid _first = Guid.NewGuid(), _second = Guid.NewGuid();
    private long _sequence;

    [Fact]
    public void A_new_coordinator_asks_for_the_open_shards_and_gives_each_once()
    {
        Assert.True(Ask(_first, []).Scan);
        Assert.Equal(3, Ask(_first, [], open: [3, 5]).Shard);
        Assert.Equal(5, Ask(_second, []).Shard);
        Assert.Equal(default, Ask(_first, [3]) with { Shard = null });
        Assert.Null(Ask(_first, [3]).Shard);
    }

    [Fact]
    public void When_all_that_is_known_is_done_the_folder_decides()
    {
        Ask(_first, [], open: [0]);
        Assert.True(Ask(_first, [], done: [0]).Scan);
    }

    [Fact]
    public void A_worker_waits_while_another_one_runs_the_last_shard()
    {
        Ask(_first, [], open: [0]);
        Assert.Equal(default, Ask(_second, []));
        Report(_first, [0]);
        Assert.Equal(default, Ask(_second, []));
    }

    [Fact]
    public void The_shard_of_a_silo_that_is_gone_is_given_to_another()
    {
        Ask(_first, [], open: [0, 1]);
        Ask(_second, [], silo: s_other);
        _board.Forget(worker => worker.Silo.Equals(s_other));
        Assert.False(_board.Knows(s_other));
        Assert.Equal(1, Ask(_first, [], done: [0]).Shard);
    }

    [Fact]
    public void A_shard_that_is_returned_or_whose_answer_was_lost_is_given_again()
    {
        Assert.Equal(0, Ask(_first, [], open: [0]).Shard);
        Report(_first, []);
        Assert.Equal(0, Ask(_second, []).Shard);
    }

    [Fact]
    public void A_new_coordinator_gives_nothing_until_all_have_reported_what_they_run()
    {
        Assert.Equal(default, Ask(_first, [], open: [0, 1], settled: false));
        Report(_second, [0]);
        Assert.Equal(1, Ask(_first, []).Shard);
    }

    [Fact]
    public void A_report_that_is_late_changes_nothing()
    {
        var late = new WorkerReport { Worker = _first, Silo = s_silo, Sequence = ++_sequence, Held = [], Done = [], Wants = true };
        Ask(_first, [], open: [0, 1]);
        Assert.Equal(default, _board.Report(late, 1, settled: true));
        Assert.Equal(1, Ask(_second, []).Shard);
    }

    [Fact]
    public void A_shard_that_two_workers_run_is_open_only_when_both_have_left_it()
    {
        Ask(_first, [0], open: []);
        Report(_second, [0]);
        Report(_first, []);
        Assert.Null(Ask(_first, []).Shard);
        Report(_second, []);
        Assert.Equal(0, Ask(_first, []).Shard);
    }

    private CoordinatorAnswer Ask(Guid worker, int[] held, int[]? done = null, int[]? open = null, bool settled = true, SiloAddress? silo = null)
        => _board.Report(
            new WorkerReport { Worker = worker, Silo = silo ?? s_silo, Sequence = ++_sequence, Held = held, Done = done ?? [], Open = open, Wants = true }, 1, settled);

    private void Report(Guid worker, int[] held)
        => _board.Report(new WorkerReport { Worker = worker, Silo = s_silo, Sequence = ++_sequence, Held = held, Done = [] }, 1, settled: true);
}
