namespace Data2Vec.Cli;

/// <summary>Names the bad inputs of a command on the standard error, each in one line.</summary>
internal sealed class BadInputs(TextWriter error, bool strict)
{
    /// <summary>The number of bad inputs so far.</summary>
    public int Count { get; private set; }

    /// <summary>The exit code of a command that has done what it could.</summary>
    public int ExitCode => Count == 0 ? 0 : Program.BadInput;

    /// <summary>Runs work on one input. If the input is at fault, reports it; in strict mode this ends the command.</summary>
    /// <returns>The result of the work; null for a bad input.</returns>
    public T? Try<T>(string name, Func<T?> work)
        where T : class
    {
        try
        {
            return work();
        }
        catch (Exception problem) when (IsBadInput(problem))
        {
            Report(name, problem);
            return null;
        }
    }

    /// <summary>Reports a bad input; in strict mode this ends the command.</summary>
    public void Report(string name, Exception problem)
    {
        Count++;
        string message = TerminalText.WithoutParameter(problem switch
        {
            FileNotFoundException or DirectoryNotFoundException => "no such file",
            UnauthorizedAccessException => "permission denied",
            _ => problem.Message,
        })
            .Replace("ImageLimits.MaxPixels", "--max-pixels", StringComparison.Ordinal)
            .Replace("AudioReadOptions.MaxSamples", "--max-samples", StringComparison.Ordinal);

        string named = Named(name, message);
        if (strict)
        {
            throw new InvalidDataException(named, problem);
        }

        error.WriteLine($"data2vec: {TerminalText.OneLine(named)}");
    }

    /// <summary>A message with the name of its input as it was given. Some messages begin with the file's name, with or without its folder.</summary>
    public static string Named(string name, string message)
    {
        string? begin = new[] { name, Path.GetFileName(name) }.FirstOrDefault(begin => begin.Length > 0 && message.StartsWith($"{begin}: ", StringComparison.Ordinal));
        return $"{name}: {message[(begin is null ? 0 : begin.Length + 2)..]}";
    }

    /// <summary>Prints a remark that does not make an input bad.</summary>
    public void Warn(string message) => error.WriteLine($"data2vec: {TerminalText.OneLine(message)}");

    /// <summary>Whether an exception says that an input is bad, not the command line, the model or the device.</summary>
    public static bool IsBadInput(Exception problem) => problem
        is InvalidDataException or IOException or NotSupportedException or ArgumentException or InsufficientMemoryException or OutOfMemoryException
        or UnauthorizedAccessException;
}
