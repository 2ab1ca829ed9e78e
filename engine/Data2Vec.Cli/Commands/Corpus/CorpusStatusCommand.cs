using Data2Vec.Corpus;

namespace Data2Vec.Cli;

/// <summary><c>data2vec corpus status</c>: what a job has done.</summary>
internal static class CorpusStatusCommand
{
    public static Command Create()
    {
        Argument<string> folder = Folder();
        var command = new Command("status", "Show what a job has done: shards, inputs, errors") { folder };
        command.SetAction(parsed =>
        {
            CorpusStatus status = CorpusStatus.Read(CorpusJob.Open(parsed.GetRequiredValue(folder)));
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"shards\t{status.ShardsDone}\tof {status.Shards}"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"inputs\t{status.RowsDone}\tof {status.Rows}"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bad\t{status.Errors.Values.Sum()}"));
            foreach ((string kind, long count) in status.Errors)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bad: {kind}\t{count}"));
            }

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seconds\t{status.Seconds:0.###}"));
            return 0;
        });
        return command;
    }

    /// <summary>The argument for the folder of a job.</summary>
    public static Argument<string> Folder() => new("FOLDER") { Description = "The folder of a job: what corpus run --output wrote" };
}
