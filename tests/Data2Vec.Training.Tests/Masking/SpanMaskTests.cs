using Data2Vec.Training.Masking;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.Masking;

public class SpanMaskTests
{
    private static readonly SpanMask s_audio = new();

    /// <summary>The shares are those of fairseq's compute_mask_indices, measured over 4,000 sequences.</summary>
    [Theory]
    [InlineData(49, 0.511)]
    [InlineData(99, 0.497)]
    [InlineData(499, 0.492)]
    [InlineData(999, 0.491)]
    public void Masks_the_share_that_fairseq_masks(int frames, double share)
    {
        bool[] mask = Draw(s_audio, 2000, frames);
        Assert.InRange(mask.Count(masked => masked) / (double)mask.Length, share - 0.005, share + 0.005);
    }

    /// <summary>
    /// Masked frames, how often the first frame is masked, and how often the middle one, of fairseq's compute_mask_indices: means of 4,000 sequences.
    /// </summary>
    [Theory]
    [InlineData(12, 10.0, 0.498, 1.0)]
    [InlineData(15, 10.0, 0.205, 1.0)]
    [InlineData(18, 10.494, 0.142, 1.0)]
    [InlineData(20, 11.119, 0.134, 0.929)]
    [InlineData(25, 13.254, 0.102, 0.814)]
    [InlineData(30, 15.825, 0.095, 0.756)]
    [InlineData(49, 24.936, 0.080, 0.606)]
    public void Masks_the_places_that_fairseq_masks(int frames, double count, double first, double middle)
    {
        const int Items = 4000;
        bool[] mask = Draw(s_audio, Items, frames);
        Assert.InRange(mask.Count(masked => masked) / (double)Items, count - 0.35, count + 0.35);
        Assert.InRange(Share(0), first - 0.03, first + 0.03);
        Assert.InRange(Share(frames / 2), middle - 0.03, middle + 0.03);

        double Share(int frame) => Enumerable.Range(0, Items).Count(item => mask[(item * frames) + frame]) / (double)Items;
    }

    [Fact]
    public void The_last_frame_is_never_masked_and_every_sequence_of_two_frames_has_a_mask()
    {
        for (int frames = 1; frames <= 130; frames++)
        {
            bool[] mask = Draw(s_audio, 200, frames);
            for (int item = 0; item < 200; item++)
            {
                ReadOnlySpan<bool> sequence = mask.AsSpan(item * frames, frames);
                Assert.False(sequence[^1]);
                Assert.Equal(frames > 1, sequence.Contains(true));
            }
        }
    }

    [Theory]
    [InlineData(1.0, 1, 1)]
    [InlineData(1.0, 3, 5)]
    [InlineData(0.9, 64, 0)]
    [InlineData(0.01, 10, 40)]
    [InlineData(0.0, 10, 0)]
    public void Extreme_settings_mask_no_sequence_entirely(double probability, int length, int minimum)
    {
        var settings = new SpanMask { Probability = probability, Length = length, MinimumSpans = minimum };
        for (int frames = 0; frames <= 70; frames++)
        {
            bool[] mask = Draw(settings, 20, frames);
            for (int item = 0; item < 20 && frames > 0; item++)
            {
                Assert.False(mask[((item + 1) * frames) - 1]);
            }
        }
    }

    /// <summary>The shares are those of fairseq's compute_mask_indices over 2,000 items; it cannot mask 64 of 48 channels.</summary>
    [Theory]
    [InlineData(48, 10, 0.25, 0.2396)]
    [InlineData(768, 64, 0.25, 0.2284)]
    [InlineData(768, 64, 0.5, 0.4036)]
    public void Masks_channels_as_fairseq(int channels, int length, double probability, double share)
    {
        bool[] mask = Draw(new SpanMask { Probability = probability, Length = length, MinimumSpans = 0 }, 2000, channels);
        Assert.InRange(mask.Count(masked => masked) / (double)mask.Length, share - 0.007, share + 0.007);
    }

    /// <summary>The shares are fairseq's, measured over 4,000 sequences in batches of 8.</summary>
    [Theory]
    [InlineData(49, 0.37)]
    [InlineData(99, 0.40)]
    [InlineData(499, 0.45)]
    [InlineData(999, 0.46)]
    public void Same_masks_give_every_sequence_as_many_masked_frames(int frames, double share)
    {
        int masked = 0;
        const int Batches = 300;
        for (int batch = 0; batch < Batches; batch++)
        {
            bool[] mask = Draw(s_audio with { RequireSameMasks = true }, 8, frames, batch);
            int[] counts = [.. mask.Chunk(frames).Select(sequence => sequence.Count(value => value))];
            Assert.All(counts, count => Assert.Equal(counts[0], count));
            masked += counts.Sum();
        }

        Assert.InRange(masked / (8.0 * Batches * frames), share - 0.01, share + 0.01);
    }

    [Fact]
    public void Same_masks_keep_a_subset_of_the_masked_frames_in_batches_of_mixed_lengths()
    {
        int[] lengths = [99, 20, 3, 250];
        bool[] without = new bool[lengths.Sum()], same = new bool[lengths.Sum()];
        var source = new RandomSource(1, 1, RandomSite.TimeMask);
        s_audio.Draw(source, [4, 5, 6, 7], lengths, without);
        (s_audio with { RequireSameMasks = true }).Draw(source, [4, 5, 6, 7], lengths, same);
        Assert.DoesNotContain(true, same.Where((masked, i) => masked && !without[i]));
        Assert.Equal(4, same.Count(masked => masked)); // one frame each: the third has no more
    }

    [Fact]
    public void Mask_dropout_unmasks_its_share()
    {
        bool[] all = Draw(s_audio, 50, 200), some = Draw(s_audio with { MaskDropout = 0.25 }, 50, 200);
        for (int item = 0; item < 50; item++)
        {
            int before = all.AsSpan(item * 200, 200).Count(true);
            Assert.Equal(before - (int)Math.Round(before * 0.25), some.AsSpan(item * 200, 200).Count(true));
        }

        Assert.DoesNotContain(true, some.Where((masked, i) => masked && !all[i]));
    }

    [Fact]
    public void A_mask_depends_on_its_item_alone_and_changes_with_the_update()
    {
        bool[] together = Draw(s_audio, 3, 99, firstItem: 7);
        bool[] alone = new bool[99];
        s_audio.Draw(new RandomSource(1, 0, RandomSite.TimeMask), [8], [99], alone);
        Assert.Equal(together[99..198], alone);
        s_audio.Draw(new RandomSource(1, 1, RandomSite.TimeMask), [8], [99], alone);
        Assert.NotEqual(together[99..198], alone);
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        var source = new RandomSource(1, 0, RandomSite.TimeMask);
        Assert.Contains("1.5", Assert.Throws<ArgumentException>(() => new SpanMask { Probability = 1.5 }.Draw(source, [0], [9], new bool[9])).Message);
        Assert.Throws<ArgumentException>(() => new SpanMask { Length = 0 }.Draw(source, [0], [9], new bool[9]));
        Assert.Throws<ArgumentException>(() => s_audio.Draw(source, [0], [9], new bool[8]));
        Assert.Throws<ArgumentException>(() => s_audio.Draw(source, [0, 1], [9], new bool[9]));
    }

    private static bool[] Draw(SpanMask settings, int items, int frames, long update = 0, long firstItem = 0)
    {
        bool[] mask = new bool[items * frames];
        long[] numbers = [.. Enumerable.Range(0, items).Select(i => firstItem + i)];
        settings.Draw(new RandomSource(1, update, RandomSite.TimeMask), numbers, Enumerable.Repeat(frames, items).ToArray(), mask);
        return mask;
    }
}
