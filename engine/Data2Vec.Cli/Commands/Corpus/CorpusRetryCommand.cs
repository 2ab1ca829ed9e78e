using Data2Vec.Corpus;

namespace Data2Vec.Cli;

/// <summary><c>data2vec corpus retry-errors</c>: runs bad inputs again.</summary>
internal static class CorpusRetryCommand
{
    public static Command Create()
    {
        Argument<string> folder = CorpusStatusCommand.Folder();
        var command = new Command("retry-errors", "Run the bad inputs of a job again, and replace the files with them") { folder };
        var killed = new Option<bool>("--killed") { Description = "Also those that ended their process, which may end this one" };
        Option<string?> model = CorpusWorkerArguments.Model();
        command.Add(killed, model);
        CorpusWorkerArguments workers = CorpusWorkerArguments.AddTo(command);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            CorpusJob job = CorpusJob.Open(parsed.GetRequiredValue(folder));
            using Device device = workers.OpenDevice(parsed);
            using CorpusWorker worker = workers.Load(parsed, device, job, parsed.GetValue(model) is { } given ? ModelName.Resolve(given) : null, strict: false);
            CorpusProgress done = WorkProgress.ShowRemarks(job.Task.Verb(), error, report =>
                worker.RetryErrorsAsync(parsed.GetValue(killed), CorpusSummary.To(0, report), cancellation).GetAwaiter().GetResult());
            long left = done.Errors.Values.Sum();
            error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"data2vec: {done.Total:N0} bad inputs were run again{(left > 0 ? $"; {CorpusSummary.Errors(done.Errors)} are left" : "")}"));
            return 0;
        });
        return command;
    }
}
