using Data2Vec.IO;

namespace Data2Vec.Memes.Features;

/// <summary>Lists of images, one path per line. Each class has a list <c>NAME.train</c> and a list <c>NAME.valid</c>.</summary>
public static class MemeList
{
    private const long MaxBytes = 1L << 28;

    /// <summary>The path of a class's training list.</summary>
    public static string TrainingPath(string name) => name + ".train";

    /// <summary>The path of a class's validation list.</summary>
    public static string ValidationPath(string name) => name + ".valid";

    /// <summary>The paths of a class's lists.</summary>
    internal static string[] Paths(string name) => [TrainingPath(name), ValidationPath(name)];

    /// <summary>Reads the paths of a list.</summary>
    /// <param name="path">The list.</param>
    /// <param name="folder">The folder for relative paths; null for the list's folder.</param>
    /// <exception cref="InvalidDataException">The list is empty, too large or not a text file.</exception>
    /// <exception cref="IOException">The list cannot be read.</exception>
    public static string[] Read(string path, string? folder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        folder ??= Path.GetDirectoryName(Path.GetFullPath(path))!;
        string[] lines = [.. TextFile.ReadLines(path, MaxBytes).Select(line => line.Trim()).Where(line => line.Length > 0)];
        return lines.Length == 0 ? throw new InvalidDataException($"{path}: the list is empty")
            : [.. lines.Select(line => Path.Combine(folder, line))];
    }
}
