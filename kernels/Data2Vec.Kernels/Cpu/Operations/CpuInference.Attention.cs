namespace Data2Vec.Kernels.Cpu;

/// <content>Attention. Its two products run on bf16 in models of 16 or 8 bits, where the processor is faster so.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Tensor output)
    {
        OperationShapes.RequireAttention(query, key, value, sequences, heads, AttentionJob<S, V>.LargestHead, output);
        OperationShapes.RequireAttentionBias(query, heads, bias);
        ProductType type = query.Columns / heads % store.AttentionType.PerWord() == 0 ? store.AttentionType : ProductType.Floats;
        Attention(type, query, key, value, sequences, heads, scale, bias, default, output, Tensor.None);
    }

    public override void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Dropout dropout, Tensor output, Tensor logSums)
    {
        OperationShapes.RequireAttention(query, key, value, sequences, heads, AttentionJob<S, V>.LargestHead, output);
        OperationShapes.RequireTrainingAttention(query, sequences, heads, bias, dropout, logSums);
        Attention(ProductType.Floats, query, key, value, sequences, heads, scale, bias, dropout, output, logSums);
    }

    private void Attention(
        ProductType type, Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Dropout dropout,
        Tensor output, Tensor logSums)
    {
        int size = query.Columns / heads, height = BlockHeight(query.Rows * heads);
        int perWord = type.PerWord(), words = query.Columns / perWord;
        long mark = Mark();
        query = ToWords(query, type, words, out _);
        key = ToWords(key, type, words, out _);
        long packedSize = 0;
        int blockCount = 0, valueRows = 0, longest = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            longest = Math.Max(longest, sequences.Length(i));
            packedSize += PackKeysJob<S, V>.Size(sequences.Length(i), words);
            blockCount += (sequences.Length(i) + height - 1) / height;
            valueRows += (sequences.Length(i) + perWord - 1) / perWord;
        }

        if (type == ProductType.BFloat16)
        {
            Tensor interleaved = Allocate(valueRows, value.Columns);
            team.Run(new InterleaveRowsJob(value, sequences, heads, interleaved), sequences.Count * heads);
            value = interleaved;
        }

        Tensor distances = Tensor.None;
        if (!bias.Distances.IsEmpty && longest > 0)
        {
            // The padding keeps loads of whole vectors inside.
            distances = Allocate(heads, checked(2 * longest - 1 + PanelLayout.Width));
            RunRows(new ExpandDistances(bias.Distances, longest - 1, distances), heads);
        }

        float* keys = (float*)Memory.Allocate(packedSize * sizeof(float));
        team.Run(new PackKeysJob<S, V>(key, sequences, heads, keys), sequences.Count * heads);

        var blocks = (AttentionBlock*)Memory.Allocate((long)blockCount * sizeof(AttentionBlock));
        int filled = 0, row = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            int length = sequences.Length(i);
            for (int first = 0; first < length; first += height)
            {
                blocks[filled++] = new AttentionBlock(sequences.Start(i), length, first, Math.Min(height, length - first), (nint)keys, (nint)value.Row(row));
            }

            keys += PackKeysJob<S, V>.Size(length, words);
            row += (length + perWord - 1) / perWord;
        }

        TaskMemory memory = AllocateTaskMemory(AttentionJob<S, V>.MemorySize(Math.Min(height, longest), size));
        var job = new AttentionJob<S, V>(type, blocks, heads, size, scale, bias, memory)
        {
            Query = query,
            Value = value,
            Output = output,
            Distances = distances,
            NoDistance = longest - 1,
            Dropout = dropout,
            LogSums = logSums,
        };
        team.Run(job, blockCount * heads);
        Release(mark);
    }

    /// <summary>Repeats the ends of each head's numbers, so that all distances within the longest sequence have one.</summary>
    private readonly struct ExpandDistances(Tensor distances, int noDistance, Tensor expanded) : IRowKernel
    {
        public void Run(int head)
        {
            var numbers = new ReadOnlySpan<float>(distances.Row(head), distances.Columns);
            var all = new Span<float>(expanded.Row(head), expanded.Columns);
            int reach = numbers.Length / 2, first = noDistance - reach;
            for (int i = 0; i < all.Length; i++)
            {
                all[i] = numbers[Math.Clamp(i - first, 0, 2 * reach)];
            }
        }
    }
}
