using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Recognition.Tests.Decoding;

public class WordContextsTests
{
    [Fact]
    public void Word_histories_stay_the_same_when_others_are_forgotten()
    {
        var contexts = new WordContexts(null, new int[1_000_000], HypothesisMerging.Words);
        int one = Next(WordContexts.Start, 1), middle = Next(one, 2), last = Next(middle, 3);
        for (int word = 10; !contexts.IsFull; word++)
        {
            Next(one, word);
        }

        int[] kept = [last, one];
        contexts.Compact(kept);
        Assert.False(contexts.IsFull);
        Assert.InRange(kept.Max(), 1, 4);
        Assert.NotEqual(kept[0], kept[1]);
        Assert.Equal(kept[1], Next(WordContexts.Start, 1));
        Assert.Equal(kept[0], Next(Next(kept[1], 2), 3));
        int other = Next(kept[1], 10);
        Assert.DoesNotContain(other, kept);
        Assert.Equal(other, Next(kept[1], 10));

        int Next(int context, int word)
        {
            contexts.Score(context, word, out int next);
            return next;
        }
    }
}
