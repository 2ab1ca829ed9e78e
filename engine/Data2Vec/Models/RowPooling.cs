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
    /// <param name="rowsBeforeMean">Rows at the start of each sequence that the mean skips.</param>
    public static float[][] Pool(Inference run, Tensor x, Sequences sequences, Pooling pooling, int rowsBeforeMean)
    {
        long mark = run.Mark();
        Tensor rows = pooling switch
        {
            Pooling.Mean => run.MeanOfSequences(x, sequences, rowsBeforeMean),
            Pooling.Class => FirstRows(run, x, sequences),
            _ => x,
        };
        var vectors = new float[sequences.Count][];
        for (int i = 0; i < vectors.Length; i++)
        {
            vectors[i] = new float[checked((pooling == Pooling.None ? sequences.Length(i) : 1) * rows.Columns)];
        }

        run.Download(rows, vectors);
        run.Release(mark);
        return vectors;
    }

    /// <summary>The first row of each sequence, <c>[sequences, features]</c>.</summary>
    public static Tensor FirstRows(Inference run, Tensor x, Sequences sequences)
    {
        Tensor rows = run.Allocate(sequences.Count, x.Columns);
        for (int i = 0; i < sequences.Count; i++)
        {
            run.Copy(x.SliceRows(sequences.Start(i), 1), rows.SliceRows(i, 1));
        }

        return rows;
    }

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
}
