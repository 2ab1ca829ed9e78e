using System.Diagnostics;

namespace Data2Vec.Corpus.Tests;

/// <summary>Runs a job in a process of its own, which can be killed. It is these tests again, with a single one that only such a process runs.</summary>
public sealed class ChildProcess
{
    private const string Job = "DATA2VEC_TEST_CORPUS_JOB", Poison = "DATA2VEC_TEST_CORPUS_POISON";

    /// <summary>Starts a process that runs a job.</summary>
    /// <param name="folder">The folder of the job.</param>
    /// <param name="poison">A text that ends the process; null for none.</param>
    internal static Process Start(string folder, string? poison = null)
    {
        string[] arguments = ["-method", $"{typeof(ChildProcess).FullName}.{nameof(A_process_runs_a_job)}", "-explicit", "only"];
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments) { Environment = { [Job] = folder, [Poison] = poison }, RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    [Fact(Explicit = true)]
    public async Task A_process_runs_a_job()
    {
        CorpusJob job = CorpusJob.Open(Environment.GetEnvironmentVariable(Job)!);
        TaskRunner runner = job.Task.Load(D2vFile.Open(job.Task.ModelPath), new WorkerOptions());
        runner.WarmUp();
        if (Environment.GetEnvironmentVariable(Poison) is { Length: > 0 } poison)
        {
            runner = new PoisonRunner(runner, poison);
        }

        using var worker = new CorpusWorker(job, runner, new WorkerOptions());
        await worker.RunAsync(new LocalScheduler(job));
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

        protected override void Free() => runner.Dispose();

        private sealed record Marked(ReadyRow Row, bool IsPoison);
    }
}
