using System.Text;
using CsCheck;
using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

public class TokenizerPropertyTests
{
    private static readonly TextTokenizer s_tokenizer = TokenizerFixtures.Tokenizer;
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Code points from all planes, with ASCII, spaces and contractions in the majority.</summary>
    private static readonly Gen<Rune> s_rune = Gen.Frequency(
        (6, Gen.Int[0x00, 0x7F]), (2, Gen.Int[0, 4].Select(i => (int)" 'st\n"[i])), (2, Gen.Int[0x80, 0xD7FF]), (2, Gen.Int[0xE000, 0x10FFFF]))
        .Select(value => new Rune(value));

    private static readonly Gen<string> s_text = s_rune.Array[0, 200].Select(runes => string.Concat(runes));

    [Fact]
    public void Decoding_returns_any_valid_text() => s_text.Sample(text => s_tokenizer.Decode(s_tokenizer.Encode(text)) == text);

    [Fact]
    public void Text_that_Python_cannot_encode_as_UTF8_is_refused() => Gen.Char.Array[0, 100].Select(chars => new string(chars)).Sample(text =>
    {
        try
        {
            _ = s_strict.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            Assert.Contains("surrogate", Assert.Throws<ArgumentException>(() => s_tokenizer.Encode(text)).Message, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(text, s_tokenizer.Decode(s_tokenizer.Encode(text)));
    });

    [Fact]
    public void Pieces_cover_the_text_and_are_encoded_separately() => s_text.Sample(text =>
    {
        List<int> ids = [];
        for (int start = 0; start < text.Length;)
        {
            int end = PieceSplitter.EndOfPiece(text, start);
            Assert.InRange(end, start + 1, text.Length);
            ids.AddRange(s_tokenizer.EncodeWithoutSpecials(text[start..end]));
            start = end;
        }

        Assert.Equal(s_tokenizer.EncodeWithoutSpecials(text), ids);
    });

    [Fact]
    public void Windows_cover_all_tokens_within_the_limit() =>
        Gen.Select(s_text, Gen.Int[3, 40], Gen.Double[0, 1]).Sample((text, maxLength, share) =>
        {
            int overlap = Math.Min((int)(share * (maxLength - 2)), maxLength - 3);
            int[] ids = s_tokenizer.EncodeWithoutSpecials(text);
            TextWindows result = s_tokenizer.EncodeWindows(text, maxLength, LongTextPolicy.Chunk, overlap);
            List<int> joined = [];
            foreach (TextWindow window in result.Windows)
            {
                Assert.InRange(window.Ids.Length, 2, maxLength);
                Assert.Equal((s_tokenizer.BeginId, s_tokenizer.EndId), (window.Ids[0], window.Ids[^1]));
                Assert.Equal(ids.AsSpan(window.Offset, window.TokenCount), window.Ids.AsSpan()[1..^1]);
                Assert.InRange(window.Offset, 0, joined.Count);
                joined.AddRange(window.Ids[(1 + joined.Count - window.Offset)..^1]);
            }

            Assert.Equal(ids, joined);
            Assert.Equal((ids.Length, false), (result.TokenCount, result.IsTruncated));
            Assert.Equal(1, result.Windows.Sum(window => window.Weight), 1e-9);
        });
}
