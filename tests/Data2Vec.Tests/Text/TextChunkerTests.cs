using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

public class TextChunkerTests
{
    private const int Begin = 1000;
    private const int End = 1001;

    [Theory]
    [InlineData(LongTextPolicy.Truncate)]
    [InlineData(LongTextPolicy.Error)]
    [InlineData(LongTextPolicy.Chunk)]
    public void A_text_that_fits_exactly_is_one_window_under_every_policy(LongTextPolicy policy)
    {
        int[] ids = [.. Enumerable.Range(0, 510)];
        TextWindows result = TextChunker.Split(ids, Begin, End, 512, policy);

        TextWindow window = Assert.Single(result.Windows);
        Assert.Equal([Begin, .. ids, End], window.Ids);
        Assert.Equal((0, 1.0, 510), (window.Offset, window.Weight, window.TokenCount));
        Assert.Equal((510, false, (LongTextPolicy?)null), (result.TokenCount, result.IsTruncated, result.Applied));
    }

    [Fact]
    public void An_empty_text_is_one_window_of_begin_and_end()
    {
        TextWindow window = Assert.Single(TextChunker.Split([], Begin, End, 512, LongTextPolicy.Chunk).Windows);

        Assert.Equal([Begin, End], window.Ids);
        Assert.Equal(1, window.Weight);
    }

    [Fact]
    public void Truncating_keeps_the_beginning_and_counts_the_rest()
    {
        TextWindows result = TextChunker.Split([.. Enumerable.Range(0, 700)], Begin, End, 512, LongTextPolicy.Truncate);

        Assert.Equal([Begin, .. Enumerable.Range(0, 510), End], Assert.Single(result.Windows).Ids);
        Assert.Equal((510, true, (LongTextPolicy?)LongTextPolicy.Truncate), (result.TokenCount, result.IsTruncated, result.Applied));
    }

    [Fact]
    public void The_error_names_the_limit_and_the_other_policies()
    {
        TextTooLongException error = Assert.Throws<TextTooLongException>(
            () => TextChunker.Split(new int[511], Begin, End, 512, LongTextPolicy.Error));

        Assert.Equal(512, error.Limit);
        Assert.Contains("more than 512 tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains("Truncate", error.Message, StringComparison.Ordinal);
        Assert.Contains("Chunk", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_overlap_by_a_quarter_by_default()
    {
        TextWindows result = TextChunker.Split(new int[511], Begin, End, 512, LongTextPolicy.Chunk);

        Assert.Equal([0, 383], result.Windows.Select(window => window.Offset));
        Assert.Equal([510, 128], result.Windows.Select(window => window.TokenCount));
        Assert.Equal(510.0 / 638, result.Windows[0].Weight, 1e-12);
    }

    [Fact]
    public void Chunks_cover_all_tokens_with_the_given_overlap_and_are_weighted_by_length()
    {
        for (int maxLength = 3; maxLength <= 12; maxLength++)
        {
            for (int overlap = 0; overlap < maxLength - 2; overlap++)
            {
                for (int count = maxLength - 1; count < 50; count++)
                {
                    Check([.. Enumerable.Range(0, count)], maxLength, overlap);
                }
            }
        }
    }

    [Fact]
    public void Invalid_lengths_overlaps_and_policies_are_rejected()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => TextChunker.Split([1], Begin, End, 2, LongTextPolicy.Chunk));
        Assert.Throws<ArgumentOutOfRangeException>(() => TextChunker.Split([1], Begin, End, 12, LongTextPolicy.Chunk, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => TextChunker.Split([1], Begin, End, 12, LongTextPolicy.Chunk, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TextChunker.Split(new int[20], Begin, End, 12, (LongTextPolicy)7));
    }

    private static void Check(int[] ids, int maxLength, int overlap)
    {
        TextWindows result = TextChunker.Split(ids, Begin, End, maxLength, LongTextPolicy.Chunk, overlap);

        Assert.Equal((ids.Length, false, (LongTextPolicy?)LongTextPolicy.Chunk), (result.TokenCount, result.IsTruncated, result.Applied));
        List<int> joined = [];
        foreach (TextWindow window in result.Windows)
        {
            Assert.InRange(window.Ids.Length, 3, maxLength);
            Assert.Equal((Begin, End), (window.Ids[0], window.Ids[^1]));
            Assert.Equal(window.Offset, window.Ids[1]);

            int repeated = joined.Count - window.Offset;
            Assert.Equal(joined.Count == 0 ? 0 : overlap, repeated);
            Assert.True(window.TokenCount > repeated, "every window adds tokens");
            joined.AddRange(window.Ids[(1 + repeated)..^1]);
        }

        Assert.Equal(ids, joined);
        Assert.All(result.Windows.SkipLast(1), window => Assert.Equal(maxLength, window.Ids.Length));
        double total = result.Windows.Sum(window => window.TokenCount);
        Assert.All(result.Windows, window => Assert.Equal(window.TokenCount / total, window.Weight, 1e-12));
    }
}
