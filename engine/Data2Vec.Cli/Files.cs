namespace Data2Vec.Cli;

/// <summary>What all commands do with the paths they are given.</summary>
internal static class Files
{
    /// <summary>Checks that there is a file, so that the message is the same whatever reads it.</summary>
    public static string RequireFile(string path)
    {
        if (File.Exists(path))
            return path;
        throw new IOException(Directory.Exists(path) ? $"{path}: a folder, not a file" : $"{path}: no such file");
    }

    /// <summary>Checks that a file can be put in its place before the work for it is done.</summary>
    public static string RequireFolderOf(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"{path}: a folder, not a file");
        return Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))
            ? path
            : throw new IOException($"{path}: its folder does not exist");
    }

    /// <summary>Writes a file, which appears only when all of it is written; nothing is left of one that failed.</summary>
    public static void WriteWhole(string path, Action<Stream> write)
    {
        string target = Path.GetFullPath(RequireFolderOf(path));
        string temporary = $"{target}.{Path.GetRandomFileName()}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The model that a command uses: the one given, or the one that lies beside the program.</summary>
    public static string Model(string? given, string shipped)
    {
        if (given is not null)
            return RequireFile(given);
        string path = Path.Combine(AppContext.BaseDirectory, "models", shipped);
        return File.Exists(path)
            ? path
            : throw new UsageException($"give a model with --model: models/{shipped} is not beside the program");
    }
}
