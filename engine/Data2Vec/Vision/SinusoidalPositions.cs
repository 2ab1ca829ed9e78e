namespace Data2Vec.Vision;

/// <summary>
/// Position vectors of a square grid (He et al. 2022; fairseq's <c>get_2d_sincos_pos_embed</c>). One half encodes the column, the other the row, each
/// as sines and then cosines of the position at decreasing frequencies.
/// </summary>
public static class SinusoidalPositions
{
    /// <summary>Stored vectors are in single precision.</summary>
    private const float Tolerance = 1e-5f;

    /// <summary>The vectors of a grid, row by row.</summary>
    /// <param name="grid">Patches per row and column.</param>
    /// <param name="hidden">Features of a vector, a multiple of 4.</param>
    /// <param name="rowFirst">Whether the first half encodes the row, as in MoCo v3 (Chen et al. 2021), and the second the column.</param>
    /// <returns><c>[grid * grid, hidden]</c>.</returns>
    public static float[] Create(int grid, int hidden, bool rowFirst = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(grid);
        ArgumentOutOfRangeException.ThrowIfNotEqual(hidden % 4, 0, nameof(hidden));
        int quarter = hidden / 4;
        var positions = new float[grid * grid * hidden];
        for (int i = 0; i < positions.Length; i++)
        {
            int patch = i / hidden, feature = i % hidden;
            int position = feature < 2 * quarter != rowFirst ? patch % grid : patch / grid;
            double angle = position / Math.Pow(10_000, feature % quarter / (double)quarter);
            positions[i] = (float)(feature / quarter % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
        }

        return positions;
    }

    /// <summary>The vectors for another grid, from those of the grid that a model was trained on.</summary>
    /// <exception cref="InvalidDataException">The stored vectors are not sinusoidal, for example because they were trained.</exception>
    internal static float[] Resize(float[] stored, int from, int to, int hidden) =>
        hidden % 4 == 0 && stored.Zip(Create(from, hidden)).All(pair => MathF.Abs(pair.First - pair.Second) <= Tolerance)
            ? Create(to, hidden)
            : throw new InvalidDataException(
                "the position vectors are not sines and cosines and cannot be computed for another grid; do not change the image size");
}
