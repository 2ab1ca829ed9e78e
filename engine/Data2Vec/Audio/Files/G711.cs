namespace Data2Vec.Audio;

/// <summary>
/// The two companding laws of ITU-T G.711. A byte holds a sign, a 3-bit segment and a 4-bit step within the segment. Each segment has
/// twice the step size of the previous one. Full scale is -1 to 1.
/// </summary>
internal static class G711
{
    public static readonly float[] ALaw = Table(ALawValue);
    public static readonly float[] MuLaw = Table(MuLawValue);

    private static float[] Table(Func<int, int> value) => [.. Enumerable.Range(0, 256).Select(code => value(code) / 32768f)];

    private static int ALawValue(int code)
    {
        int bits = code ^ 0x55; // the line code inverts every other bit
        int segment = bits >> 4 & 7;
        int middleOfStep = ((bits & 15) << 4) + 8;
        int magnitude = segment == 0 ? middleOfStep : (middleOfStep + 0x100) << (segment - 1);
        return (bits & 0x80) != 0 ? magnitude : -magnitude;
    }

    private static int MuLawValue(int code)
    {
        const int Bias = 0x84;
        int bits = ~code; // the line code inverts every bit
        int magnitude = (((bits & 15) << 3) + Bias << (bits >> 4 & 7)) - Bias;
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }
}
