using System.Buffers;
using System.Numerics.Tensors;

namespace Data2Vec.Kernels.Cpu;

/// <content>Vectors from tables, and means of sequences.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void Embed(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output, Tensor residual)
    {
        OperationShapes.RequireEmbedding(ids, table, output, residual);
        WeightData data = ((CpuEmbedding)table).Table;
        if (residual.IsEmpty)
        {
            for (int row = 0; row < ids.Length; row++)
            {
                data.ReadRow(ids[row], RowOf(output, row));
            }

            return;
        }

        float[] rented = ArrayPool<float>.Shared.Rent(table.Columns);
        Span<float> vector = rented.AsSpan(0, table.Columns);
        for (int row = 0; row < ids.Length; row++)
        {
            data.ReadRow(ids[row], vector);
            TensorPrimitives.Add(vector, RowOf(residual, row), RowOf(output, row));
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    public override Tensor MeanOfSequences(Tensor x, Sequences sequences, int skip)
    {
        Tensor means = Allocate(sequences.Count, x.Columns);
        for (int i = 0; i < sequences.Count; i++)
        {
            Span<float> mean = RowOf(means, i);
            mean.Clear();
            for (int row = skip; row < sequences.Length(i); row++)
            {
                RowKernels<S, V>.Add(means.Row(i), x.Row(sequences.Start(i) + row), x.Columns);
            }

            TensorPrimitives.Divide(mean, sequences.Length(i) - skip, mean);
        }

        return means;
    }
}
