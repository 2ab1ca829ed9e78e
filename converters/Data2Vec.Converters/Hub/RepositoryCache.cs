using System.Text;

namespace Data2Vec.Converters.Hub;

/// <summary>
/// The folder of one model in a cache, laid out as huggingface_hub lays it out: <c>blobs/ETAG</c>, <c>snapshots/COMMIT/FILE</c> as links
/// to them, <c>refs/REVISION</c> with the commit of each; beside these, in <c>d2v</c>, the model files.
/// </summary>
internal sealed class RepositoryCache(string root, string name, bool useLinks)
{
    /// <summary>The folder.</summary>
    public string Folder { get; } = Path.Combine(root, name);

    /// <summary>The folder of the files of a commit.</summary>
    public string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    /// <summary>The folder of the model files: a folder for each commit.</summary>
    public string ModelFolder => Path.Combine(Folder, "d2v");

    /// <summary>The path of a model file made from a commit.</summary>
    public string ModelFile(string commit, string fileName) => Path.Combine(ModelFolder, commit, fileName);

    /// <summary>Whether a file of a commit is in the cache.</summary>
    public bool Has(string commit, string file) => Exists(Path.Combine(Snapshot(commit), file));

    /// <summary>Whether a file exists and is not a dangling link.</summary>
    public static bool Exists(string path) => File.Exists(path) && (File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists ?? true);

    /// <summary>The path of a blob.</summary>
    public string Blob(string etag) => Path.Combine(Folder, "blobs", etag);

    /// <summary>Takes a lock on this model.</summary>
    public Task<IDisposable> LockAsync(string what, CancellationToken cancellation) =>
        FileLock.AcquireAsync(Path.Combine(root, ".locks", name, $"{what}.lock"), cancellation);

    /// <summary>The commit of a revision when it was last resolved, or null.</summary>
    public string? CommitOf(string revision)
    {
        const int Most = 1024;
        if (HubNames.IsCommit(revision))
        {
            return revision;
        }

        string path = Reference(revision);
        if (!File.Exists(path))
        {
            return null;
        }

        string commit = Encoding.UTF8.GetString(SmallFile.Read(path, Most, "reference to a commit")).Trim();
        return HubNames.IsCommit(commit) ? commit : throw new InvalidDataException($"{path}: not the name of a commit; delete the file");
    }

    /// <summary>Stores the commit of a revision.</summary>
    public void SetCommitOf(string revision, string commit)
    {
        string path = Reference(revision);
        if (revision == commit || (File.Exists(path) && File.ReadAllText(path) == commit))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Replace(path, temporary => File.WriteAllText(temporary, commit));
    }

    /// <summary>The free space on the cache's disk in bytes, or null if the system does not report it, as for network shares.</summary>
    public long? FreeBytes()
    {
        Directory.CreateDirectory(Folder);
        try
        {
            return new DriveInfo(Folder).AvailableFreeSpace;
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Links or copies a blob to the files of a commit. A new blob, which no other commit can use, may move instead.</summary>
    public void Place(string blob, string commit, string file, bool isNew)
    {
        string path = Path.Combine(Snapshot(commit), file);
        if (Exists(path))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string folder = Path.Combine([.. Enumerable.Repeat("..", file.Split('/').Length + 1)]);
        if (useLinks && TryLink(path, Path.Combine(folder, "blobs", Path.GetFileName(blob))))
        {
            return;
        }

        if (isNew)
        {
            File.Move(blob, path, overwrite: true);
        }
        else
        {
            Replace(path, temporary => File.Copy(blob, temporary));
        }
    }

    /// <summary>Writes a file under another name and moves it to its place.</summary>
    private static void Replace(string path, Action<string> write)
    {
        string temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        write(temporary);
        File.Move(temporary, path, overwrite: true);
    }

    private static bool TryLink(string path, string target)
    {
        try
        {
            // Remove a dangling link.
            File.Delete(path);
            File.CreateSymbolicLink(path, target);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another process created it, or the system has no links.
            return Exists(path);
        }
    }

    private string Reference(string revision) => Path.Combine(Folder, "refs", Path.Combine(revision.Split('/')));
}

/// <summary>
/// A lock that processes share, also those of huggingface_hub where the system locks files the same way. It saves doing work twice;
/// nothing breaks where it is of no effect.
/// </summary>
internal static class FileLock
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    // The error of a locked file: EWOULDBLOCK on Linux and on macOS, ERROR_SHARING_VIOLATION on Windows.
    private static readonly int[] s_locked = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Waits until the lock is free and takes it.</summary>
    /// <returns>Disposing it releases the lock.</returns>
    public static async Task<IDisposable> AcquireAsync(string path, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException error) when (s_locked.Contains(error.HResult))
            {
                await Task.Delay(s_pause, cancellation).ConfigureAwait(false);
            }
        }
    }
}
