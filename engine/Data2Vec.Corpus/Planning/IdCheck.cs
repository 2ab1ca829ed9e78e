using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Data2Vec.Corpus;

/// <summary>
/// Finds ids that occur twice, in bounded memory: digests of all ids go to a file, which is then searched for one range of digests after another.
/// </summary>
internal sealed class IdCheck(string path) : IDisposable
{
    private const int DigestBytes = 16;
    private const int IdsAtOnce = 1 << 21;

    private readonly FileStream _file = new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16);
    private long _count;
    private bool _isClosed;

    public void Add(string id)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        int length = Encoding.UTF8.GetMaxByteCount(id.Length);
        Span<byte> bytes = length <= 1024 ? stackalloc byte[length] : new byte[length];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(id, bytes)], digest);
        _file.Write(digest[..DigestBytes]);
        _count++;
    }

    /// <summary>The numbers of two rows with the same id; null if there are none. Deletes the file.</summary>
    public (long First, long Second)? FindTwice()
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        ulong ranges = (ulong)(1 + (_count / IdsAtOnce));
        ulong width = (ulong.MaxValue / ranges) + 1;
        for (ulong range = 0; range < ranges; range++)
        {
            if (Find(file, range, ranges == 1 ? 0 : width) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    public void Dispose()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            _file.Dispose();
        }
    }

    private (long First, long Second)? Find(FileStream file, ulong range, ulong width)
    {
        var digests = new List<UInt128>();
        var rows = new List<long>();
        Span<byte> digest = stackalloc byte[DigestBytes];
        file.Position = 0;
        for (long row = 0; row < _count; row++)
        {
            file.ReadExactly(digest);
            if (width == 0 || BinaryPrimitives.ReadUInt64BigEndian(digest) / width == range)
            {
                digests.Add(BinaryPrimitives.ReadUInt128BigEndian(digest));
                rows.Add(row);
            }
        }

        Span<UInt128> sorted = CollectionsMarshal.AsSpan(digests);
        Span<long> ofSorted = CollectionsMarshal.AsSpan(rows);
        sorted.Sort(ofSorted);
        (long First, long Second)? found = null;
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i] == sorted[i - 1])
            {
                (long first, long second) = (Math.Min(ofSorted[i - 1], ofSorted[i]), Math.Max(ofSorted[i - 1], ofSorted[i]));
                found = found is null || second < found.Value.Second ? (first, second) : found;
            }
        }

        return found;
    }
}
