using Data2Vec.Converters.Hub;

namespace Data2Vec.Cli;

/// <summary><c>data2vec pull</c>: downloads and converts a published model.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = $"A model of the Hugging Face hub, such as facebook/data2vec-audio-base-960h, or a fairseq checkpoint: {string.Join(", ", ModelStore.FairseqNames)}" };
        var output = new Option<string?>("--output", "-o") { Description = "The model file to write (.d2v); default: a file in the cache", HelpName = "MODEL" };
        var revision = new Option<string?>("--revision") { Description = "A branch, tag or commit; default: main", HelpName = "REV" };
        Option<string> type = OptionFactory.Dtype();
        var command = new Command("pull", "Download a published model, convert it, and print the path of the model file") { name, output, revision, type };
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string? target = parsed.GetValue(output);
            var options = new PullOptions
            {
                Revision = parsed.GetValue(revision),
                Type = OptionFactory.ParseDtype(parsed.GetRequiredValue(type)),
                OutputPath = target is null ? null : Files.ModelTarget(target),
            };
            TextWriter error = parsed.InvocationConfiguration.Error;
            string path = WorkProgress.ShowParts(error, report =>
            {
                var progress = new ProgressAction<PullProgress>(value => Report(value, report, error));
                return Pull(parsed.GetRequiredValue(name), options, progress, cancellation);
            });
            parsed.InvocationConfiguration.Output.WriteLine(target ?? path);
        });
        return command;
    }

    private static string Pull(string name, PullOptions options, IProgress<PullProgress> progress, CancellationToken cancellation)
    {
        try
        {
            using var store = new ModelStore();
            return store.PullAsync(name, options, progress, cancellation).GetAwaiter().GetResult();
        }
        catch (ArgumentException problem)
        {
            throw new UsageException(problem.Message);
        }
        catch (OperationCanceledException)
        {
            throw new InterruptedException("cancelled; what was downloaded is kept, and the next pull continues from there");
        }
    }

    private static void Report(PullProgress value, Action<string, long, long> report, TextWriter error)
    {
        if (value.Stage is PullStage.Downloading or PullStage.Converting)
        {
            report($"{value.Stage} {value.Name}", value.Done, value.Total);
        }
        else if (value.Stage == PullStage.Warning)
        {
            error.WriteLine($"data2vec: warning: {TerminalText.OneLine(value.Name)}");
        }
        else
        {
            error.WriteLine($"{TerminalText.OneLine(value.Name)}; {(value.Stage == PullStage.Waiting ? $"retrying in {value.Total} s" : "using the cached copy")}");
        }
    }
}
