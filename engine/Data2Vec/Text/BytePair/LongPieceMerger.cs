namespace Data2Vec.Text;

/// <summary>Applies BPE merges to pieces of any length in O(n log n). A heap holds the pairs that can merge, ordered by rank, then from the left.</summary>
/// <remarks>
/// <see cref="Microsoft.ML.Tokenizers.BpeTokenizer"/> removes merged tokens from an array one at a time, which is quadratic: it takes 1.7 s for a
/// word of 100,000 letters, and this class takes tens of milliseconds. Web pages with embedded base64 images contain such words.
/// </remarks>
internal sealed class LongPieceMerger
{
    private const int NoMerge = int.MaxValue;

    private readonly Dictionary<(int Left, int Right), int> _ranks;

    public LongPieceMerger(MergeList merges) => _ranks = merges.Merges.Index().ToDictionary(merge => merge.Item, merge => merge.Index);

    /// <summary>Appends the tokens of a piece, in the numbering of <see cref="MergeList"/>.</summary>
    public void Merge(ReadOnlySpan<byte> piece, List<int> tokens)
    {
        // A doubly linked list over the bytes. A token is stored at its first byte; ranks[i] is the rank of the pair that begins at i.
        int count = piece.Length;
        int[] token = new int[count], next = new int[count], previous = new int[count], ranks = new int[count];
        for (int i = 0; i < count; i++)
        {
            (token[i], next[i], previous[i]) = (piece[i], i + 1, i - 1);
        }

        PriorityQueue<int, long> queue = new(count);
        for (int i = 0; i < count; i++)
        {
            Offer(i);
        }

        while (queue.TryDequeue(out int position, out long priority))
        {
            int rank = (int)(priority >> 32);
            if (ranks[position] != rank)
            {
                continue; // a token of the pair has merged with another token
            }

            int right = next[position];
            token[position] = MergeList.ByteCount + rank;
            ranks[right] = NoMerge;
            next[position] = next[right];
            if (next[position] < count)
            {
                previous[next[position]] = position;
            }

            Offer(position);
            if (previous[position] >= 0)
            {
                Offer(previous[position]);
            }
        }

        for (int i = 0; i < count; i = next[i])
        {
            tokens.Add(token[i]);
        }

        void Offer(int position)
        {
            int right = next[position];
            ranks[position] = right < count && _ranks.TryGetValue((token[position], token[right]), out int rank) ? rank : NoMerge;
            if (ranks[position] != NoMerge)
            {
                queue.Enqueue(position, ((long)ranks[position] << 32) | (uint)position);
            }
        }
    }
}
