namespace Data2Vec.Vision.Images;

/// <summary>How the components of a JPEG code colors.</summary>
internal enum JpegColorSpace
{
    Gray,
    YCbCr,
    Rgb,
    Cmyk,
    Ycck,
}

/// <summary>Converts the components of a JPEG to RGB.</summary>
internal static class JpegColors
{
    private const int Bits = 16, Half = 1 << (Bits - 1);

    // The constants of JFIF with 16 fraction bits.
    private const int CrToRed = 91881, CbToBlue = 116130, CrToGreen = -46802, CbToGreen = -22554;

    /// <summary>Brings all components to full resolution, converts them to RGB and turns the image upright.</summary>
    public static RgbImage Convert(JpegFrame frame, JpegColorSpace space, int orientation)
    {
        JpegUpsampler[] components = new JpegUpsampler[frame.Components.Length];
        for (int i = 0; i < components.Length; i++)
        {
            if (frame.IsProgressive)
            {
                frame.Components[i].TransformAll();
            }

            components[i] = new JpegUpsampler(frame.Components[i], frame.MaxHorizontal / frame.Components[i].Horizontal, frame.MaxVertical / frame.Components[i].Vertical);
        }

        UprightImage image = new(frame.Width, frame.Height, orientation);
        Span<byte> pixels = new byte[frame.Width * 3];
        for (int y = 0; y < frame.Height; y++)
        {
            ReadOnlySpan<byte> first = components[0].Row(y)[..frame.Width];
            if (space == JpegColorSpace.Gray)
            {
                for (int x = 0; x < first.Length; x++)
                {
                    pixels.Slice(x * 3, 3).Fill(first[x]);
                }
            }
            else
            {
                ReadOnlySpan<byte> second = components[1].Row(y)[..frame.Width], third = components[2].Row(y)[..frame.Width];
                if (space is JpegColorSpace.YCbCr or JpegColorSpace.Ycck)
                {
                    ToRgb(first, second, third, pixels);
                }
                else
                {
                    for (int x = 0, at = 0; x < first.Length; x++, at += 3)
                    {
                        (pixels[at], pixels[at + 1], pixels[at + 2]) = (first[x], second[x], third[x]);
                    }
                }

                if (components.Length == 4)
                {
                    Print(pixels, components[3].Row(y), isInverted: space == JpegColorSpace.Ycck);
                }
            }

            image.SetRow(y, pixels);
        }

        return image.Image;
    }

    private static void ToRgb(ReadOnlySpan<byte> luma, ReadOnlySpan<byte> blue, ReadOnlySpan<byte> red, Span<byte> pixels)
    {
        blue = blue[..luma.Length];
        red = red[..luma.Length];
        pixels = pixels[..(luma.Length * 3)];
        for (int x = 0, at = 0; x < luma.Length; x++, at += 3)
        {
            int y = luma[x], cb = blue[x] - 128, cr = red[x] - 128;
            pixels[at] = Clamp(y + ((CrToRed * cr + Half) >> Bits));
            pixels[at + 1] = Clamp(y + ((CbToGreen * cb + CrToGreen * cr + Half) >> Bits));
            pixels[at + 2] = Clamp(y + ((CbToBlue * cb + Half) >> Bits));
        }
    }

    /// <summary>Multiplies by the black component. Files hold CMYK as Adobe's programs store it, inverted; YCCK gives its complement.</summary>
    private static void Print(Span<byte> pixels, ReadOnlySpan<byte> black, bool isInverted)
    {
        for (int at = 0, x = 0; at < pixels.Length; at += 3, x++)
        {
            for (int i = at; i < at + 3; i++)
            {
                int product = (isInverted ? 255 - pixels[i] : pixels[i]) * black[x] + 128;
                pixels[i] = (byte)(((product >> 8) + product) >> 8);
            }
        }
    }

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);
}
