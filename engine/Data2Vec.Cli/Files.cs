using Data2Vec.IO;

namespace Data2Vec.Cli;

/// <summary>Checks and writes the files of commands.</summary>
internal static class Files
{
    private const int MaxLinks = 40;

    // File systems of Linux tell upper case from lower case.
    private static readonly StringComparison s_comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <summary>Requires an existing file.</summary>
    public static string RequireFile(string path)
    {
        RequireName(path);
        return File.Exists(path) ? path : throw new IOException(Directory.Exists(path) ? $"{path}: a folder, not a file" : $"{path}: no such file");
    }

    /// <summary>Opens a file. Errors name it as it was given.</summary>
    public static FileStream OpenRead(string path)
    {
        RequireName(path);
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"{path}: no such file", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(Directory.Exists(path) ? $"{path}: a folder, not a file" : $"{path}: permission denied", error);
        }
    }

    /// <summary>Reads the paths of a list, one per line. Blank lines are left out.</summary>
    /// <param name="path">The list; <c>-</c> is the standard input.</param>
    public static IReadOnlyList<string> ReadList(string path)
    {
        using Stream stream = path == "-" ? Console.OpenStandardInput() : OpenRead(path);
        try
        {
            return [.. TextFile.ReadLines(stream).Where(line => !string.IsNullOrWhiteSpace(line))];
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>Requires an existing file or folder.</summary>
    public static string RequireFileOrFolder(string path)
    {
        RequireName(path);
        return Directory.Exists(path) ? path : RequireFile(path);
    }

    /// <summary>Requires a path in an existing folder.</summary>
    public static string RequireFolderOf(string path)
    {
        RequireName(path);
        return Directory.Exists(path) ? throw new IOException($"{path}: a folder, not a file")
            : Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))) ? path
            : throw new IOException($"{path}: its folder does not exist");
    }

    /// <summary>Requires a path where <see cref="WriteWhole(string, Func{Stream, bool})"/> can write, so that a bad path is reported before any work is done.</summary>
    public static string RequireTarget(string path)
    {
        string full = Path.GetFullPath(RequireFolderOf(path));
        if (!IsDevice(full) && !IsPipe(full))
        {
            RequireCreatable(Target(path), path);
        }

        return path;
    }

    /// <summary>Requires that an optional result can be written and replaces none of the inputs.</summary>
    public static void RequireOutput(string? output, params IEnumerable<string?> inputs)
    {
        if (output is not null)
        {
            RequireOther(RequireTarget(output), inputs);
        }
    }

    /// <summary>Requires that a result replaces none of the inputs, even through links.</summary>
    public static void RequireOther(string output, params IEnumerable<string?> inputs)
    {
        string target = Target(output);
        if (inputs.OfType<string>().FirstOrDefault(input => string.Equals(target, Target(input), s_comparison)) is { } replaced)
        {
            throw new UsageException($"{output}: the result would replace {replaced}; give it another name");
        }
    }

    /// <summary>Writes a file that appears only when it is complete. A failed write leaves nothing behind.</summary>
    public static void WriteWhole(string path, Action<Stream> write) => WriteWhole(path, stream =>
    {
        write(stream);
        return true;
    });

    /// <summary>Writes a file that appears only when it is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the content. False, like an exception, leaves nothing behind.</param>
    public static void WriteWhole(string path, Func<Stream, bool> write)
    {
        string full = Path.GetFullPath(RequireTarget(path));
        if (IsDevice(full) || IsPipe(full))
        {
            using var device = new FileStream(full, FileMode.Open, FileAccess.Write);
            write(device);
            return;
        }

        string target = Target(path), temporary = TemporaryOf(target);
        try
        {
            bool isComplete;
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                isComplete = write(stream);
                stream.Flush(flushToDisk: true);
            }

            if (isComplete)
            {
                File.Move(temporary, target, overwrite: true);
            }
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    // Results are written beside their place, so that errors would name a file that nobody knows.
    private static void RequireCreatable(string target, string path)
    {
        try
        {
            new FileStream(TemporaryOf(target), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose).Dispose();
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{path}: no permission to write there", error);
        }
        catch (IOException error)
        {
            throw new IOException($"{path}: no file can be created there", error);
        }
    }

    private static string TemporaryOf(string target) => $"{target}.{Path.GetRandomFileName()}.tmp";

    /// <summary>The path for a model file, with links resolved. A device is rejected.</summary>
    public static string ModelTarget(string path)
    {
        string target = Target(RequireTarget(path));
        return IsDevice(target) ? throw new IOException($"{path}: a device; a model needs a file") : target;
    }

    /// <summary>The path of a bundled model.</summary>
    public static string Bundled(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "models", name);
        return File.Exists(path)
            ? path
            : throw new UsageException($"give a model with --model: models/{name} is not in the program's folder");
    }

    private static bool IsDevice(string target) => target.StartsWith("/dev/", StringComparison.Ordinal);

    /// <summary>Whether a path is that of a named pipe: something that exists, is written, and has no positions.</summary>
    private static bool IsPipe(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read | FileAccess.Write, FileShare.ReadWrite);
            return !stream.CanSeek;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The full path, with the links in it resolved, also those of its folders.</summary>
    private static string Target(string path)
    {
        string target = Path.GetFullPath(path);
        for (int links = 0; links < MaxLinks && Link(target) is { } next; links++)
        {
            target = next;
        }

        return target;
    }

    /// <summary>The path with its first link resolved; null if there is none.</summary>
    private static string? Link(string path)
    {
        for (string? part = path; !string.IsNullOrEmpty(part); part = Path.GetDirectoryName(part))
        {
            if (new FileInfo(part).LinkTarget is { } link)
            {
                return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(part)!, link, part == path ? "." : Path.GetRelativePath(part, path)));
            }
        }

        return null;
    }

    private static void RequireName(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new UsageException("a file name is empty");
        }
    }
}
