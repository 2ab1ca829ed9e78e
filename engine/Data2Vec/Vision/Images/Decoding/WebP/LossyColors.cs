namespace Data2Vec.Vision.Images;

/// <summary>Converts a decoded lossy frame to RGB. Chroma is interpolated with weights 9, 3, 3 and 1, as libwebp does by default.</summary>
internal sealed class LossyColors(LossyPlane luma, LossyPlane blue, LossyPlane red, int width, int height)
{
    private readonly byte[] _blueRow = new byte[width + 1], _redRow = new byte[width + 1];

    /// <summary>Converts a row.</summary>
    public void GetRow(int y, Span<byte> rgb)
    {
        Interpolate(blue, y, _blueRow);
        Interpolate(red, y, _redRow);
        ReadOnlySpan<byte> row = luma.Samples.AsSpan(y * luma.Width, width);
        for (int x = 0, at = 0; x < row.Length; x++, at += 3)
        {
            // Constants of ITU-R BT.601 with 14 fraction bits, of which 8 are dropped at once.
            int light = row[x] * 19077 >> 8, u = _blueRow[x], v = _redRow[x];
            rgb[at] = Clamp(light + (v * 26149 >> 8) - 14234);
            rgb[at + 1] = Clamp(light - (u * 6419 >> 8) - (v * 13320 >> 8) + 8708);
            rgb[at + 2] = Clamp(light + (u * 33050 >> 8) - 17685);
        }
    }

    private void Interpolate(LossyPlane plane, int y, Span<byte> target)
    {
        int rows = (height + 1) / 2, columns = (width + 1) / 2, at = y / 2;
        int other = Math.Clamp((y & 1) == 0 ? at - 1 : at + 1, 0, rows - 1);
        ReadOnlySpan<byte> near = plane.Samples.AsSpan(at * plane.Width, columns), far = plane.Samples.AsSpan(other * plane.Width, columns);
        target[0] = (byte)((3 * near[0] + far[0] + 2) >> 2);
        for (int x = 1; x < columns; x++)
        {
            int sum = near[x - 1] + near[x] + far[x - 1] + far[x] + 8;
            target[2 * x - 1] = (byte)((((sum + 2 * (near[x] + far[x - 1])) >> 3) + near[x - 1]) >> 1);
            target[2 * x] = (byte)((((sum + 2 * (near[x - 1] + far[x])) >> 3) + near[x]) >> 1);
        }

        if (width % 2 == 0)
        {
            target[width - 1] = (byte)((3 * near[^1] + far[^1] + 2) >> 2);
        }
    }

    private static byte Clamp(int value) => (byte)Math.Clamp(value >> 6, 0, 255);
}
