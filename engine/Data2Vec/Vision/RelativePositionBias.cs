using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Vision;

/// <summary>
/// Relative position bias between the patches of a square grid and a class token before them (Bao et al. 2022; fairseq's
/// <c>RelativePositionBias</c>). Layers may share a table, have their own, or both, whose sum then applies.
/// </summary>
internal sealed class RelativePositionBias
{
    private readonly ParameterScope _parameters;
    private readonly VisionConfig _stored;
    private readonly int _grid;
    private readonly Lazy<float[]>? _shared;
    private readonly AttentionBias _common;
    private long _biases;

    public RelativePositionBias(ParameterScope parameters, VisionConfig stored, int grid)
    {
        (_parameters, _stored, _grid) = (parameters, stored, grid);
        _shared = Declare(parameters) is { } shared ? new Lazy<float[]>(() => Table(shared)) : null;
        _common = _shared is null ? default : Create(() => _shared.Value);
    }

    /// <summary>Declares a layer's own table, and computes its bias.</summary>
    public AttentionBias OfLayer(ParameterScope layer)
    {
        return Declare(layer) is { } own ? Create(() => Sum(own)) : _common;

        float[] Sum(WeightData own)
        {
            float[] table = Table(own);
            if (_shared is not null)
            {
                TensorPrimitives.Add(_shared.Value, table, table);
            }

            return table;
        }
    }

    private WeightData? Declare(ParameterScope scope) => scope.Constant(
        new Parameter("relative_position_bias.weight", [_stored.RelativePositions, _stored.Heads], ParameterRole.Constant)
        {
            IsOptional = true,
            Initial = InitialValue.Zero,
        });

    private AttentionBias Create(Func<float[]> table)
    {
        int rows = 1 + _grid * _grid;
        return new AttentionBias(Table: _parameters.Activations(_stored.Heads * rows, rows, () =>
        {
            _biases += (long)_stored.Heads * rows * rows;
            return _biases <= VisionConfig.MostBiases
                ? Expand(table(), _stored.Heads, _grid)
                : throw new InvalidDataException($"the relative position biases of {_grid} x {_grid} patches would take more than a gigabyte");
        }, isAttentionTable: true));
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
