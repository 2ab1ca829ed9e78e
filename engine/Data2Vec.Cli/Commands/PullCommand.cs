using System.CommandLine;
using Data2Vec.Converters.Hub;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec pull</c>: a published model becomes a model file.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = $"A model of the Hugging Face hub, such as facebook/data2vec-audio-base-960h, or a checkpoint of fairseq's: {string.Join(", ", ModelStore.FairseqNames)}" };
        var output = new Option<string?>("--output", "-o") { Description = "The model file to write (.d2v); left out, it is kept in the cache", HelpName = "MODEL" };
        var revision = new Option<string?>("--revision") { Description = "A branch, a tag or a commit; left out, main", HelpName = "REV" };
        Option<string> type = DtypeOption.Create();
        var command = new Command("pull", "Download a published model, convert it, and print the path of the model file") { name, output, revision, type };
        command.SetAction((parsed, cancellation) => Task.Run(
        () =>
        {
            string? target = parsed.GetValue(output);
            var options = new PullOptions
            {
                Revision = parsed.GetValue(revision),
                Type = DtypeOption.TypeOf(parsed.GetRequiredValue(type)),
                OutputPath = target is null ? null : Files.ModelTarget(target),
            };
            TextWriter error = parsed.InvocationConfiguration.Error;
            string path = WorkProgress.Show(error, report => Pull(parsed.GetRequiredValue(name), options, new Reporter(report, error), cancellation));
            parsed.InvocationConfiguration.Output.WriteLine(target ?? path);
        },
        cancellation));
        return command;
    }

    private static string Pull(string name, PullOptions options, Reporter reporter, CancellationToken cancellation)
    {
        try
        {
            using var store = new ModelStore();
            return store.PullAsync(name, options, reporter, cancellation).GetAwaiter().GetResult();
        }
        catch (ArgumentException problem)
        {
            throw new UsageException(problem.Message);
        }
    }

    private sealed class Reporter(Action<string, long, long> report, TextWriter error) : IProgress<PullProgress>
    {
        public void Report(PullProgress value)
        {
            switch (value.Stage)
            {
                case PullStage.Downloading:
                    report($"Downloading {value.Name}", value.Done, value.Total);
                    break;
                case PullStage.Converting:
                    report($"Converting {value.Name}", value.Done, value.Total);
                    break;
                case PullStage.Waiting:
                    error.WriteLine($"{Text.OneLine(value.Name)}; the next attempt is in {value.Total} s");
                    break;
                case PullStage.Unreachable:
                    error.WriteLine($"{Text.OneLine(value.Name)}; taking the copy in the cache");
                    break;
            }
        }
    }
}
