using System.Diagnostics;
using System.Text;
using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

public class LongTextTests
{
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
                library.Encode(piece, expected);
                List<int> actual = [];
                merger.Merge(Encoding.UTF8.GetBytes(piece), actual);
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
            new BytePairEncoder(s_merges).Encode(word, actual);

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
