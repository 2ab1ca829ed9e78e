namespace Data2Vec.Converters.Hub;

/// <summary>
/// A lock that processes share, also those of huggingface_hub where the system locks files the same way. It saves doing work twice;
/// nothing breaks where it is of no effect.
/// </summary>
internal static class FileLock
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    // What a locked file is reported as: EWOULDBLOCK on Linux and on macOS, ERROR_SHARING_VIOLATION on Windows.
    private static readonly int[] s_locked = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Waits until the lock is free, and takes it.</summary>
    /// <param name="path">The lock's file, which stays.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>What gives it back when it is disposed.</returns>
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
