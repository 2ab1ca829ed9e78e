namespace Data2Vec.Cli;

/// <summary>Finds the inputs in a folder by the extensions of their names, in the order of the names. Hidden files and folders are left out.</summary>
internal static class InputFolder
{
    private static readonly EnumerationOptions s_visible = new() { AttributesToSkip = FileAttributes.Hidden | FileAttributes.System, IgnoreInaccessible = false };

    /// <summary>The paths of the inputs.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="recursive">Whether to search the folders in it, too; links to folders are not followed.</param>
    /// <param name="kinds">The kinds of inputs to find.</param>
    /// <param name="bad">Receives folders that cannot be read, and one line about files that were left out.</param>
    /// <exception cref="IOException">There are no inputs in the folder.</exception>
    public static IReadOnlyList<string> Find(string folder, bool recursive, InputKinds kinds, BadInputs bad)
    {
        var found = new List<string>();
        int others = 0;
        Search(folder);
        if (found.Count == 0)
        {
            throw new IOException($"{folder}: none of the inputs ({kinds}) in this folder{(recursive ? "" : "; --recursive searches the folders in it, too")}");
        }

        if (others > 0)
        {
            bad.Warn($"{folder}: {others} other {(others == 1 ? "file" : "files")} left out");
        }

        return found;

        void Search(string path)
        {
            foreach (string file in Directory.EnumerateFiles(path, "*", s_visible).Order(StringComparer.Ordinal))
            {
                if (kinds.TakeName(file))
                {
                    found.Add(file);
                }
                else
                {
                    others++;
                }
            }

            foreach (string child in Directory.EnumerateDirectories(path, "*", s_visible).Order(StringComparer.Ordinal))
            {
                if (recursive && new DirectoryInfo(child).LinkTarget is null)
                {
                    bad.Try(child, () =>
                    {
                        Search(child);
                        return child;
                    });
                }
            }
        }
    }
}
