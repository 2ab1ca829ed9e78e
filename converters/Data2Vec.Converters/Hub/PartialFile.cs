namespace Data2Vec.Converters.Hub;

/// <summary>
/// The part of a file that is there. It has a name of its own while it grows, so that two processes never write to one file even where
/// locks are of no effect; what is left when an attempt ends is found by the next, also of another process.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    private const string Extension = ".incomplete";

    /// <summary>A partial file that has not grown for this long was abandoned.</summary>
    private static readonly TimeSpan s_abandoned = TimeSpan.FromMinutes(10);

    private readonly string _blob;
    private readonly string _path;
    private readonly FileStream _stream;

    private PartialFile(string blob, string path) =>
        (_blob, _path, _stream) = (blob, path, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0));

    public long Length => _stream.Length;

    /// <summary>Takes over the partial file of an earlier attempt, or creates one.</summary>
    /// <param name="blob">The file that it is going to be.</param>
    public static PartialFile Claim(string blob)
    {
        string path = $"{blob}.{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 4))}{Extension}";
        foreach (string left in Directory.EnumerateFiles(Path.GetDirectoryName(blob)!, $"{Path.GetFileName(blob)}*{Extension}").ToList())
        {
            if (left != blob + Extension && DateTime.UtcNow - File.GetLastWriteTimeUtc(left) < s_abandoned)
            {
                continue;
            }

            try
            {
                File.Move(left, path);
                break;
            }
            catch (IOException)
            {
                // Another process took it.
            }
        }

        return new PartialFile(blob, path);
    }

    /// <summary>Appends bytes.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        _stream.Seek(0, SeekOrigin.End);
        await _stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
    }

    /// <summary>Discards all bytes.</summary>
    public void Clear() => _stream.SetLength(0);

    /// <summary>All bytes, from the beginning.</summary>
    public Stream Read()
    {
        _stream.Position = 0;
        return _stream;
    }

    /// <summary>Moves the complete file to its place.</summary>
    public void Complete()
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(_path, _blob, overwrite: true);
    }

    /// <summary>Leaves the bytes for another attempt.</summary>
    public void Dispose()
    {
        if (!_stream.CanWrite)
        {
            return;
        }

        bool isEmpty = Length == 0;
        _stream.Dispose();
        if (isEmpty)
        {
            File.Delete(_path);
        }
        else
        {
            File.Move(_path, _blob + Extension, overwrite: true);
        }
    }
}
