using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>One attention with random operands, by the reference and by a backend.</summary>
internal sealed record AttentionCase(int[] Lengths, int Heads, int Size)
{
    /// <summary>What the gradients of biases hold before, to which theirs are added.</summary>
    public const float Before = 0.25f;

    /// <summary>How many of the results have a row for each row of the operands.</summary>
    public const int RowResults = 5;

    /// <summary>Columns of the tensor that the operands are slices of, which belong to none of them.</summary>
    private const int Between = 5;

    private const float Untouched = 77;

    public double Scale { get; init; } = 1 / Math.Sqrt(Size);

    public float[]? Table { get; init; }

    public float[]? Slopes { get; init; }

    public float Rate { get; init; }

    /// <summary>The row in its item that each sequence begins with.</summary>
    public int FirstRow { get; init; }

    public long FirstItem { get; init; } = 10;

    public float[] Query { get; init; } = Numbers(1, Lengths.Sum() * Heads * Size);

    public float[] KeyRows { get; init; } = Numbers(2, Lengths.Sum() * Heads * Size);

    public float[] Value { get; init; } = Numbers(3, Lengths.Sum() * Heads * Size);

    public float[] DOutput { get; init; } = Numbers(4, Lengths.Sum() * Heads * Size);

    private const ulong Key = 0xFEDCBA9876543210;

    private RowPlace[] Places =>
        [.. Lengths.SelectMany((length, sequence) => Enumerable.Range(FirstRow, length).Select(row => new RowPlace(FirstItem + sequence, row)))];

    /// <summary>The same with one of the sequences only.</summary>
    public AttentionCase Alone(int sequence)
    {
        int start = Lengths[..sequence].Sum() * Heads * Size, end = start + Lengths[sequence] * Heads * Size;
        return this with
        {
            Lengths = [Lengths[sequence]],
            FirstItem = FirstItem + sequence,
            Query = Query[start..end],
            KeyRows = KeyRows[start..end],
            Value = Value[start..end],
            DOutput = DOutput[start..end],
        };
    }

    public AttentionReference Reference()
    {
        RowPlace[] places = Places;
        return new AttentionReference(Lengths, Heads, Size, (float)Scale)
        {
            Query = [.. Query],
            Key = [.. KeyRows],
            Value = [.. Value],
            Table = Table is null ? null : [.. Table],
            Slopes = Slopes is null ? null : [.. Slopes],
            Factor = (row, key, head) => Rate == 0 ? 1 : DropoutReference.Factor(Rate, Key, head, places[row], FirstRow + key),
        };
    }

    /// <summary>Output, sums, and the gradients of queries, keys, values, table and slopes.</summary>
    public float[][] Run(Backend backend)
    {
        using WeightStore store = backend.CreateStore();
        using TrainingInference run = store.BeginTraining(_ => 0);
        int rows = Lengths.Sum(), columns = Heads * Size, width = 3 * columns + 4 * Between;
        Sequences sequences = run.Sequences(Lengths);
        float[] empty = [.. Enumerable.Repeat(Untouched, rows * width)];
        Tensor wide = run.Upload(empty, rows, width), dWide = run.Upload(empty, rows, width);
        run.Upload(Query, Slice(wide, 0));
        run.Upload(KeyRows, Slice(wide, 1));
        run.Upload(Value, Slice(wide, 2));
        Tensor output = run.Allocate(rows, columns), sums = run.Allocate(rows, Heads);
        Dropout dropout = Rate == 0 ? default : DropoutReference.Create(Rate, Key, Places);
        var bias = new AttentionBias(Upload(Table, Lengths[0]), Upload(Slopes, Heads));
        var dBias = new AttentionBias(Upload(Filled(Table), Lengths[0]), Upload(Filled(Slopes), Heads));
        run.Attention(Slice(wide, 0), Slice(wide, 1), Slice(wide, 2), sequences, Heads, (float)Scale, bias, dropout, output, sums);
        Tensor dOutput = run.Upload(DOutput, rows, columns);
        run.AttentionBackward(
            Slice(wide, 0), Slice(wide, 1), Slice(wide, 2), sequences, Heads, (float)Scale, bias, dropout, output, sums, dOutput,
            Slice(dWide, 0), Slice(dWide, 1), Slice(dWide, 2), dBias);
        float[] between = Download(run, dWide);
        Assert.All(between.Where((_, i) => i % width % (columns + Between) < Between), value => Assert.Equal(Untouched, value));
        return
        [
            Download(run, output), Download(run, sums), Download(run, Slice(dWide, 0)), Download(run, Slice(dWide, 1)), Download(run, Slice(dWide, 2)),
            Download(run, dBias.Table), Download(run, dBias.Slopes),
        ];

        Tensor Slice(Tensor x, int index) => x.SliceColumns(Between + index * (columns + Between), columns);
        Tensor Upload(float[]? values, int width) => values is null ? Tensor.None : run.Upload(values, values.Length / width, width);
        static float[]? Filled(float[]? values) => values is null ? null : [.. Enumerable.Repeat(Before, values.Length)];
    }

    public override string ToString() =>
        $"[{string.Join(", ", Lengths)}], {Heads} heads of {Size}{(Table is null ? "" : ", table")}{(Slopes is null ? "" : ", slopes")}, rate {Rate}, row {FirstRow}";
}
