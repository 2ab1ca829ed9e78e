namespace Data2Vec.Text;

/// <summary>
/// BPE for pieces of any length in O(n log n): a heap of the pairs that can merge, the lowest rank first and among equals the leftmost.
/// </summary>
/// <remarks>
/// <see cref="Microsoft.ML.Tokenizers.BpeTokenizer"/> takes the tokens that merges have used up out of an array one by one, which is
/// quadratic: measured on a single word of 100,000 letters, 1.7 s, where this takes some tens of milliseconds. A web page with a
/// base64 picture in it has such words.
/// </remarks>
internal sealed class LongPieceMerger
{
    private const int NoMerge = int.MaxValue;

    private readonly Dictionary<(int Left, int Right), int> _ranks;

    public LongPieceMerger(MergeList merges)
    {
        _ranks = new(merges.Merges.Count);
        for (int rank = 0; rank < merges.Merges.Count; rank++)
        {
            _ranks.Add(merges.Merges[rank], rank);
        }
    }

    /// <summary>Appends the tokens of a piece, numbered as in <see cref="MergeList"/>.</summary>
    public void Merge(ReadOnlySpan<byte> piece, List<int> tokens)
    {
        // A doubly linked list over the bytes: a token stands at its first byte, ranks[i] is that of the pair it begins.
        int count = piece.Length;
        int[] token = new int[count];
        int[] next = new int[count];
        int[] previous = new int[count];
        int[] ranks = new int[count];
        for (int i = 0; i < count; i++)
        {
            token[i] = piece[i];
            next[i] = i + 1;
            previous[i] = i - 1;
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
                continue; // one of the two has merged with another since
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
