namespace Data2Vec.Cli;

/// <summary>Runs a command that writes lines to the standard output as the results come.</summary>
internal static class ResultLines
{
    /// <summary>Loads the models, opens the inputs, and runs the work.</summary>
    /// <param name="title">What the command does, for its progress.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="inputs">The command's arguments for inputs.</param>
    /// <param name="models">The command's options for models.</param>
    /// <param name="work">Runs the sources, reports the share that is done, and writes the lines of each result.</param>
    /// <param name="cancellation">Cancelled by Ctrl+C.</param>
    /// <returns>The exit code.</returns>
    public static int Run(
        string title,
        ParseResult parsed,
        InputArguments inputs,
        ModelArguments models,
        Action<ModelRunner, IReadOnlyList<InputSource>, Action<double>, Action<IEnumerable<string>>> work,
        CancellationToken cancellation)
    {
        using ModelSet loaded = models.Load(parsed);
        BadInputs bad = inputs.BadInputs(parsed);
        IReadOnlyList<InputSource> sources = inputs.Sources(parsed, loaded.Kinds, bad, output: null, together: true, cancellation);
        var runner = new ModelRunner(loaded, bad, cancellation);
        TextWriter output = parsed.InvocationConfiguration.Output;
        int written = 0;
        try
        {
            WorkProgress.Show(title, parsed.InvocationConfiguration.Error, Console.IsOutputRedirected, report => work(runner, sources, report, lines =>
            {
                foreach (string line in lines)
                {
                    output.WriteLine(line);
                }

                output.Flush();
                written++;
            }));
        }
        catch (OperationCanceledException)
        {
            throw new InterruptedException($"cancelled; {written} results were written");
        }

        return bad.ExitCode;
    }
}
