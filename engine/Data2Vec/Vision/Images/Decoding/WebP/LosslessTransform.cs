namespace Data2Vec.Vision.Images;

/// <summary>What an encoder of lossless WebP does to pixels before it codes them.</summary>
internal enum LosslessTransformKind
{
    Predictor,
    CrossColor,
    SubtractGreen,
    Palette,
}

/// <summary>Undoes a transform of lossless WebP.</summary>
/// <param name="kind">The transform.</param>
/// <param name="width">The width of the image.</param>
/// <param name="height">The height of the image.</param>
/// <param name="bits">The size of a block, or the pixels in a coded pixel, as a power of 2.</param>
/// <param name="data">A pixel for each block, or the palette.</param>
internal sealed class LosslessTransform(LosslessTransformKind kind, int width, int height, int bits, uint[] data)
{
    private const uint Black = 0xFF000000;

    /// <summary>Adds the samples of two pixels.</summary>
    public static uint Add(uint a, uint b) => (((a & 0xFF00FF00) + (b & 0xFF00FF00)) & 0xFF00FF00) | (((a & 0x00FF00FF) + (b & 0x00FF00FF)) & 0x00FF00FF);

    /// <summary>Gives the pixels before the transform. The argument may be overwritten.</summary>
    public uint[] Invert(uint[] pixels)
    {
        switch (kind)
        {
            case LosslessTransformKind.Predictor:
                AddPredictions(pixels);
                return pixels;
            case LosslessTransformKind.CrossColor:
                AddCrossColors(pixels);
                return pixels;
            case LosslessTransformKind.SubtractGreen:
                foreach (ref uint pixel in pixels.AsSpan())
                {
                    uint green = (pixel >> 8) & 0xFF;
                    pixel = Add(pixel, green << 16 | green);
                }

                return pixels;
            default:
                return LookUp(pixels);
        }
    }

    private int BlocksPerRow => (width + (1 << bits) - 1) >> bits;

    private uint[] LookUp(uint[] coded)
    {
        uint[] pixels = bits == 0 ? coded : new uint[width * height];
        int codedWidth = BlocksPerRow, inPixel = (1 << bits) - 1, indexBits = 8 >> bits, mask = (1 << indexBits) - 1;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int index = (int)(coded[y * codedWidth + (x >> bits)] >> 8 >> ((x & inPixel) * indexBits)) & mask;
                pixels[y * width + x] = index < data.Length ? data[index] : 0;
            }
        }

        return pixels;
    }

    private void AddCrossColors(uint[] pixels)
    {
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                uint multipliers = data[(y >> bits) * BlocksPerRow + (x >> bits)], pixel = pixels[y * width + x];
                int green = (sbyte)(pixel >> 8), red = (int)(pixel >> 16) & 0xFF, blue = (int)pixel & 0xFF;
                red = (red + ((sbyte)multipliers * green >> 5)) & 0xFF;
                blue = (blue + ((sbyte)(multipliers >> 8) * green >> 5) + ((sbyte)(multipliers >> 16) * (sbyte)red >> 5)) & 0xFF;
                pixels[y * width + x] = (pixel & 0xFF00FF00) | (uint)red << 16 | (uint)blue;
            }
        }
    }

    private void AddPredictions(uint[] pixels)
    {
        // The first pixel is predicted to be black, the rest of its row by the left pixel, and the first column by the pixel above.
        pixels[0] = Add(pixels[0], Black);
        for (int x = 1; x < width; x++)
        {
            pixels[x] = Add(pixels[x], pixels[x - 1]);
        }

        for (int y = 1; y < height; y++)
        {
            int row = y * width;
            pixels[row] = Add(pixels[row], pixels[row - width]);
            for (int x = 1; x < width; x++)
            {
                int mode = (int)(data[(y >> bits) * BlocksPerRow + (x >> bits)] >> 8) & 15, at = row + x;
                pixels[at] = Add(pixels[at], Predict(mode, pixels[at - 1], pixels[at - width], pixels[at - width + 1], pixels[at - width - 1]));
            }
        }
    }

    private static uint Predict(int mode, uint left, uint top, uint topRight, uint topLeft) => mode switch
    {
        1 => left,
        2 => top,
        3 => topRight,
        4 => topLeft,
        5 => Average(Average(left, topRight), top),
        6 => Average(left, topLeft),
        7 => Average(left, top),
        8 => Average(topLeft, top),
        9 => Average(top, topRight),
        10 => Average(Average(left, topLeft), Average(top, topRight)),
        11 => Select(left, top, topLeft),
        12 => Combine(left, top, topLeft, isHalf: false),
        13 => Combine(Average(left, top), topLeft, topLeft, isHalf: true),
        _ => Black,
    };

    private static uint Average(uint a, uint b) => (((a ^ b) & 0xFEFEFEFE) >> 1) + (a & b);

    private static uint Select(uint left, uint top, uint topLeft)
    {
        int toLeft = 0, toTop = 0;
        for (int shift = 0; shift < 32; shift += 8)
        {
            int corner = (int)(topLeft >> shift) & 0xFF;
            toLeft += Math.Abs(((int)(top >> shift) & 0xFF) - corner);
            toTop += Math.Abs(((int)(left >> shift) & 0xFF) - corner);
        }

        return toLeft < toTop ? left : top;
    }

    /// <summary>Adds the difference of two pixels to a pixel, or half of its difference to another.</summary>
    private static uint Combine(uint a, uint b, uint c, bool isHalf)
    {
        uint result = 0;
        for (int shift = 0; shift < 32; shift += 8)
        {
            int first = (int)(a >> shift) & 0xFF, second = (int)(b >> shift) & 0xFF, third = (int)(c >> shift) & 0xFF;
            int value = isHalf ? first + (first - second) / 2 : first + second - third;
            result |= (uint)Math.Clamp(value, 0, 255) << shift;
        }

        return result;
    }
}
