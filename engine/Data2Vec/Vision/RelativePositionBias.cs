using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Vision;

/// <summary>
/// Relative position bias between the patches of a square grid and a class token before them (Bao et al. 2022; fairseq's
/// <c>RelativePositionBias</c>).
/// </summary>
internal static class RelativePositionBias
{
    private const string Name = "relative_position_bias.weight";

    /// <summary>The bias of each layer: the sum of one that all have and of its own, where there are any.</summary>
    /// <param name="weights">The model's.</param>
    /// <param name="stored">The structure that they are for.</param>
    /// <param name="grid">Patches in a row of the grid that is wanted.</param>
    public static Func<int, AttentionBias> Read(WeightReader weights, VisionConfig stored, int grid)
    {
        int tables = Enumerable.Range(0, stored.Layers).Count(layer => weights.In("encoder").In(layer).Has(Name)) + (weights.Has(Name) ? 1 : 0);
        long rows = 1L + (long)grid * grid;
        if (tables * stored.Heads * rows * rows > VisionConfig.MostBiases)
        {
            throw new InvalidDataException($"relative position bias for {grid} x {grid} patches in {tables} tables would take more than a gigabyte");
        }

        float[]? shared = Table(weights);
        AttentionBias common = shared is null ? default : Create(shared);
        return layer =>
        {
            if (Table(weights.In("encoder").In(layer)) is not { } own)
            {
                return common;
            }

            if (shared is not null)
            {
                TensorPrimitives.Add(shared, own, own);
            }

            return Create(own);
        };

        float[]? Table(WeightReader from)
        {
            float[]? table = from.Has(Name) ? from.Values(Name, stored.RelativePositions, stored.Heads) : null;
            return table is null || grid == stored.GridSize ? table : RelativePositionTable.Resize(table, stored.Heads, stored.GridSize, grid);
        }

        AttentionBias Create(float[] table) =>
            new(Table: weights.Constant(Expand(table, stored.Heads, grid), stored.Heads * (1 + grid * grid), 1 + grid * grid));
    }

    /// <summary>From a number for each distance to one for each pair of rows.</summary>
    /// <param name="table">
    /// <c>[distances, heads]</c>: the distances between patches, down and then across, each from <c>1 - grid</c> to
    /// <c>grid - 1</c>; then class token to patch, patch to class token, class token to itself.
    /// </param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="grid">Patches in a row and in a column.</param>
    /// <returns><c>[heads * rows, rows]</c>, where an image has <c>1 + grid * grid</c> rows.</returns>
    public static float[] Expand(ReadOnlySpan<float> table, int heads, int grid)
    {
        int rows = 1 + grid * grid;
        int distances = table.Length / heads;
        var bias = new float[checked(heads * rows * rows)];
        for (int from = 0; from < rows; from++)
        {
            for (int to = 0; to < rows; to++)
            {
                int distance = (from, to) switch
                {
                    (0, 0) => distances - 1,
                    (_, 0) => distances - 2,
                    (0, _) => distances - 3,
                    _ => Distance(from - 1, to - 1, grid),
                };
                for (int head = 0; head < heads; head++)
                {
                    bias[(head * rows + from) * rows + to] = table[distance * heads + head];
                }
            }
        }

        return bias;
    }

    private static int Distance(int from, int to, int grid)
    {
        int down = from / grid - to / grid, across = from % grid - to % grid;
        return (down + grid - 1) * (2 * grid - 1) + across + grid - 1;
    }
}
