namespace Data2Vec.Cli;

/// <summary>What all commands do with the paths they are given.</summary>
internal static class Files
{
    /// <summary>Checks that there is a file, so that the message is the same whatever reads it.</summary>
    public static string RequireFile(string path)
    {
        RequireName(path);
        if (File.Exists(path))
        {
            return path;
        }

        throw new IOException(Directory.Exists(path) ? $"{path}: a folder, not a file" : $"{path}: no such file");
    }

    /// <summary>Checks that there is a file or folder.</summary>
    public static string RequireFileOrFolder(string path)
    {
        RequireName(path);
        return Directory.Exists(path) ? path : RequireFile(path);
    }

    /// <summary>Checks that a file can be put in its place before the work for it is done.</summary>
    public static string RequireFolderOf(string path)
    {
        RequireName(path);
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: a folder, not a file");
        }

        return Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))
            ? path
            : throw new IOException($"{path}: its folder does not exist");
    }

    /// <summary>Checks that a result does not replace what it is made from, also where one of them is a link to the other.</summary>
    public static void RequireOther(string output, params IEnumerable<string?> inputs)
    {
        foreach (string input in inputs.OfType<string>())
        {
            if (string.Equals(Target(output), Target(input), StringComparison.OrdinalIgnoreCase))
            {
                throw new UsageException($"{output}: the result would replace {input}; give it another name");
            }
        }
    }

    /// <summary>Writes a file, which appears only when all of it is written; nothing is left of one that failed.</summary>
    public static void WriteWhole(string path, Action<Stream> write)
    {
        string target = Target(RequireFolderOf(path));
        if (IsDevice(target))
        {
            using var device = new FileStream(target, FileMode.Open, FileAccess.Write);
            write(device);
            return;
        }

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

    /// <summary>Where a model file goes: the file itself behind a link, and never a device.</summary>
    public static string ModelTarget(string path)
    {
        string target = Target(RequireFolderOf(path));
        return IsDevice(target) ? throw new IOException($"{path}: a device; a model needs a file") : target;
    }

    private static bool IsDevice(string target) => target.StartsWith("/dev/", StringComparison.Ordinal);

    /// <summary>The file itself, where a path is a link to it.</summary>
    private static string Target(string path) =>
        (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(path);

    private static void RequireName(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new UsageException("a file name is empty");
        }
    }

    /// <summary>A model that ships with the program.</summary>
    public static string Shipped(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "models", name);
        return File.Exists(path)
            ? path
            : throw new UsageException($"give a model with --model: models/{name} is not beside the program");
    }
}
