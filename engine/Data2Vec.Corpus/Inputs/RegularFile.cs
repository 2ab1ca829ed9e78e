namespace Data2Vec.Corpus;

/// <summary>Files that can be read to their end.</summary>
internal static class RegularFile
{
    /// <summary>Requires a file with content. A named pipe or a device has none, and opening it might wait forever.</summary>
    /// <returns>The bytes of the file.</returns>
    /// <exception cref="InvalidDataException">The file is empty, or a folder.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static long RequireContent(string path) => new FileInfo(path) switch
    {
        { Exists: false } when Directory.Exists(path) => throw new InvalidDataException("a folder, not a file"),
        { Length: 0 } => throw new InvalidDataException("the file is empty"),
        { Length: var length } => length,
    };
}
