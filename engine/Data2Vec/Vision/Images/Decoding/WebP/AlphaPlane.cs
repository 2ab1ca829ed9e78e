namespace Data2Vec.Vision.Images;

/// <summary>Decodes the alpha of lossy WebP: uncompressed or as the green samples of a lossless image, and filtered.</summary>
internal static class AlphaPlane
{
    /// <summary>Decodes a chunk to alpha <c>[height, width]</c>.</summary>
    /// <exception cref="InvalidDataException">The chunk is damaged.</exception>
    public static byte[] Decode(ReadOnlySpan<byte> chunk, int width, int height)
    {
        int flags = chunk.IsEmpty ? throw ImageErrors.Truncated(ImageFormat.WebP) : chunk[0], filter = (flags >> 2) & 3;
        chunk = chunk[1..];
        byte[] alpha;
        switch (flags & 3)
        {
            case 0:
                alpha = chunk.Length >= (long)width * height ? chunk[..(width * height)].ToArray() : throw ImageErrors.Truncated(ImageFormat.WebP);
                break;
            case 1:
                uint[] pixels = LosslessDecoder.Decode(chunk, width, height);
                alpha = new byte[pixels.Length];
                for (int i = 0; i < alpha.Length; i++)
                {
                    alpha[i] = (byte)(pixels[i] >> 8);
                }

                break;
            default:
                throw ImageErrors.Damaged(ImageFormat.WebP);
        }

        for (int y = 0; y < height && filter > 0; y++)
        {
            Unfilter(filter, alpha.AsSpan(y * width, width), y > 0 ? alpha.AsSpan((y - 1) * width, width) : default);
        }

        return alpha;
    }

    /// <summary>Adds predictions: 1 from the left, 2 from above, 3 by the gradient. The first row is predicted from the left.</summary>
    private static void Unfilter(int filter, Span<byte> row, ReadOnlySpan<byte> above)
    {
        for (int x = 0; x < row.Length; x++)
        {
            int prediction = (x, above.IsEmpty) switch
            {
                (0, true) => 0,
                (0, false) => above[0],
                (_, true) => row[x - 1],
                _ => filter switch { 1 => row[x - 1], 2 => above[x], _ => Math.Clamp(row[x - 1] + above[x] - above[x - 1], 0, 255) },
            };
            row[x] += (byte)prediction;
        }
    }
}
