using Data2Vec.Training.Masking;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.Masking;

public class TokenMaskTests
{
    private const int Mask = 99;

    private static readonly RandomSource s_source = new(5, 0, RandomSite.TokenMask);

    /// <summary>The share is that of fairseq's MaskTokensDataset, measured.</summary>
    [Fact]
    public void Masks_spans_as_data2vec()
    {
        int masked = 0, all = 0;
        var runs = new SortedSet<int>();
        for (int item = 0; item < 500; item++)
        {
            (int[] input, bool[] chosen) = Draw(TokenMask.Data2Vec(Mask), item, 512);
            Assert.All(input, (token, i) => Assert.Equal(chosen[i] ? Mask : Text(512)[i], token));
            masked += chosen.Count(value => value);
            all += 512;
            int run = 0;
            foreach (bool value in chosen)
            {
                if (!value && run > 0)
                {
                    runs.Add(run);
                }

                run = value ? run + 1 : 0;
            }
        }

        Assert.InRange(masked / (double)all, 0.306 - 0.005, 0.306 + 0.005);
        Assert.Equal(4, runs.Min);
    }

    [Fact]
    public void The_ends_can_be_masked_and_short_texts_may_have_no_mask()
    {
        int first = 0, last = 0, none = 0;
        for (int item = 0; item < 1000; item++)
        {
            (_, bool[] chosen) = Draw(TokenMask.Data2Vec(Mask), item, 6);
            first += chosen[0] ? 1 : 0;
            last += chosen[^1] ? 1 : 0;
            none += chosen.Contains(true) ? 0 : 1;
        }

        // 0.525 spans a text. The first token is masked by one of the six starts, the last by four of them.
        Assert.InRange(first, 1000 * 0.525 / 6 - 40, 1000 * 0.525 / 6 + 40);
        Assert.InRange(last, 1000 * 0.525 * 4 / 6 - 70, 1000 * 0.525 * 4 / 6 + 70);
        Assert.InRange(none, 475 - 70, 475 + 70);
    }

    [Fact]
    public void No_text_is_too_short()
    {
        for (int length = 0; length < 6; length++)
        {
            for (int item = 0; item < 50; item++)
            {
                Draw(TokenMask.Data2Vec(Mask), item, length);
                Draw(TokenMask.Data2Vec(Mask) with { Probability = 1, SpanLength = 1 }, item, length);
            }
        }
    }

    [Fact]
    public void Masks_tokens_as_bert()
    {
        int chosenCount = 0, unchanged = 0, masked = 0, all = 0;
        int[] random = new int[120];
        TokenMask settings = TokenMask.Bert(Mask, 120);
        for (int item = 0; item < 1000; item++)
        {
            (int[] input, bool[] chosen) = Draw(settings, item, 100);
            int[] text = Text(100);
            all += text.Length;
            for (int i = 0; i < text.Length; i++)
            {
                if (!chosen[i])
                {
                    Assert.Equal(text[i], input[i]);
                    continue;
                }

                chosenCount++;
                masked += input[i] == Mask ? 1 : 0;
                unchanged += input[i] == text[i] ? 1 : 0;
                if (input[i] != Mask && input[i] != text[i])
                {
                    random[input[i]]++;
                }
            }
        }

        Assert.InRange(chosenCount / (double)all, 0.15 - 0.001, 0.15 + 0.001);
        Assert.InRange(masked / (double)chosenCount, 0.79, 0.81);
        Assert.InRange(unchanged / (double)chosenCount, 0.09, 0.112);
        Assert.Equal(0, random[Mask]);
        Assert.All(random[..4], count => Assert.Equal(0, count));
        Assert.Equal(115, random.Count(count => count > 0));
    }

    [Fact]
    public void Whole_words_are_chosen_and_treated_together()
    {
        // Words of 1, 2, 3 tokens; the text begins within a word.
        bool[] starts = [.. Enumerable.Range(0, 120).Select(i => i % 6 is 1 or 2 or 4)];
        int[] wordOf = new int[120];
        for (int i = 1; i < 120; i++)
        {
            wordOf[i] = wordOf[i - 1] + (starts[i] ? 1 : 0);
        }

        int words = 0, masked = 0, kept = 0, replaced = 0;
        for (int item = 0; item < 500; item++)
        {
            (int[] input, bool[] chosen) = Draw(TokenMask.Bert(Mask, 120), item, 120, starts);
            int[] text = Text(120);
            foreach (IGrouping<int, int> word in Enumerable.Range(0, 120).GroupBy(i => wordOf[i]))
            {
                int[] places = [.. word];
                Assert.Single(places.Select(i => chosen[i]).Distinct());
                if (chosen[places[0]])
                {
                    words++;
                    masked += places.All(i => input[i] == Mask) ? 1 : 0;
                    kept += places.All(i => input[i] == text[i]) ? 1 : 0;
                    replaced += places.All(i => input[i] != Mask) && places.Any(i => input[i] != text[i]) ? 1 : 0;
                }
            }
        }

        Assert.Equal(words, masked + kept + replaced);
        Assert.InRange(words / (500.0 * (wordOf[^1] + 1)), 0.145, 0.155);
        Assert.InRange(masked / (double)words, 0.78, 0.82);
        Assert.InRange(replaced / (double)words, 0.08, 0.12);
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        Assert.Contains("99", Assert.Throws<ArgumentException>(() => TokenMask.Data2Vec(Mask).Draw(s_source, 0, [0, 99], [], new int[2], new bool[2])).Message);
        Assert.Throws<ArgumentException>(() => TokenMask.Data2Vec(Mask).Draw(s_source, 0, [0, 1], [true], new int[2], new bool[2]));
        Assert.Throws<ArgumentException>(() => new TokenMask(Mask) { RandomProbability = 0.1 }.Draw(s_source, 0, [0], [], new int[1], new bool[1]));
        var tooMuch = new TokenMask(Mask) { RandomProbability = 0.6, UnchangedProbability = 0.6 };
        Assert.Throws<ArgumentException>(() => tooMuch.Draw(s_source, 0, [0], [], new int[1], new bool[1]));
    }

    private static int[] Text(int length) => [.. Enumerable.Range(0, length).Select(i => 4 + (i * 7 % 90))];

    private static (int[] Input, bool[] Chosen) Draw(TokenMask settings, int item, int length, bool[]? starts = null)
    {
        int[] input = new int[length];
        bool[] chosen = new bool[length];
        settings.Draw(s_source, item, Text(length), starts, input, chosen);
        return (input, chosen);
    }
}
