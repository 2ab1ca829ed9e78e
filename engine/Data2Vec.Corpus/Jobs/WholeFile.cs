namespace Data2Vec.Corpus;

/// <summary>
/// Files that appear only when they are complete: written under another name, flushed, and renamed. The name tells who writes, so that what a dead process left behind
/// can be told from what a living one is writing.
/// </summary>
internal static class WholeFile
{
    private const string Extension = ".tmp";

    // Nobody writes a file for so long.
    private static readonly TimeSpan s_oldest = TimeSpan.FromDays(1);

    /// <summary>Writes a file.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        string temporary = $"{path}.{Machine()}-{Environment.ProcessId}-{Path.GetRandomFileName()}{Extension}";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Deletes the files that processes left behind when they were killed.</summary>
    public static void Sweep(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, $"*{Extension}"))
        {
            try
            {
                if (IsAbandoned(path))
                {
                    File.Delete(path);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It does no harm.
            }
        }
    }

    private static bool IsAbandoned(string path)
    {
        DateTime written = File.GetLastWriteTimeUtc(path);
        string[] parts = Path.GetFileNameWithoutExtension(path).Split('-');
        return DateTime.UtcNow - written > s_oldest
            || (parts.Length >= 3 && path.Contains($".{Machine()}-", StringComparison.Ordinal) && int.TryParse(parts[^2], out int process) && !IsRunning(process, written));
    }

    /// <summary>Whether the process that wrote a file still runs, and not another one with its number.</summary>
    private static bool IsRunning(int id, DateTime written)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            return process.StartTime.ToUniversalTime() <= written.AddSeconds(2);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            return false;
        }
    }

    private static string Machine() => string.Concat(Environment.MachineName.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
}
