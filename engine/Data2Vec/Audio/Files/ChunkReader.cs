using System.Buffers.Binary;
using System.Text;

namespace Data2Vec.Audio;

/// <summary>A chunk of a RIFF, IFF or Wave64 file.</summary>
/// <param name="Id">Four characters.</param>
/// <param name="Size">The size of the content in bytes, as the header has it.</param>
internal readonly record struct Chunk(string Id, long Size);

/// <summary>Reads files that consist of chunks: RIFF (little-endian), RIFX and IFF (big-endian), Wave64 (GUIDs and 64-bit sizes).</summary>
/// <param name="stream">The stream after the header of the file.</param>
/// <param name="position">The length of this header.</param>
/// <param name="bigEndian">Whether sizes are big-endian.</param>
/// <param name="isWave64">Whether this is a Wave64 file.</param>
internal sealed class ChunkReader(Stream stream, long position, bool bigEndian = false, bool isWave64 = false)
{
    private const int HeaderBytes = 8;
    private const int Wave64HeaderBytes = 24;
    private const int Wave64Alignment = 8;

    private long _unread;
    private long _padding;

    /// <summary>The bytes read so far, counted here because not every stream has a position.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Skips the rest of the current chunk and reads the header of the next one.</summary>
    /// <returns>The chunk, or null at the end of the file.</returns>
    public Chunk? Next()
    {
        stream.Skip(_unread);
        Position += _unread;
        Span<byte> header = stackalloc byte[isWave64 ? Wave64HeaderBytes : HeaderBytes];
        int known = _padding == 0 ? 0 : SkipPadding(header);
        if (stream.ReadAtLeast(header[known..], header.Length - known, throwOnEndOfStream: false) < header.Length - known)
        {
            return null;
        }

        Position += header.Length;
        long size = isWave64
            ? BinaryPrimitives.ReadInt64LittleEndian(header[16..]) - Wave64HeaderBytes
            : bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(header[4..]) : BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (size < 0)
        {
            throw new InvalidDataException($"a chunk has a size of {size} bytes; the file is damaged");
        }

        _unread = size;
        _padding = isWave64 ? -size & (Wave64Alignment - 1) : size & 1;
        return new Chunk(Encoding.Latin1.GetString(header[..4]), size);
    }

    /// <summary>Reads the beginning of the current chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="most">The most bytes to read.</param>
    /// <exception cref="InvalidDataException">The file ends before.</exception>
    public byte[] Read(Chunk chunk, int most)
    {
        byte[] content = new byte[(int)Math.Min(_unread, most)];
        if (stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length)
        {
            throw new InvalidDataException($"the file ends inside its '{chunk.Id}' chunk; it is damaged or truncated");
        }

        _unread -= content.Length;
        Position += content.Length;
        return content;
    }

    /// <summary>
    /// Skips the padding after a chunk. Some programs leave out the padding after a chunk of odd size; then what was read is the beginning of the next header.
    /// </summary>
    /// <returns>The number of bytes of the next header that were read.</returns>
    private int SkipPadding(Span<byte> header)
    {
        if (_padding > 1)
        {
            stream.Skip(_padding);
            Position += _padding;
            return 0;
        }

        int read = stream.ReadAtLeast(header[..4], 4, throwOnEndOfStream: false);
        if (read == 4 && (header.StartsWith("data"u8) || header.StartsWith("fmt "u8) || header.StartsWith("fact"u8) || header.StartsWith("LIST"u8)))
        {
            return read;
        }

        if (read == 0)
        {
            return 0;
        }

        header[1..read].CopyTo(header);
        Position++;
        return read - 1;
    }
}
