using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Work that consists of independent tasks.</summary>
internal interface IJob
{
    /// <summary>Runs one task. The result must not depend on which thread runs which task, or when.</summary>
    void Run(int task);
}

/// <summary>
/// Threads that share the tasks of one job at a time with the calling thread. A job that arrives while another runs stays on its calling
/// thread: with as many callers as cores, all cores are busy anyway.
/// </summary>
/// <remarks>
/// An encoder runs hundreds of jobs of microseconds to milliseconds each, so handing one over must be cheap: idle threads spin for a
/// moment before they sleep, and nothing is allocated.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Teams live as long as the process.")]
internal sealed unsafe class ThreadTeam
{
    /// <summary>How long an idle thread spins before it sleeps, in turns of a few tens of nanoseconds.</summary>
    private const int SpinTurns = 2000;

    private static readonly ConcurrentDictionary<int, Lazy<ThreadTeam>> s_teams = new();

    private readonly Lock _oneAtATime = new();
    private readonly SemaphoreSlim _sleepers = new(0);
    private delegate*<void*, int, void> _run;
    private void* _job;
    private int _tasks;
    private int _next;
    private int _inside;
    private int _sleeping;
    private volatile bool _open;

    private ThreadTeam(int threads)
    {
        Threads = threads;
        for (int i = 1; i < threads; i++)
        {
            new Thread(Work) { IsBackground = true, Name = $"data2vec {i}" }.Start();
        }
    }

    /// <summary>The number of threads, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>The process's team of a size, created when first used.</summary>
    public static ThreadTeam Shared(int threads) => s_teams.GetOrAdd(threads, static n => new Lazy<ThreadTeam>(() => new ThreadTeam(n))).Value;

    /// <summary>Runs all tasks of a job and returns when they are done.</summary>
    public void Run<TJob>(TJob job, int tasks)
        where TJob : unmanaged, IJob
    {
        if (Threads == 1 || tasks <= 1 || !_oneAtATime.TryEnter())
        {
            for (int task = 0; task < tasks; task++)
            {
                job.Run(task);
            }

            return;
        }

        try
        {
            _run = &Invoke<TJob>;
            _job = &job;
            _tasks = tasks;
            _next = 0;
            _open = true;
            Interlocked.MemoryBarrier();
            int asleep = Math.Min(Volatile.Read(ref _sleeping), tasks - 1);
            if (asleep > 0)
            {
                _sleepers.Release(asleep);
            }

            TakeTasks();
        }
        finally
        {
            // The job is on this thread's stack, so no other thread may use it when this method returns, not even if a task throws.
            _open = false;
            Interlocked.MemoryBarrier();
            var wait = default(SpinWait);
            for (int turn = 0; Volatile.Read(ref _inside) != 0; turn++)
            {
                if (turn < SpinTurns)
                {
                    Thread.SpinWait(1);
                }
                else
                {
                    wait.SpinOnce(sleep1Threshold: -1);
                }
            }

            _oneAtATime.Exit();
        }
    }

    private static void Invoke<TJob>(void* job, int task)
        where TJob : unmanaged, IJob => Unsafe.AsRef<TJob>(job).Run(task);

    private void TakeTasks()
    {
        int task;
        while ((task = Interlocked.Increment(ref _next) - 1) < _tasks)
        {
            _run(_job, task);
        }
    }

    private void Work()
    {
        int idle = 0;
        while (true)
        {
            if (_open && Volatile.Read(ref _next) < _tasks)
            {
                // Enter before looking again: from then on the caller waits for this thread to leave.
                Interlocked.Increment(ref _inside);
                if (_open && Volatile.Read(ref _next) < _tasks)
                {
                    TakeTasks();
                    idle = 0;
                }

                Interlocked.Decrement(ref _inside);
            }

            if (idle++ < SpinTurns)
            {
                Thread.SpinWait(1);
                continue;
            }

            Interlocked.Increment(ref _sleeping);
            if (!_open || Volatile.Read(ref _next) >= _tasks)
            {
                _sleepers.Wait();
            }

            Interlocked.Decrement(ref _sleeping);
            idle = 0;
        }
    }
}
