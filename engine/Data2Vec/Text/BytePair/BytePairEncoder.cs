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

    /// <summary>Appends the tokens of a text.</summary>
    public void Encode(ReadOnlySpan<char> text, TokenCollector tokens)
    {
        Span<byte> shortBytes = stackalloc byte[LibraryPieceBytes];
        Span<char> characters = stackalloc char[LibraryPieceBytes];
        for (int start = 0; start < text.Length && !tokens.IsFull;)
        {
            tokens.Step();
            int end = PieceSplitter.EndOfPiece(text, start);
            ReadOnlySpan<char> piece = text[start..end];
            start = end;
            if (piece.Length <= LibraryPieceBytes && Encoding.UTF8.TryGetBytes(piece, shortBytes, out int length))
            {
                ByteAlphabet.Write(shortBytes[..length], characters);
                tokens.Ids.AddRange(_library.EncodeToIds(characters[..length], considerPreTokenization: false, considerNormalization: false));
            }
            else
            {
                EncodeLong(piece, tokens);
            }
        }
    }

    private void EncodeLong(ReadOnlySpan<char> piece, TokenCollector tokens)
    {
        for (int length = LongPieceMerger.BlockLength; !piece.IsEmpty && !tokens.IsFull;)
        {
            tokens.Check();
            bool isWhole = length >= piece.Length;
            ReadOnlySpan<char> block = isWhole ? piece : piece[..(char.IsHighSurrogate(piece[length - 1]) ? length - 1 : length)];
            byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetByteCount(block));
            int count = Encoding.UTF8.GetBytes(block, bytes);
            int used = _longPieces.Merge(bytes.AsSpan(0, count), isWhole, tokens.Ids);
            int characters = Encoding.UTF8.GetCharCount(bytes.AsSpan(0, used));
            ArrayPool<byte>.Shared.Return(bytes);
            piece = piece[characters..];
            length = used > 0 ? LongPieceMerger.BlockLength : length * 2;
        }
    }
}

/// <summary>Applies BPE merges to pieces of any length in O(n log n). A heap holds the pairs that can merge, ordered by rank, then from the left.</summary>
/// <remarks>
/// <see cref="Microsoft.ML.Tokenizers.BpeTokenizer"/> removes merged tokens from an array one at a time, which is quadratic: it takes 1.7 s for a
/// word of 100,000 letters, and this class takes tens of milliseconds. Web pages with embedded base64 images contain such words.
/// <para>
/// Pieces of megabytes are merged in blocks, so that memory stays small and the work can stop early. Merges that cross the end of a block can
/// change the tokens before it, but not far back: each change needs another merge of a neighbour. The last <see cref="Margin"/> tokens of a block
/// are dropped, and the next block begins with their bytes.
/// </para>
/// </remarks>
internal sealed class LongPieceMerger
{
    /// <summary>The characters in a block.</summary>
    public const int BlockLength = 1 << 17;

    private const int Margin = 1024;
    private const int NoMerge = int.MaxValue;

    private readonly Dictionary<(int Left, int Right), int> _ranks;

    public LongPieceMerger(MergeList merges) => _ranks = merges.Merges.Index().ToDictionary(merge => merge.Item, merge => merge.Index);

    /// <summary>Appends the tokens of a piece, in the numbering of <see cref="MergeList"/>.</summary>
    /// <param name="piece">The bytes.</param>
    /// <param name="isWhole">Whether the piece ends there. If not, its last tokens are left out.</param>
    /// <param name="tokens">Receives the tokens.</param>
    /// <returns>The number of bytes of the appended tokens, which end with a character.</returns>
    public int Merge(ReadOnlySpan<byte> piece, bool isWhole, List<int> tokens)
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

        int end = isWhole ? count : EndOfFinal(piece, next, previous);
        for (int i = 0; i < end; i = next[i])
        {
            tokens.Add(token[i]);
        }

        return end;

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
    // The start of the last tokens, moved back to a token that begins with the first byte of a character.
    private static int EndOfFinal(ReadOnlySpan<byte> piece, int[] next, int[] previous)
    {
        int last = 0;
        for (int i = 0; i < piece.Length; i = next[i])
        {
            last = i;
        }

        for (int i = 0; i < Margin && last > 0; i++)
        {
            last = previous[last];
        }

        while (last > 0 && (piece[last] & 0xC0) == 0x80)
        {
            last = previous[last];
        }

        return last;
    }
}
