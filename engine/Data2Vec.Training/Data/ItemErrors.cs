namespace Data2Vec.Training.Data;

/// <summary>Errors that concern one item. Training can go on without it.</summary>
internal static class ItemErrors
{
    public static bool IsOfItem(Exception error) =>
        error is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    /// <summary>What went wrong, without the name of the item.</summary>
    public static string Reason(Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "the file does not exist",
        UnauthorizedAccessException => "the file may not be read",
        _ => error.Message,
    };
}
