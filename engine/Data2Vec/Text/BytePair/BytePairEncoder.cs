using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Data2Vec.Text;

/// <summary>
/// Encodes text with a <see cref="MergeList"/>: splits it into pieces, converts them to UTF-8 and applies the merges with Microsoft.ML.Tokenizers.
/// </summary>
/// <remarks>
/// The library receives pieces that are already split and written in the byte alphabet because its own preparation differs from GPT-2. Its RoBERTa
/// tokenizer treats UTF-16 units as bytes and drops those above U+00FF, its pattern misclassifies characters above U+FFFF, and its byte-level mode
/// encodes unpaired surrogates as invalid UTF-8.
/// </remarks>
internal sealed class BytePairEncoder
{
    /// <summary>The most bytes in a piece for the library. <see cref="LongPieceMerger"/> encodes longer pieces, which are rare, to the same tokens.</summary>
    public const int LibraryPieceBytes = 256;

    private readonly BpeTokenizer _library;
    private readonly LongPieceMerger _longPieces;

    public BytePairEncoder(MergeList merges)
    {
        BpeOptions options = new(merges.Tokens.Select((token, id) => KeyValuePair.Create(token, id)))
        {
            Merges = merges.Merges.Select(merge => $"{merges.Tokens[merge.Left]} {merges.Tokens[merge.Right]}"),
        };
        _library = BpeTokenizer.Create(options);
        _longPieces = new(merges);
    }

    /// <summary>Appends the tokens of a text. An unpaired surrogate counts as U+FFFD.</summary>
    public void Encode(ReadOnlySpan<char> text, List<int> tokens)
    {
        Span<byte> shortBytes = stackalloc byte[LibraryPieceBytes];
        Span<char> characters = stackalloc char[LibraryPieceBytes];
        for (int start = 0; start < text.Length;)
        {
            int end = PieceSplitter.EndOfPiece(text, start);
            ReadOnlySpan<char> piece = text[start..end];
            start = end;
            if (piece.Length <= LibraryPieceBytes && Encoding.UTF8.TryGetBytes(piece, shortBytes, out int length))
            {
                ByteAlphabet.Write(shortBytes[..length], characters);
                tokens.AddRange(_library.EncodeToIds(characters[..length], considerPreTokenization: false, considerNormalization: false));
            }
            else
            {
                EncodeLong(piece, tokens);
            }
        }
    }

    private void EncodeLong(ReadOnlySpan<char> piece, List<int> tokens)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetByteCount(piece));
        int length = Encoding.UTF8.GetBytes(piece, bytes);
        _longPieces.Merge(bytes.AsSpan(0, length), tokens);
        ArrayPool<byte>.Shared.Return(bytes);
    }
}

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
