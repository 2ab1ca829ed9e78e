namespace Data2Vec.Converters.Exports;

/// <summary>Writes files so that a file of that name is whole or unchanged at any time.</summary>
internal static class NewFile
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes a file beside the target, flushes it to the disk, and moves it to the target.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        string target = Path.GetFullPath(path), temporary = $"{target}.{Path.GetRandomFileName()}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferBytes))
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
}
