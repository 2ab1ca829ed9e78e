using Data2Vec.Corpus;

namespace Data2Vec.Cli;

/// <summary><c>data2vec corpus run</c>: runs a job, or what is left of it.</summary>
internal static class CorpusRunCommand
{
    public static Command Create()
    {
        var command = new Command("run", "Run many inputs into Parquet files; the same command again resumes");
        CorpusJobArguments job = CorpusJobArguments.AddTo(command);
        var strict = new Option<bool>("--strict") { Description = "Stop at the first bad input" };
        Option<int?> decoders = new Option<int?>("--decoders") { Description = "The number of threads that read and decode inputs ahead of the model; default: one per core", HelpName = "N" }.Range(1, 1024);
        Option<string?> part = new Option<string?>("--part") { Description = "Run one part of the job only: 0/64 to 63/64 are the parts of 64", HelpName = "N/PARTS" }
            .Check(value => ParsePart(value) is not null, value => $"--part {value}: not a part; 0/64 is the first of 64 parts, and 63/64 the last");
        command.Add(strict, decoders, part);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            CorpusJob opened = job.Open(parsed, cancellation);
            (int number, int parts) = ParsePart(parsed.GetValue(part)) ?? (0, 1);
            using Device device = job.Models.OpenDevice(parsed);
            using CorpusWorker worker = device.Load(backend =>
            {
                try
                {
                    return CorpusWorker.Load(opened, new WorkerOptions
                    {
                        Backend = backend, Strict = parsed.GetValue(strict), DecodingThreads = parsed.GetValue(decoders) ?? 0, ModelPath = job.ModelPath(parsed),
                    });
                }
                catch (ArgumentException problem)
                {
                    throw new UsageException(problem.Message);
                }
            });
            try
            {
                return WorkProgress.ShowRemarks(opened.Task.Verb(), error, report =>
                {
                    var scheduler = new LocalScheduler(opened, number, parts);
                    CorpusProgress done = worker.RunAsync(scheduler, new ProgressAction<CorpusProgress>(progress => report(progress.Remark(), progress.Share())), cancellation)
                        .GetAwaiter().GetResult();
                    return CorpusSummary.Finish(done, done.Rows - scheduler.Done, error);
                });
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
