using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Vision;

/// <summary>
/// Relative position bias between the patches of a square grid and a class token before them (Bao et al. 2022; fairseq's
/// <c>RelativePositionBias</c>). Layers may share a table, have their own, or both, whose sum then applies.
/// </summary>
internal sealed class RelativePositionBias
{
    private readonly ParameterScope _parameters;
    private readonly PatchConfig _stored;
    private readonly int _grid;
    private readonly WeightData? _shared;
    private readonly AttentionBias _common;
    private long _biases;

    public RelativePositionBias(ParameterScope parameters, PatchConfig stored, int grid)
    {
        (_parameters, _stored, _grid) = (parameters, stored, grid);
        _shared = Declare(parameters);
        _common = _shared is null ? default : Create([_shared]);
    }

    /// <summary>Declares a layer's own table, and computes its bias.</summary>
    public AttentionBias OfLayer(ParameterScope layer) => Declare(layer) is { } own ? Create(_shared is null ? [own] : [_shared, own]) : _common;

    private WeightData? Declare(ParameterScope scope) => scope.Constant(
        new Parameter("relative_position_bias.weight", [_stored.RelativePositions, _stored.Heads], ParameterRole.Constant)
        {
            IsOptional = true,
            Initial = InitialValue.Zero,
        });

    /// <summary>The bias from the sum of tables.</summary>
    private AttentionBias Create(WeightData[] tables)
    {
        int rows = 1 + _grid * _grid, heads = _stored.Heads;
        if (_parameters.HasValues && (_biases += (long)heads * rows * rows) > PatchConfig.MostBiases)
        {
            throw new InvalidDataException($"the relative position biases of {_grid} x {_grid} patches would take more than a gigabyte");
        }

        var backward = new DerivedBackward(tables, (gradient, _, table) => Contract(gradient, table, heads, _grid));
        return new AttentionBias(Table: _parameters.Activations(heads * rows, rows, () => Expand(Sum(tables), heads, _grid), backward, isAttentionTable: true));
    }

    private float[] Sum(WeightData[] tables)
    {
        float[] sum = Table(tables[0]);
        foreach (WeightData table in tables.AsSpan(1))
        {
            TensorPrimitives.Add(sum, Table(table), sum);
        }

        return sum;
    }

    /// <summary>The numbers of a table, interpolated if the grid is another.</summary>
    private float[] Table(WeightData stored)
    {
        float[] table = stored.ToArray();
        return _grid == _stored.GridSize ? table : RelativePositionTable.Resize(table, _stored.Heads, _stored.GridSize, _grid);
    }

    /// <summary>Expands a table with one value per distance to one value per pair of rows.</summary>
    /// <param name="table">
    /// <c>[distances, heads]</c>: the vertical and then horizontal distances between patches, each from <c>1 - grid</c> to <c>grid - 1</c>; then class
    /// token to patch, patch to class token, class token to itself.
    /// </param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="grid">Patches per row and column.</param>
    /// <returns><c>[heads * rows, rows]</c> for the <c>1 + grid * grid</c> rows of an image.</returns>
    public static float[] Expand(ReadOnlySpan<float> table, int heads, int grid)
    {
        int rows = 1 + grid * grid, distances = table.Length / heads;
        var bias = new float[checked(heads * rows * rows)];
        for (int pair = 0; pair < rows * rows; pair++)
        {
            int distance = Distance(pair / rows, pair % rows, grid, distances);
            for (int head = 0; head < heads; head++)
            {
                bias[head * rows * rows + pair] = table[distance * heads + head];
            }
        }

        return bias;
    }

    /// <summary>Adds to each number of a table the sum of the numbers that <see cref="Expand"/> makes of it.</summary>
    private static void Contract(ReadOnlySpan<float> bias, Span<float> table, int heads, int grid)
    {
        int rows = 1 + grid * grid, distances = table.Length / heads;
        for (int pair = 0; pair < rows * rows; pair++)
        {
            int distance = Distance(pair / rows, pair % rows, grid, distances);
            for (int head = 0; head < heads; head++)
            {
                table[distance * heads + head] += bias[head * rows * rows + pair];
            }
        }
    }

    /// <summary>The place in a table of the distance between two rows, of which the first is the class token.</summary>
    private static int Distance(int from, int to, int grid, int distances) => (from, to) switch
    {
        (0, 0) => distances - 1,
        (_, 0) => distances - 2,
        (0, _) => distances - 3,
        _ => Distance(from - 1, to - 1, grid),
    };

    private static int Distance(int from, int to, int grid)
    {
        int down = from / grid - to / grid, across = from % grid - to % grid;
        return (down + grid - 1) * (2 * grid - 1) + across + grid - 1;
    }
}
