namespace Data2Vec.Vision.Images;

/// <summary>Smooths the edges of macroblocks and blocks (RFC 6386, section 15).</summary>
internal static class LossyFilter
{
    private const int EdgeBonus = 4;

    /// <summary>Filters the left and upper edge of a macroblock, and the edges inside.</summary>
    public static void Apply(LossyPlane plane, int x, int y, int size, LossyFilterStrength strength, bool isInside, bool isSimple)
    {
        Span<byte> samples = plane.Samples;
        int start = y * plane.Width + x;
        foreach ((int across, int along, int place) in ((int, int, int)[])[(1, plane.Width, x), (plane.Width, 1, y)])
        {
            if (place > 0)
            {
                FilterEdge(samples, start, across, along, size, strength, isSimple, isOuter: true);
            }

            for (int at = 4; at < size && isInside; at += 4)
            {
                FilterEdge(samples, start + at * across, across, along, size, strength, isSimple, isOuter: false);
            }
        }
    }

    private static void FilterEdge(
        Span<byte> samples, int start, int across, int along, int length, LossyFilterStrength strength, bool isSimple, bool isOuter)
    {
        int limit = 2 * (strength.Limit + (isOuter ? EdgeBonus : 0)) + 1;
        for (int i = 0; i < length; i++)
        {
            int at = start + i * along;
            int p1 = samples[at - 2 * across], p0 = samples[at - across], q0 = samples[at], q1 = samples[at + across];
            if (4 * Math.Abs(p0 - q0) + Math.Abs(p1 - q1) > limit)
            {
                continue;
            }

            if (isSimple)
            {
                FilterTwo(samples, at, across, p1, p0, q0, q1);
                continue;
            }

            int p3 = samples[at - 4 * across], p2 = samples[at - 3 * across], q2 = samples[at + 2 * across], q3 = samples[at + 3 * across];
            int inner = strength.InnerLimit;
            if (Math.Abs(p3 - p2) > inner || Math.Abs(p2 - p1) > inner || Math.Abs(p1 - p0) > inner
                || Math.Abs(q3 - q2) > inner || Math.Abs(q2 - q1) > inner || Math.Abs(q1 - q0) > inner)
            {
                continue;
            }

            if (Math.Abs(p1 - p0) > strength.HighVariance || Math.Abs(q1 - q0) > strength.HighVariance)
            {
                FilterTwo(samples, at, across, p1, p0, q0, q1);
            }
            else if (isOuter)
            {
                int a = ClampSigned(3 * (q0 - p0) + ClampSigned(p1 - q1));
                int a1 = (27 * a + 63) >> 7, a2 = (18 * a + 63) >> 7, a3 = (9 * a + 63) >> 7;
                samples[at - 3 * across] = Clamp(p2 + a3);
                samples[at - 2 * across] = Clamp(p1 + a2);
                samples[at - across] = Clamp(p0 + a1);
                samples[at] = Clamp(q0 - a1);
                samples[at + across] = Clamp(q1 - a2);
                samples[at + 2 * across] = Clamp(q2 - a3);
            }
            else
            {
                int a = 3 * (q0 - p0), a1 = ClampStep((a + 4) >> 3), a2 = ClampStep((a + 3) >> 3), a3 = (a1 + 1) >> 1;
                samples[at - 2 * across] = Clamp(p1 + a3);
                samples[at - across] = Clamp(p0 + a2);
                samples[at] = Clamp(q0 - a1);
                samples[at + across] = Clamp(q1 - a3);
            }
        }
    }

    private static void FilterTwo(Span<byte> samples, int at, int across, int p1, int p0, int q0, int q1)
    {
        int a = 3 * (q0 - p0) + ClampSigned(p1 - q1);
        samples[at - across] = Clamp(p0 + ClampStep((a + 3) >> 3));
        samples[at] = Clamp(q0 - ClampStep((a + 4) >> 3));
    }

    private static int ClampSigned(int value) => Math.Clamp(value, -128, 127);

    private static int ClampStep(int value) => Math.Clamp(value, -16, 15);

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);
}
