using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <summary>Turns hidden states into vectors.</summary>
internal static class RowPooling
{
    /// <summary>Computes one vector for each sequence, or downloads its rows.</summary>
    /// <param name="run">The inference that holds the hidden states.</param>
    /// <param name="x">Hidden states <c>[rows, features]</c>.</param>
    /// <param name="sequences">The rows of each input.</param>
    /// <param name="pooling">How they become one vector.</param>
    /// <param name="skip">Rows at the start of each sequence that means and maxima leave out; every sequence has more.</param>
    public static float[][] Pool(Inference run, Tensor x, Sequences sequences, Pooling pooling, int skip)
    {
        long mark = run.Mark();
        var rows = new Lazy<float[][]>(() => Rows(run, x, sequences));
        float[][][] parts = [.. pooling.Parts().Select(part => part.Pooling switch
        {
            Pooling.Class => Chunks(run, FirstRows(run, x, sequences)),
            Pooling.Last => Chunks(run, PickRows(run, x, sequences, i => sequences.Length(i) - 1)),
            Pooling.Max => [.. rows.Value.Select(sequence => Max(sequence, x.Columns, skip))],
            Pooling.WeightedMean => [.. rows.Value.Select(sequence => WeightedMean(sequence, x.Columns, skip))],
            Pooling.MeanSqrtLength => TimesSqrtLength(Chunks(run, run.MeanOfSequences(x, sequences, skip)), sequences, skip),
            _ => Chunks(run, run.MeanOfSequences(x, sequences, skip)),
        })];
        float[][] vectors = parts switch
        {
            [] => rows.Value,
            [var single] => single,
            _ => [.. Enumerable.Range(0, sequences.Count).Select(i => parts.SelectMany(part => part[i]).ToArray())],
        };
        run.Release(mark);
        return vectors;
    }

    /// <summary>The first row of each sequence, <c>[sequences, features]</c>.</summary>
    public static Tensor FirstRows(Inference run, Tensor x, Sequences sequences) => PickRows(run, x, sequences, _ => 0);

    /// <summary>Scales each row to length 1.</summary>
    public static void Normalize(Span<float> rows, int columns)
    {
        for (; !rows.IsEmpty; rows = rows[columns..])
        {
            Span<float> vector = rows[..columns];
            float length = TensorPrimitives.Norm(vector);
            TensorPrimitives.Divide(vector, length > 0 ? length : 1f, vector);
        }
    }

    /// <summary>Downloads the rows of a tensor, one after another.</summary>
    public static float[] Download(Inference run, Tensor x)
    {
        var rows = new float[checked(x.Rows * x.Columns)];
        run.Download(x, rows);
        return rows;
    }

    private static Tensor PickRows(Inference run, Tensor x, Sequences sequences, Func<int, int> row)
    {
        Tensor rows = run.Allocate(sequences.Count, x.Columns);
        for (int i = 0; i < sequences.Count; i++)
        {
            run.Copy(x.SliceRows(sequences.Start(i) + row(i), 1), rows.SliceRows(i, 1));
        }

        return rows;
    }

    private static float[][] Rows(Inference run, Tensor x, Sequences sequences)
    {
        float[][] rows = [.. Enumerable.Range(0, sequences.Count).Select(i => new float[checked(sequences.Length(i) * x.Columns)])];
        run.Download(x, rows);
        return rows;
    }

    private static float[][] Chunks(Inference run, Tensor x)
    {
        float[][] rows = [.. Enumerable.Range(0, x.Rows).Select(_ => new float[x.Columns])];
        run.Download(x, rows);
        return rows;
    }

    private static float[] Max(ReadOnlySpan<float> rows, int columns, int skip)
    {
        float[] greatest = rows.Slice(skip * columns, columns).ToArray();
        for (int start = (skip + 1) * columns; start < rows.Length; start += columns)
        {
            TensorPrimitives.Max(greatest, rows.Slice(start, columns), greatest);
        }

        return greatest;
    }

    private static float[] WeightedMean(ReadOnlySpan<float> rows, int columns, int skip)
    {
        float[] sum = new float[columns];
        double weights = 0;
        for (int i = skip; i < rows.Length / columns; i++)
        {
            TensorPrimitives.MultiplyAdd(rows.Slice(i * columns, columns), i + 1, sum, sum);
            weights += i + 1;
        }

        TensorPrimitives.Divide(sum, (float)weights, sum);
        return sum;
    }

    private static float[][] TimesSqrtLength(float[][] means, Sequences sequences, int skip)
    {
        foreach ((int i, float[] mean) in means.Index())
        {
            TensorPrimitives.Multiply(mean, MathF.Sqrt(sequences.Length(i) - skip), mean);
        }

        return means;
    }
}
