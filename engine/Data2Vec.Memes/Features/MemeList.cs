namespace Data2Vec.Memes.Features;

/// <summary>Lists of images: for each class <c>NAME.train</c> and <c>NAME.valid</c>, an image's path a line.</summary>
public static class MemeList
{
    private const long MostBytes = 1L << 28;

    /// <summary>The list of the images to train on.</summary>
    public static string TrainingPath(string name) => name + ".train";

    /// <summary>The list of the images to validate with.</summary>
    public static string ValidationPath(string name) => name + ".valid";

    /// <summary>The paths in a list.</summary>
    /// <param name="path">The list.</param>
    /// <param name="folder">What the paths in it are relative to; null for the list's own folder.</param>
    /// <exception cref="InvalidDataException">The list is empty, or no text.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string[] Read(string path, string? folder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (new FileInfo(path).Length > MostBytes)
        {
            throw new InvalidDataException($"{path}: the list is larger than the {MostBytes} bytes allowed");
        }

        folder ??= Path.GetDirectoryName(Path.GetFullPath(path))!;
        string[] lines = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
        return lines.Length == 0 ? throw new InvalidDataException($"{path}: the list is empty")
            : lines.Any(line => line.Contains('\0', StringComparison.Ordinal)) ? throw new InvalidDataException($"{path}: not a list of paths, one a line")
            : [.. lines.Select(line => Path.Combine(folder, line))];
    }
}
