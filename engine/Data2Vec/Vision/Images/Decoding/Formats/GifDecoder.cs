using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>Decodes the first frame of a GIF (87a and 89a). Pixels that it does not cover, and transparent ones, are white.</summary>
internal static class GifDecoder
{
    private const int HeaderLength = 13, DescriptorLength = 10, MaxCodes = 4096, MaxCodeBits = 12;

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or larger than the limits allow.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, ImageLimits limits)
    {
        Span<byte> palette = stackalloc byte[3 * 256];
        for (int i = 0; i < palette.Length; i++)
        {
            palette[i] = (byte)(i / 3); // for files without a palette
        }

        if (file.Length < HeaderLength)
        {
            throw ImageErrors.Truncated(ImageFormat.Gif);
        }

        int position = HeaderLength;
        ReadPalette(file, file[10], ref position, palette);
        int transparent = -1;
        while (true)
        {
            switch (At(file, position))
            {
                case (byte)'!':
                    // The graphic control extension has the transparent color.
                    if (At(file, position + 1) == 0xF9 && At(file, position + 2) == 4)
                    {
                        transparent = (At(file, position + 3) & 1) != 0 ? At(file, position + 6) : -1;
                    }

                    position = SkipBlocks(file, position + 2);
                    break;
                case (byte)',':
                    return DecodeFrame(file, position, palette, transparent, limits);
                case (byte)';':
                    throw ImageErrors.Damaged(ImageFormat.Gif); // no frame
                default:
                    position++; // some writers leave bytes between blocks
                    break;
            }
        }
    }

    private static RgbImage DecodeFrame(ReadOnlySpan<byte> file, int position, Span<byte> palette, int transparent, ImageLimits limits)
    {
        if (file.Length - position < DescriptorLength)
        {
            throw ImageErrors.Truncated(ImageFormat.Gif);
        }

        ReadOnlySpan<byte> descriptor = file.Slice(position, DescriptorLength);
        (int left, int top) = (BinaryPrimitives.ReadUInt16LittleEndian(descriptor[1..]), BinaryPrimitives.ReadUInt16LittleEndian(descriptor[3..]));
        (int width, int height) = (BinaryPrimitives.ReadUInt16LittleEndian(descriptor[5..]), BinaryPrimitives.ReadUInt16LittleEndian(descriptor[7..]));
        position += DescriptorLength;
        ReadPalette(file, descriptor[9], ref position, palette);
        limits.Check(ImageFormat.Gif, width, height);

        // A frame that exceeds the canvas enlarges it.
        int canvasWidth = Math.Max(BinaryPrimitives.ReadUInt16LittleEndian(file[6..]), left + width);
        int canvasHeight = Math.Max(BinaryPrimitives.ReadUInt16LittleEndian(file[8..]), top + height);
        limits.Check(ImageFormat.Gif, canvasWidth, canvasHeight);

        // A code stands for at most as many pixels as there are codes.
        if ((long)width * height / MaxCodes > file.Length)
        {
            throw ImageErrors.Truncated(ImageFormat.Gif);
        }

        int codeBits = At(file, position);
        byte[] data = JoinBlocks(file, position + 1);
        byte[] pixels = new byte[width * height];
        DecodePixels(data, codeBits, pixels);

        UprightImage image = new(canvasWidth, canvasHeight);
        Span<byte> rgb = new byte[width * 3];
        bool isInterlaced = (descriptor[9] & 0x40) != 0;
        int row = 0;
        foreach ((int first, int step) in isInterlaced ? [(0, 8), (4, 8), (2, 4), (1, 2)] : (ReadOnlySpan<(int First, int Step)>)[(0, 1)])
        {
            for (int y = first; y < height; y += step, row++)
            {
                ReadOnlySpan<byte> indices = pixels.AsSpan(row * width, width);
                for (int x = 0; x < width; x++)
                {
                    Span<byte> pixel = rgb.Slice(x * 3, 3);
                    if (indices[x] == transparent)
                    {
                        pixel.Fill(255);
                    }
                    else
                    {
                        palette.Slice(indices[x] * 3, 3).CopyTo(pixel);
                    }
                }

                image.SetRow(top + y, rgb, left);
            }
        }

        return image.Image;
    }

    /// <summary>Decodes the codes of Lempel, Ziv and Welch.</summary>
    private static void DecodePixels(ReadOnlySpan<byte> data, int firstBits, Span<byte> pixels)
    {
        if (firstBits is < 1 or > 8)
        {
            throw ImageErrors.Damaged(ImageFormat.Gif);
        }

        // The string of a code is an earlier stretch of the pixels: where it begins, and its length.
        Span<int> starts = stackalloc int[MaxCodes], lengths = stackalloc int[MaxCodes];
        int clear = 1 << firstBits, end = clear + 1, next = end + 1, bits = firstBits + 1, at = 0;
        int previousStart = -1, previousLength = 0;
        uint buffer = 0;
        int count = 0;
        foreach (byte value in data)
        {
            buffer |= (uint)value << count;
            for (count += 8; count >= bits;)
            {
                int code = (int)(buffer & ((1u << bits) - 1));
                buffer >>= bits;
                count -= bits;
                if (code == clear)
                {
                    (next, bits, previousStart) = (end + 1, firstBits + 1, -1);
                    continue;
                }

                if (code == end)
                {
                    throw ImageErrors.Truncated(ImageFormat.Gif);
                }

                // Each code but the first after a clear code defines the string of the previous code and the pixel behind it.
                if (previousStart >= 0 && next < MaxCodes)
                {
                    (starts[next], lengths[next]) = (previousStart, previousLength + 1);
                    next++;
                    if (next == 1 << bits && bits < MaxCodeBits)
                    {
                        bits++;
                    }
                }

                previousStart = at;
                if (code < clear)
                {
                    pixels[at++] = (byte)code;
                    previousLength = 1;
                }
                else if (code < next && code > end)
                {
                    // The stretch may overlap the pixels that are written, so they are copied one by one.
                    previousLength = Math.Min(lengths[code], pixels.Length - at);
                    for (int from = starts[code], stop = at + previousLength; at < stop; at++, from++)
                    {
                        pixels[at] = pixels[from];
                    }
                }
                else
                {
                    throw ImageErrors.Damaged(ImageFormat.Gif);
                }

                if (at == pixels.Length)
                {
                    return;
                }
            }
        }

        throw ImageErrors.Truncated(ImageFormat.Gif);
    }

    private static void ReadPalette(ReadOnlySpan<byte> file, byte flags, ref int position, Span<byte> palette)
    {
        if ((flags & 0x80) == 0)
        {
            return;
        }

        int length = 3 * (2 << (flags & 7));
        if (file.Length - position < length)
        {
            throw ImageErrors.Truncated(ImageFormat.Gif);
        }

        file.Slice(position, length).CopyTo(palette);
        position += length;
    }

    private static byte[] JoinBlocks(ReadOnlySpan<byte> file, int position)
    {
        int end = SkipBlocks(file, position, isEndNeeded: false);
        byte[] joined = new byte[end - position];
        int length = 0;
        for (int size; position < end && (size = file[position]) > 0; position += size + 1)
        {
            ReadOnlySpan<byte> block = file[(position + 1)..Math.Min(position + 1 + size, file.Length)];
            block.CopyTo(joined.AsSpan(length));
            length += block.Length;
        }

        return joined[..length];
    }

    /// <summary>Gives the position behind blocks and the empty block that ends them.</summary>
    private static int SkipBlocks(ReadOnlySpan<byte> file, int position, bool isEndNeeded = true)
    {
        while (position < file.Length)
        {
            int size = file[position];
            position += size + 1;
            if (size == 0)
            {
                return position;
            }
        }

        return isEndNeeded ? throw ImageErrors.Truncated(ImageFormat.Gif) : file.Length;
    }

    private static byte At(ReadOnlySpan<byte> file, int position) => position < file.Length ? file[position] : throw ImageErrors.Truncated(ImageFormat.Gif);
}
