namespace Data2Vec.Vision;

/// <summary>
/// Vectors of positions in a square grid (He et al. 2022; fairseq's <c>get_2d_sincos_pos_embed</c>): one half tells the column, the
/// other the row, each by sines and then cosines of the position at falling frequencies.
/// </summary>
internal static class SinusoidalPositions
{
    /// <summary>They are stored in single precision.</summary>
    private const float Tolerance = 1e-5f;

    /// <summary>The vectors of a grid, row by row.</summary>
    /// <param name="grid">Patches in a row and in a column.</param>
    /// <param name="hidden">Features, a multiple of 4.</param>
    /// <returns><c>[grid * grid, hidden]</c>.</returns>
    public static float[] Create(int grid, int hidden)
    {
        int quarter = hidden / 4;
        var positions = new float[grid * grid * hidden];
        for (int i = 0; i < positions.Length; i++)
        {
            int patch = i / hidden, feature = i % hidden;
            int position = feature < 2 * quarter ? patch % grid : patch / grid;
            double angle = position / Math.Pow(10_000, feature % quarter / (double)quarter);
            positions[i] = (float)(feature / quarter % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
        }

        return positions;
    }

    /// <summary>The vectors for another grid.</summary>
    /// <param name="stored">Those of the grid that a model is made for.</param>
    /// <param name="from">Patches in a row of that grid.</param>
    /// <param name="to">Patches in a row of the new one.</param>
    /// <param name="hidden">Features.</param>
    /// <exception cref="InvalidDataException">They are none of these, but learned or other ones.</exception>
    public static float[] Resize(float[] stored, int from, int to, int hidden) =>
        hidden % 4 == 0 && stored.Zip(Create(from, hidden)).All(pair => MathF.Abs(pair.First - pair.Second) <= Tolerance)
            ? Create(to, hidden)
            : throw new InvalidDataException(
                "the positions of the patches are not the sines and cosines that could be had for other grids; leave the image size as it is");
}
