namespace Data2Vec.Training.Data;

/// <summary>Finds the files in the folders of a folder. The name of such a folder is the class of the files in it and in its own folders.</summary>
internal static class ClassFolders
{
    /// <summary>The files and their classes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isWanted">Whether a file is one, by its name.</param>
    /// <param name="kind">What messages call a file.</param>
    /// <param name="skipped">Receives folders without files or that may not be read, and files that are in no folder of a class.</param>
    /// <exception cref="InvalidDataException">There are none.</exception>
    public static List<(string Path, string Class)> Find(string folder, Func<string, bool> isWanted, string kind, SkippedItems skipped)
    {
        var files = new List<(string Path, string Class)>();
        foreach (string child in FolderFiles.Folders(folder))
        {
            int count = files.Count;
            files.AddRange(FolderFiles.Find(child, isWanted, skipped).Select(path => (path, Path.GetFileName(child))));
            if (files.Count == count)
            {
                skipped.AddBad(child, $"there are no {kind}s in the folder of this class");
            }
        }

        if (files.Count == 0)
        {
            throw new InvalidDataException($"{folder}: there are no folders with {kind}s in this folder; the {kind}s of each class belong in a folder of their own");
        }

        foreach (string file in FolderFiles.Files(folder, isWanted))
        {
            skipped.AddBad(file, $"the {kind} is in no folder of a class");
        }

        return files;
    }
}
