using System.Diagnostics;
using System.Text;
using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

public class LongTextTests
{
    private static readonly TextTokenizer s_tokenizer = TokenizerFixtures.Tokenizer;
    private static readonly MergeList s_merges = MergeList.Read(TokenizerFixtures.VocabBpe, "vocab.bpe");

    public static TheoryData<string> Units => ["a", "the", "ha中", " ", "=", "9", "information", "é𝒜"];

    [Fact]
    public void The_merger_for_long_pieces_gives_the_tokens_of_the_library()
    {
        BytePairEncoder library = new(s_merges);
        LongPieceMerger merger = new(s_merges);
        foreach ((string text, _) in TokenizerFixtures.Reference)
        {
            for (int start = 0; start < text.Length;)
            {
                int end = PieceSplitter.EndOfPiece(text, start);
                string piece = text[start..end];
                start = end;
                if (Encoding.UTF8.GetByteCount(piece) > BytePairEncoder.LibraryPieceBytes)
                {
                    continue;
                }

                List<int> expected = [];
                library.Encode(piece, new TokenCollector(expected, int.MaxValue, default));
                List<int> actual = [];
                merger.Merge(Encoding.UTF8.GetBytes(piece), isWhole: true, actual);
                Assert.Equal(expected, actual);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void Words_near_the_limit_between_library_and_merger_follow_the_definition(string unit)
    {
        int repeats = BytePairEncoder.LibraryPieceBytes / Encoding.UTF8.GetByteCount(unit);
        foreach (int count in (int[])[repeats - 1, repeats, repeats + 1, repeats + 2])
        {
            string word = string.Concat(Enumerable.Repeat(unit, count));
            List<int> actual = [];
            new BytePairEncoder(s_merges).Encode(word, new TokenCollector(actual, int.MaxValue, default));

            Assert.Equal(MergeByDefinition(Pieces(word)), actual);
        }
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void A_word_of_100000_characters_takes_less_than_a_second(string unit)
    {
        string word = string.Concat(Enumerable.Repeat(unit, 100_000 / unit.Length));

        AssertEncodedWithinASecond(word);
    }

    [Fact]
    public void A_text_of_100000_characters_of_all_scripts_takes_less_than_a_second()
    {
        StringBuilder builder = new();
        foreach ((string part, _) in TokenizerFixtures.Reference)
        {
            builder.Append(part);
            if (builder.Length > 100_000)
            {
                break;
            }
        }

        AssertEncodedWithinASecond(builder.ToString());
    }

    [Theory, InlineData("a gripping, funny film. "), InlineData("gripping"), InlineData("東"), InlineData("\n")]
    public void Of_a_text_of_40_million_characters_no_more_is_tokenized_than_the_policy_needs(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, 40_000_000 / unit.Length));
        Stopwatch watch = Stopwatch.StartNew();
        TextWindows truncated = s_tokenizer.EncodeWindows(text, 64, LongTextPolicy.Truncate);
        TextTooLongException error = Assert.Throws<TextTooLongException>(() => s_tokenizer.EncodeWindows(text, 64, LongTextPolicy.Error));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
        Assert.Equal(s_tokenizer.EncodeWithoutSpecials(text[..20_000])[..62], truncated.Windows.Single().Ids[1..^1]);
        Assert.True(truncated.IsTruncated);
        Assert.Contains("more than 64 tokens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancellation_ends_the_tokenizing_of_a_long_text()
    {
        foreach (string text in (string[])[string.Concat(Enumerable.Repeat("a film ", 5_000_000)), new string('x', 40_000_000)])
        {
            using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
            Stopwatch watch = Stopwatch.StartNew();
            Assert.Throws<OperationCanceledException>(() => s_tokenizer.EncodeWindows(text, 64, LongTextPolicy.Chunk, cancellationToken: source.Token));
            Assert.InRange(watch.Elapsed.TotalSeconds, 0, 3);
        }
    }

    [Fact]
    public void More_tokens_than_windows_are_made_of_are_refused()
    {
        TextTokenizer words = TextTokenizer.FromWordPieces("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"u8.ToArray(), new WordPieceOptions());
        string text = new('.', TextTokenizer.MaxTokens + 2);
        Assert.Contains(
            "more than 16777216 tokens", Assert.Throws<TextTooLongException>(() => words.EncodeWindows(text, 64, LongTextPolicy.Chunk)).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData("a"), InlineData("the"), InlineData("ha中"), InlineData("information"), InlineData("é𝒜")]
    public void A_word_of_several_blocks_has_the_tokens_of_the_whole_word(string unit)
    {
        // Letters in an irregular order make merges that depend on one another.
        var random = new Random(7);
        var word = new StringBuilder(unit);
        while (word.Length < 3 * LongPieceMerger.BlockLength)
        {
            word.Append((char)random.Next('a', 'z' + 1)).Append(random.Next(9) == 0 ? unit : "");
        }

        string text = Assert.Single(Pieces(word.ToString()));
        List<int> expected = [], actual = [];
        new LongPieceMerger(s_merges).Merge(Encoding.UTF8.GetBytes(text), isWhole: true, expected);
        new BytePairEncoder(s_merges).Encode(text, new TokenCollector(actual, int.MaxValue, default));
        Assert.Equal(expected, actual);
    }

    // The fastest of three runs, to reduce the effect of other load on the machine.
    private static void AssertEncodedWithinASecond(string text)
    {
        TimeSpan fastest = TimeSpan.MaxValue;
        int[] ids = [];
        for (int run = 0; run < 3; run++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            ids = TokenizerFixtures.Tokenizer.Encode(text);
            fastest = watch.Elapsed < fastest ? watch.Elapsed : fastest;
        }

        Assert.InRange(fastest.TotalSeconds, 0, 1);
        Assert.Equal(text, TokenizerFixtures.Tokenizer.Decode(ids));
    }

    private static IEnumerable<string> Pieces(string text)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = PieceSplitter.EndOfPiece(text, start);
            yield return text[start..end];
            start = end;
        }
    }

    // The definition: merge the pair of the lowest rank at all its positions, from the left, until no pair is left.
    private static List<int> MergeByDefinition(IEnumerable<string> pieces)
    {
        List<int> all = [];
        foreach (string piece in pieces)
        {
            List<int> tokens = [.. Encoding.UTF8.GetBytes(piece).Select(value => (int)value)];
            for (int rank = 0; rank < s_merges.Merges.Count; rank++)
            {
                // Every merge makes a new token from tokens of lower rank, so one pass over the ranks suffices.
                for (int i = 0; i + 1 < tokens.Count; i++)
                {
                    if ((tokens[i], tokens[i + 1]) == s_merges.Merges[rank])
                    {
                        tokens[i] = MergeList.ByteCount + rank;
                        tokens.RemoveAt(i + 1);
                    }
                }
            }

            all.AddRange(tokens);
        }

        return all;
    }
}
