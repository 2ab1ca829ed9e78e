using System.IO.Compression;
using Data2Vec.IO;

namespace Data2Vec.Converters.PyTorch;

/// <summary>Decompresses the regions of a file, one at a time: it remembers where it stopped, so that a region read in order is decompressed once.</summary>
internal sealed class Inflater : IDisposable
{
    private readonly Lock _lock = new();
    private DeflatedRegion? _region;
    private DeflateStream? _stream;
    private long _position;
    private bool _disposed;

    public void Read(DeflatedRegion region, long offset, Span<byte> destination)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_region != region || _stream is null || offset < _position)
            {
                Begin(region);
            }

            try
            {
                Skip(offset - _position);
                ReadFully(destination);
            }
            catch (Exception)
            {
                Close();
                throw;
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Close();
            _disposed = true;
        }
    }

    private void Begin(DeflatedRegion region)
    {
        Close();
        _region = region;
        _stream = new DeflateStream(new RegionStream(region.Compressed), CompressionMode.Decompress);
        _position = 0;
    }

    private void Close()
    {
        _stream?.Dispose();
        (_stream, _region) = (null, null);
    }

    private void Skip(long count)
    {
        byte[] buffer = new byte[Math.Min(count, 64 << 10)];
        for (; count > 0; count -= Math.Min(count, buffer.Length))
        {
            ReadFully(buffer.AsSpan(0, (int)Math.Min(count, buffer.Length)));
        }
    }

    private void ReadFully(Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int count = ReadSome(destination);
            InvalidData.ThrowIf(count == 0, "a compressed part of the file is shorter than stated");
            _position += count;
            destination = destination[count..];
        }
    }

    private int ReadSome(Span<byte> destination)
    {
        try
        {
            return _stream!.Read(destination);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException("a compressed part of the file is damaged", error);
        }
    }
}

/// <summary>Compressed bytes of the file. Reading forward is cheap; going back starts over.</summary>
/// <param name="inflater">The decompressor that all regions of a file share.</param>
/// <param name="compressed">The compressed bytes.</param>
/// <param name="length">The number of bytes that they are said to become.</param>
internal sealed class DeflatedRegion(Inflater inflater, FileRegion compressed, long length) : ByteRegion(length)
{
    public FileRegion Compressed { get; } = compressed;

    public override bool IsRandomAccess => false;

    protected override void ReadInside(long offset, Span<byte> destination) => inflater.Read(this, offset, destination);
}

/// <summary>Reads a region from its beginning to its end.</summary>
internal sealed class RegionStream(ByteRegion region) : ForwardStream
{
    private long _position;

    public override int Read(Span<byte> buffer)
    {
        int count = (int)Math.Min(buffer.Length, region.Length - _position);
        region.Read(_position, buffer[..count]);
        _position += count;
        return count;
    }
}
