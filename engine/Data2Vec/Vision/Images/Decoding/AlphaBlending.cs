namespace Data2Vec.Vision.Images;

/// <summary>Blends transparent pixels over white.</summary>
internal static class AlphaBlending
{
    /// <summary>Blends a sample with straight alpha.</summary>
    public static byte OverWhite(int sample, int alpha) =>
        alpha == 255 ? (byte)sample : (byte)((sample * alpha + 255 * (255 - alpha) + 127) / 255);

    /// <summary>Blends pixels <c>[width, 4]</c> of red, green, blue and straight alpha.</summary>
    public static void OverWhite(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        for (int from = 0, to = 0; from < rgba.Length; from += 4, to += 3)
        {
            int alpha = rgba[from + 3];
            rgb[to] = OverWhite(rgba[from], alpha);
            rgb[to + 1] = OverWhite(rgba[from + 1], alpha);
            rgb[to + 2] = OverWhite(rgba[from + 2], alpha);
        }
    }
}
