namespace Data2Vec.Kernels.Cpu.Dot;

/// <summary>Turns each two rows of one sequence and head into one row of units of bf16: the values as the products of attention read them.</summary>
/// <param name="value"><c>[rows, heads * size]</c>.</param>
/// <param name="sequences">The sequences of rows.</param>
/// <param name="heads">The number of heads.</param>
/// <param name="units">Receives the rows of units of all sequences, half as many of each, the odd one with zeros.</param>
internal readonly unsafe struct InterleaveRowsJob(Tensor value, Sequences sequences, int heads, Tensor units) : IJob
{
    public static int Rows(int length) => (length + 1) / 2;

    public void Run(int task)
    {
        int sequence = task / heads, size = value.Columns / heads, offset = task % heads * size;
        int row = sequences.Start(sequence), end = row + sequences.Length(sequence), to = 0;
        for (int i = 0; i < sequence; i++)
        {
            to += Rows(sequences.Length(i));
        }

        for (; row < end; row += 2, to++)
        {
            Bf16.Interleave(value.Row(row) + offset, row + 1 < end ? value.Row(row + 1) + offset : null, (uint*)units.Row(to) + offset, size);
        }
    }
}
