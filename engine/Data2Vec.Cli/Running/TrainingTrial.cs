using System.Diagnostics;
using Data2Vec.Training.Data;
using Data2Vec.Training.Runs;

namespace Data2Vec.Cli;

/// <summary>Says what a run will take, from two updates.</summary>
internal static class TrainingTrial
{
    /// <summary>The updates. The first also warms up.</summary>
    public const int Updates = 2;

    private const double Megabyte = 1 << 20;

    /// <summary>Makes the updates and prints the figures.</summary>
    public static void Run(PreparedRun run, RunOptions options, TextWriter output, CancellationToken cancellation)
    {
        BatchPlan plan = BatchReading.Plan(run.Data, run.Model, run.Batch, run.Seed);
        int ranks = options.Exchange.Count, most = plan.Batches.Select(batch => batch.Sum(item => BatchReading.Rows(run.Model, run.Data.Length(item)))).DefaultIfEmpty().Max();
        int batches = plan.Share(options.Exchange.Rank, ranks).Count;
        output.WriteLine($"recipe\t{run.Recipe}");
        output.WriteLine($"data\t{DataSummary.Amount(run.Data, run.Model)}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"left out\t{run.Data.Skipped.Count + plan.TooLong.Count:N0}"));
        if (run.Validation is not null)
        {
            output.WriteLine($"validation\t{DataSummary.Amount(run.Validation, run.Model)}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"batches per epoch\t{plan.Batches.Count:N0}, of at most {most:N0} rows"));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"updates\t{run.Updates:N0} of {run.Batch.Accumulate * ranks:N0} batches, {(double)run.Updates * run.Batch.Accumulate / batches:0.#} epochs"));

        var clock = Stopwatch.StartNew();
        var ends = new List<TimeSpan>();
        RunReport? last = null;
        RunOutcome outcome = run.Run(options, new ProgressAction<RunReport>(report =>
        {
            ends.Add(clock.Elapsed);
            last = report;
        }), cancellation).GetAwaiter().GetResult();
        Measured(run, outcome, last!, ends.Count > 1 ? ends[^1] - ends[^2] : ends[0], output);
    }

    private static void Measured(PreparedRun run, RunOutcome outcome, RunReport last, TimeSpan batch, TextWriter output)
    {
        if (run.IsPretraining)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"masked\t{100.0 * last.Update.SampleSize / last.Update.Rows:0.#} % of the rows"));
        }

        // Values, gradients and two moments; the teacher has values.
        double buffers = outcome.Parameters * sizeof(float) * (run.IsPretraining ? 5 : 4) / Megabyte;
        using var process = Process.GetCurrentProcess();
        TimeSpan update = batch * run.Batch.Accumulate;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"parameters\t{outcome.Parameters:N0}"));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"memory\t{process.PeakWorkingSet64 / Megabyte:N0} MB in two updates, of which the parameters and their moments take {buffers:N0} MB"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"time of an update\t{update.TotalSeconds:N2} s"));
        output.WriteLine($"time of the run\t{TerminalText.Duration(update * run.Updates)}, without validations");
    }
}
