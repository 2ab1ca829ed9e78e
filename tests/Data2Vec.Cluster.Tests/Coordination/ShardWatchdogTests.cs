using Data2Vec.Cluster.Coordination;

namespace Data2Vec.Cluster.Tests.Coordination;

public class ShardWatchdogTests
{
    [Fact]
    public async Task Names_the_shard_that_stands_still()
    {
        var stalled = new TaskCompletionSource<IReadOnlyCollection<int>>();
        using var watchdog = new ShardWatchdog(TimeSpan.FromMilliseconds(100), stalled.SetResult);
        watchdog.Started(4);
        watchdog.Ended(4);
        watchdog.Started(7);
        Assert.Equal([7], await stalled.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Is_silent_while_there_is_progress_or_no_shard()
    {
        bool stalled = false;
        using var watchdog = new ShardWatchdog(TimeSpan.FromSeconds(2), _ => stalled = true);
        await Task.Delay(2500);
        watchdog.Started(1);
        for (int i = 0; i < 30; i++)
        {
            await Task.Delay(100);
            watchdog.Progressed();
        }

        Assert.False(stalled);
    }
}
