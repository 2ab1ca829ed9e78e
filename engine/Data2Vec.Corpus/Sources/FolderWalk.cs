namespace Data2Vec.Corpus;

/// <summary>Finds files in folders, in the order of the names.</summary>
internal static class FolderWalk
{
    /// <summary>The inputs in a folder, then those in the folders in it. A folder that cannot be read is a row with the reason.</summary>
    /// <param name="folder">The folder as it was given.</param>
    /// <param name="recursive">Whether to search the folders in it.</param>
    /// <param name="context">Which files are inputs.</param>
    /// <param name="reference">What is known about all of them.</param>
    /// <exception cref="IOException">The folder itself cannot be read.</exception>
    public static IEnumerable<PlannedInput> Files(string folder, bool recursive, SourceContext context, string? reference = null)
    {
        if (!Directory.Exists(context.Resolve(folder)))
        {
            throw new IOException($"{folder}: no such folder");
        }

        return Search(folder, context.Resolve(folder), isRoot: true);

        IEnumerable<PlannedInput> Search(string given, string full, bool isRoot)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            string[] files = [], folders = [];
            string? problem = null;
            try
            {
                files = [.. FolderFiles.Files(full, context.IsInput)];
                folders = recursive ? [.. FolderFiles.Folders(full)] : [];
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                problem = error is UnauthorizedAccessException ? "the folder may not be read" : InputErrors.Of(error).Message;
            }

            if (problem is not null)
            {
                yield return isRoot ? throw new IOException($"{given}: {problem}") : PlannedInput.Bad(given, problem);
                yield break;
            }

            foreach (string file in files)
            {
                yield return PlannedInput.OfFile(Path.Combine(given, Path.GetFileName(file)), reference);
            }

            foreach (string child in folders.Where(child => new DirectoryInfo(child).LinkTarget is null))
            {
                foreach (PlannedInput input in Search(Path.Combine(given, Path.GetFileName(child)), child, isRoot: false))
                {
                    yield return input;
                }
            }
        }
    }
}
