namespace Data2Vec.Corpus;

/// <summary>What is wrong with an input.</summary>
/// <param name="Kind">A word for statistics.</param>
/// <param name="Message">A sentence that does not name the input.</param>
internal readonly record struct InputError(string Kind, string Message);

/// <summary>Errors that concern one input. The others go on.</summary>
internal static class InputErrors
{
    /// <summary>The kind of rows that ended their worker.</summary>
    public const string Killed = "killed";

    /// <summary>The kind of rows that could not be listed.</summary>
    public const string Unlisted = "unreadable";

    public static bool IsOfInput(Exception error) => error
        is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException
        or InsufficientMemoryException or OutOfMemoryException;

    /// <summary>The error in words that do not depend on the machine.</summary>
    public static InputError Of(Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => new("missing", "no such file"),
        UnauthorizedAccessException => new("permission", "permission denied"),
        PathTooLongException => new("missing", "the path is too long"),
        TextTooLongException => new("too-long", Message(error)),
        InvalidDataException or EndOfStreamException => new("bad", Message(error)),
        NotSupportedException => new("unsupported", Message(error)),
        InsufficientMemoryException or OutOfMemoryException => new("memory", "not enough memory for this input"),
        IOException => new("unreadable", "the file cannot be read"),
        _ => new("bad", Message(error)),
    };

    // Argument exceptions append the name of the parameter.
    private static string Message(Exception error) => error.Message.Split(" (Parameter '")[0];
}
