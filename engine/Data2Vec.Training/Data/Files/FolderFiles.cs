namespace Data2Vec.Training.Data;

/// <summary>Finds files in folders by the extensions of their names, in the order of the names. Hidden files and folders are left out.</summary>
internal static class FolderFiles
{
    private static readonly EnumerationOptions s_visible = new() { AttributesToSkip = FileAttributes.Hidden | FileAttributes.System, IgnoreInaccessible = false };

    private static readonly HashSet<string> s_recordings =
        Extensions("wav wave w64 rf64 bwf flac mp3 ogg oga opus aif aiff aifc au snd sph m4a mp4 aac webm mka wma amr caf");

    private static readonly HashSet<string> s_images = Extensions("jpg jpeg jpe jfif png webp bmp gif tif tiff tga pbm pgm ppm pnm heic heif avif");

    /// <summary>Whether the name of a file is that of a recording.</summary>
    public static bool IsRecording(string path) => s_recordings.Contains(Path.GetExtension(path));

    /// <summary>Whether the name of a file is that of an image.</summary>
    public static bool IsImage(string path) => s_images.Contains(Path.GetExtension(path));

    /// <summary>Whether the name of a file is that of a text.</summary>
    public static bool IsText(string path) => Path.GetExtension(path).Equals(".txt", StringComparison.OrdinalIgnoreCase);

    /// <summary>The files in a folder and the folders in it. Links to folders are not followed, because they may lead in a circle.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isWanted">Whether a file is one, by its name.</param>
    /// <param name="skipped">Receives folders that may not be read.</param>
    public static IReadOnlyList<string> Find(string folder, Func<string, bool> isWanted, SkippedItems skipped)
    {
        var found = new List<string>();
        Search(folder);
        return found;

        void Search(string path)
        {
            try
            {
                found.AddRange(Files(path, isWanted));
                foreach (string child in Folders(path).Where(child => new DirectoryInfo(child).LinkTarget is null))
                {
                    Search(child);
                }
            }
            catch (UnauthorizedAccessException)
            {
                skipped.AddBad(path, "the folder may not be read");
            }
        }
    }

    /// <summary>The files in a folder, without the folders in it.</summary>
    public static IEnumerable<string> Files(string folder, Func<string, bool> isWanted) =>
        Directory.EnumerateFiles(folder, "*", s_visible).Where(isWanted).Order(StringComparer.Ordinal);

    /// <summary>The folders in a folder, links too.</summary>
    public static IEnumerable<string> Folders(string folder) => Directory.EnumerateDirectories(folder, "*", s_visible).Order(StringComparer.Ordinal);

    /// <summary>A path below a folder in the form that does not depend on the system or on where the folder is.</summary>
    public static string Key(string folder, string path) => Path.GetRelativePath(folder, path).Replace('\\', '/');

    private static HashSet<string> Extensions(string names) => new(names.Split(' ').Select(name => $".{name}"), StringComparer.OrdinalIgnoreCase);
}
