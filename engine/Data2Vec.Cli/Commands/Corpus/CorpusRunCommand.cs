using Data2Vec.Corpus;

namespace Data2Vec.Cli;

/// <summary><c>data2vec corpus run</c>: runs a job, or what is left of it.</summary>
internal static class CorpusRunCommand
{
    public static Command Create()
    {
        var command = new Command("run", "Run many inputs into Parquet files; the same command again goes on where it was interrupted");
        CorpusJobArguments job = CorpusJobArguments.AddTo(command);
        CorpusWorkerArguments workers = CorpusWorkerArguments.AddTo(command, withDevice: false);
        CorpusClusterArguments cluster = CorpusClusterArguments.AddTo(command);
        var strict = new Option<bool>("--strict") { Description = "Stop at the first bad input" };
        var planOnly = new Option<bool>("--plan-only") { Description = "Only list the inputs; corpus run without inputs does the work" };
        Option<string?> part = new Option<string?>("--part") { Description = "Run one part of the job only: 0/64 to 63/64 are the parts of 64", HelpName = "N/PARTS" }
            .Check(value => ParsePart(value) is not null, value => $"--part {value}: not a part; 0/64 is the first of 64 parts, and 63/64 the last");
        command.Add(strict, planOnly, part);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            bool isShared = cluster.Given(parsed);
            if (isShared && parsed.GetValue(part) is not null)
            {
                throw new UsageException($"--part: the processes of a cluster share the whole job; leave out --part or {CorpusClusterArguments.Name}");
            }

            CorpusJob opened = job.Open(parsed, cancellation);
            if (parsed.GetValue(planOnly))
            {
                error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"data2vec: {opened.Rows:N0} inputs in {opened.Shards:N0} shards"));
                return 0;
            }

            (int number, int parts) = ParsePart(parsed.GetValue(part)) ?? (0, 1);
            var scheduler = new LocalScheduler(opened, number, parts);
            if (scheduler.Done == scheduler.Total)
            {
                error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"data2vec: {scheduler.Done:N0} of {scheduler.Total:N0} inputs are done"));
                return 0;
            }

            using Device device = job.Models.OpenDevice(parsed);
            using CorpusWorker worker = workers.Load(parsed, device, opened, job.ModelPath(parsed), parsed.GetValue(strict));
            try
            {
                CorpusProgress done = WorkProgress.ShowRemarks(opened.Task.Verb(), error, report =>
                {
                    IProgress<CorpusProgress> progress = CorpusSummary.To(scheduler.Done, report);
                    Task<CorpusProgress> run = isShared ? cluster.RunAsync(parsed, opened, worker, progress, cancellation) : worker.RunAsync(scheduler, progress, cancellation);
                    return run.GetAwaiter().GetResult();
                });
                return CorpusSummary.Finish(opened, done, error);
            }
            catch (OperationCanceledException)
            {
                throw new InterruptedException("cancelled; the same command again goes on");
            }
        });
        return command;
    }

    private static (int Part, int Parts)? ParsePart(string? value) =>
        value?.Split('/') is [var first, var second] && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int part)
            && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out int parts) && part < parts ? (part, parts) : null;
}
