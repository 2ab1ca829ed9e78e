using System.IO.Compression;

namespace Data2Vec.Vision.Images;

/// <summary>Decompresses strips and tiles of a TIFF.</summary>
internal static class TiffCompression
{
    private const int MaxCodes = 4096, Clear = 256, End = 257;

    /// <summary>The name of a compression that is not supported, or null.</summary>
    public static string? Unsupported(long compression) => compression switch
    {
        1 or 5 or 7 or 8 or 32773 or 32946 => null,
        2 or 3 or 4 or 32771 => "the compression of a fax (CCITT)",
        6 => "the old kind of JPEG compression",
        34712 or 33003 or 33005 => "JPEG 2000 compression",
        34925 => "LZMA compression",
        50000 => "Zstandard compression",
        50001 => "WebP compression",
        _ => $"compression {compression}",
    };

    /// <summary>Decompresses into a buffer of the expected length.</summary>
    /// <exception cref="InvalidDataException">The data is damaged, or gives too few bytes.</exception>
    public static void Decompress(long compression, ReadOnlyMemory<byte> data, Span<byte> target)
    {
        switch (compression)
        {
            case 1:
                if (data.Length < target.Length)
                {
                    throw ImageErrors.Truncated(ImageFormat.Tiff);
                }

                data.Span[..target.Length].CopyTo(target);
                break;
            case 5:
                DecompressLzw(data.Span, target);
                break;
            case 32773:
                DecompressPackBits(data.Span, target);
                break;
            default:
                Inflate(data, target);
                break;
        }
    }

    private static void Inflate(ReadOnlyMemory<byte> data, Span<byte> target)
    {
        using ZLibStream stream = new(new PartStream([data]), CompressionMode.Decompress);
        try
        {
            stream.ReadExactly(target);
        }
        catch (EndOfStreamException)
        {
            throw ImageErrors.Truncated(ImageFormat.Tiff);
        }
        catch (Exception error) when (error is InvalidDataException or IOException) // zlib reports some damage as an IOException
        {
            throw ImageErrors.Damaged(ImageFormat.Tiff, error);
        }
    }

    private static void DecompressPackBits(ReadOnlySpan<byte> data, Span<byte> target)
    {
        for (int from = 0, to = 0; to < target.Length;)
        {
            int code = from < data.Length ? (sbyte)data[from++] : -128;
            int count = Math.Min(code >= 0 ? code + 1 : 1 - code, target.Length - to), needed = code >= 0 ? count : 1;
            if (code == -128 ? from >= data.Length : data.Length - from < needed)
            {
                throw ImageErrors.Truncated(ImageFormat.Tiff);
            }

            if (code == -128)
            {
                continue;
            }

            if (code >= 0)
            {
                data.Slice(from, count).CopyTo(target[to..]);
            }
            else
            {
                target.Slice(to, count).Fill(data[from]);
            }

            from += needed;
            to += count;
        }
    }

    /// <summary>Decodes codes of Lempel, Ziv and Welch, upper bits first, which grow one code earlier than in a GIF.</summary>
    private static void DecompressLzw(ReadOnlySpan<byte> data, Span<byte> target)
    {
        Span<int> starts = stackalloc int[MaxCodes], lengths = stackalloc int[MaxCodes];
        int next = End + 1, bits = 9, at = 0, previousStart = -1, previousLength = 0, count = 0;
        uint buffer = 0;
        foreach (byte value in data)
        {
            buffer = (buffer << 8) | value;
            for (count += 8; count >= bits;)
            {
                count -= bits;
                int code = (int)(buffer >> count) & ((1 << bits) - 1);
                if (code == Clear)
                {
                    (next, bits, previousStart) = (End + 1, 9, -1);
                    continue;
                }

                if (code == End)
                {
                    throw ImageErrors.Truncated(ImageFormat.Tiff);
                }

                if (previousStart >= 0 && next < MaxCodes)
                {
                    (starts[next], lengths[next]) = (previousStart, previousLength + 1);
                    next++;
                    bits = next >= 2047 ? 12 : next >= 1023 ? 11 : next >= 511 ? 10 : 9;
                }

                previousStart = at;
                if (code < Clear)
                {
                    target[at++] = (byte)code;
                    previousLength = 1;
                }
                else if (code < next)
                {
                    // The string may overlap the bytes that are written, so they are copied one by one.
                    previousLength = Math.Min(lengths[code], target.Length - at);
                    for (int from = starts[code], stop = at + previousLength; at < stop; at++, from++)
                    {
                        target[at] = target[from];
                    }
                }
                else
                {
                    throw ImageErrors.Damaged(ImageFormat.Tiff);
                }

                if (at == target.Length)
                {
                    return;
                }
            }
        }

        throw ImageErrors.Truncated(ImageFormat.Tiff);
    }
}
