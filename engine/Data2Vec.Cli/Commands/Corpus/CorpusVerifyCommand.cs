using Data2Vec.Corpus;

namespace Data2Vec.Cli;

/// <summary><c>data2vec corpus verify</c>: whether the files of a job are what they should be.</summary>
internal static class CorpusVerifyCommand
{
    public static Command Create()
    {
        Argument<string> folder = CorpusStatusCommand.Folder();
        var command = new Command("verify", "Compare all files of a job with its list of inputs and with their digests") { folder };
        command.SetCancellableAction((parsed, cancellation) =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            CorpusJob job = CorpusJob.Open(parsed.GetRequiredValue(folder));
            CorpusVerification result = WorkProgress.ShowRate("Verifying", "shards", job.ReadDone().Count, error, progress =>
                CorpusVerification.VerifyAsync(job, progress, cancellation).GetAwaiter().GetResult());
            foreach (string problem in result.Problems)
            {
                error.WriteLine($"data2vec: {TerminalText.OneLine(problem)}");
            }

            parsed.InvocationConfiguration.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Checked - result.Problems.Count} of {job.Shards} shards are right, {result.Problems.Count} are damaged, {result.Missing} are not done"));
            return result.Problems.Count == 0 ? 0 : Program.BadInput;
        });
        return command;
    }
}
