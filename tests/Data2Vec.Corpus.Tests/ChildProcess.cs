using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Data2Vec.Corpus.Tests;

/// <summary>Runs a job in a process of its own, which can be killed.</summary>
internal static class ChildProcess
{
    private const string Job = "DATA2VEC_TEST_CORPUS_JOB", Poison = "DATA2VEC_TEST_CORPUS_POISON";

    /// <summary>Starts a process that runs a job.</summary>
    /// <param name="folder">The folder of the job.</param>
    /// <param name="poison">A text that ends the process; null for none.</param>
    public static Process Start(string folder, string? poison = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { Environment = { [Job] = folder, [Poison] = poison } };
        return Process.Start(start)!;
    }

    [ModuleInitializer]
    internal static void Run()
    {
        if (Environment.GetEnvironmentVariable(Job) is { } folder)
        {
            CorpusJob job = CorpusJob.Open(folder);
            TaskRunner runner = job.Task.Load(D2vFile.Open(job.Task.ModelPath), new WorkerOptions());
            if (Environment.GetEnvironmentVariable(Poison) is { Length: > 0 } poison)
            {
                runner = new PoisonRunner(runner, poison);
            }

            using var worker = new CorpusWorker(job, runner, new WorkerOptions());
            worker.RunAsync(new LocalScheduler(job)).GetAwaiter().GetResult();
            Environment.Exit(0);
        }
    }

    /// <summary>A task that ends its process when it meets a text, as a fault in native code does.</summary>
    private sealed class PoisonRunner(TaskRunner runner, string poison) : TaskRunner
    {
        public override IReadOnlyList<ResultColumn> Columns => runner.Columns;

        public override int RowsAtOnce => runner.RowsAtOnce;

        public override ReadyRow Prepare(LoadedInput input, CancellationToken cancellation)
        {
            ReadyRow row = runner.Prepare(input, cancellation);
            return row with { Content = new Marked(row, input.Text!.Contains(poison, StringComparison.Ordinal)) };
        }

        public override object?[][] Run(IReadOnlyList<ReadyRow> rows, CancellationToken cancellation)
        {
            Marked[] marked = [.. rows.Select(row => (Marked)row.Content)];
            if (marked.Any(row => row.IsPoison))
            {
                Process.GetCurrentProcess().Kill();
                Thread.Sleep(Timeout.Infinite);
            }

            return runner.Run([.. marked.Select(row => row.Row)], cancellation);
        }

        private sealed record Marked(ReadyRow Row, bool IsPoison);
    }
}
