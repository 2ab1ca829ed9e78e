using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>Text files that list data.</summary>
internal static class DataFile
{
    /// <summary>The lines of a file, as they are asked for. Errors name the file.</summary>
    /// <exception cref="InvalidDataException">The file is not a text file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<string> Lines(string path)
    {
        using FileStream stream = File.OpenRead(path);
        foreach (string line in TextFile.ReadLines(stream, path))
        {
            yield return line;
        }
    }

    /// <summary>What messages call a line of a file.</summary>
    public static string LineName(string path, int line) => $"{path}:{line}";

    /// <summary>
    /// The path of a file that a list names. Lists that were written on Windows have backslashes, which elsewhere stand for folders too unless a file is really
    /// called so.
    /// </summary>
    /// <param name="folder">The folder for relative paths.</param>
    /// <param name="listed">The path in the list.</param>
    public static string Resolve(string folder, string listed)
    {
        string path = Path.Combine(folder, listed);
        if (Path.DirectorySeparatorChar == '/' && listed.Contains('\\', StringComparison.Ordinal) && !Path.Exists(path))
        {
            return Path.Combine(folder, listed.Replace('\\', '/'));
        }

        return path;
    }

    /// <summary>The folder of a file.</summary>
    public static string FolderOf(string path) => Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".";
}
