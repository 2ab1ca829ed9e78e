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
