namespace Data2Vec.Memes.Demonstration;

/// <summary>Finds fonts: on Linux the drawing library knows none but those it is handed.</summary>
internal static class FontFile
{
    private static readonly string[] s_folders =
    [
        "/usr/share/fonts", "/usr/local/share/fonts", Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".fonts"),
        Environment.GetFolderPath(Environment.SpecialFolder.Fonts), "/System/Library/Fonts",
    ];

    /// <summary>The path of a TrueType font.</summary>
    /// <param name="preferred">File names, the best first; any other font is taken where none of them is installed.</param>
    /// <exception cref="IOException">There is no font.</exception>
    public static string Find(params string[] preferred) => s_folders.Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.ttf", new EnumerationOptions { RecurseSubdirectories = true }))
        .OrderBy(path => Array.IndexOf(preferred, Path.GetFileName(path)) is var place and >= 0 ? place : preferred.Length)
        .ThenBy(path => path, StringComparer.Ordinal)
        .FirstOrDefault()
        ?? throw new IOException("there is no TrueType font in /usr/share/fonts; install one (for example the package fonts-dejavu-core)");
}
