using Data2Vec.Kernels;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <summary>Makes vectors of hidden states.</summary>
internal static class RowPooling
{
    /// <summary>For each sequence one vector, or its rows one behind the other.</summary>
    /// <param name="run">Where the hidden states are.</param>
    /// <param name="x">Hidden states <c>[rows, features]</c>.</param>
    /// <param name="sequences">Which rows belong together.</param>
    /// <param name="pooling">How they become one vector.</param>
    /// <param name="rowsBeforeMean">Rows at the start of each sequence that the mean leaves out.</param>
    public static float[][] Pool(Inference run, Tensor x, Sequences sequences, Pooling pooling, int rowsBeforeMean)
    {
        long mark = run.Mark();
        Tensor means = pooling == Pooling.Mean ? Means(run, x, sequences, rowsBeforeMean) : default;
        var vectors = new float[sequences.Count][];
        for (int i = 0; i < vectors.Length; i++)
        {
            vectors[i] = Download(run, pooling switch
            {
                Pooling.Mean => means.SliceRows(i, 1),
                Pooling.Class => x.SliceRows(sequences.Start(i), 1),
                _ => x.SliceRows(sequences.Start(i), sequences.Length(i)),
            });
        }

        run.Release(mark);
        return vectors;
    }

    /// <summary>The mean of each sequence without its first rows, <c>[sequences, features]</c>.</summary>
    public static Tensor Means(Inference run, Tensor x, Sequences sequences, int rowsBefore)
    {
        if (rowsBefore == 0)
        {
            return run.MeanOfSequences(x, sequences);
        }

        var lengths = new int[sequences.Count];
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = sequences.Length(i) - rowsBefore;
        }

        Sequences rest = run.Sequences(lengths);
        Tensor rows = run.Allocate(rest.Rows, x.Columns);
        for (int i = 0; i < lengths.Length; i++)
        {
            run.Copy(x.SliceRows(sequences.Start(i) + rowsBefore, lengths[i]), rows.SliceRows(rest.Start(i), lengths[i]));
        }

        return run.MeanOfSequences(rows, rest);
    }

    /// <summary>Brings each vector of some rows to length 1.</summary>
    public static void Normalize(Span<float> rows, int columns)
    {
        for (; !rows.IsEmpty; rows = rows[columns..])
        {
            Span<float> vector = rows[..columns];
            float length = TensorPrimitives.Norm(vector);
            TensorPrimitives.Divide(vector, length > 0 ? length : 1f, vector);
        }
    }

    /// <summary>The rows of a tensor, one behind the other.</summary>
    public static float[] Download(Inference run, Tensor x)
    {
        var rows = new float[checked(x.Rows * x.Columns)];
        run.Download(x, rows);
        return rows;
    }
}
