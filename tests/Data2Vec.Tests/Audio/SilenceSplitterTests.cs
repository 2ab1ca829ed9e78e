using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

public sealed class SilenceSplitterTests
{
    private static readonly AudioConfig s_config = Config();

    [Fact]
    public void Parts_are_the_digits_with_their_padding()
    {
        (Waveform recording, string[] words, (int Start, int End)[] places) = Digits.Join(60, 9, 0.7, 1.2);
        (long Start, int Length)[] parts = Split(recording.Samples, new SilenceSplitting(), 1);
        Assert.Equal(words.Length, parts.Length);
        for (int i = 0; i < parts.Length; i++)
        {
            Assert.InRange(parts[i].Start - places[i].Start, -0.35 * Digits.Rate, 0);
            Assert.InRange(parts[i].Start + parts[i].Length - places[i].End, 0, 0.35 * Digits.Rate);
        }
    }

    [Fact]
    public void Parts_do_not_depend_on_blocks_or_loudness()
    {
        (Waveform recording, _, _) = Digits.Join(80, 4, 0.2, 1.5);
        (long, int)[] parts = Split(recording.Samples, new SilenceSplitting(), 1);
        Assert.Equal(parts, Split(recording.Samples, new SilenceSplitting(), 2));
        Assert.Equal(parts, Split([.. recording.Samples.Select(sample => sample / 64)], new SilenceSplitting(), 3));
        Assert.Equal(parts, SilenceSplitter.Split(recording.Samples, new SilenceSplitting(), s_config).Select(part => (part[0].Start, part[0].Length)));
    }

    [Fact]
    public void Sound_without_pauses_is_cut_where_it_is_quietest_and_nothing_is_lost()
    {
        // A tone whose loudness falls to a tenth every three seconds, for 0.2 s.
        float[] samples = [.. Enumerable.Range(0, 40 * Digits.Rate).Select(i => MathF.Sin(i * 0.3f) * (i % (3 * Digits.Rate) is > 44_800 ? 0.1f : 0.9f))];
        (long Start, int Length)[] parts = Split(samples, new SilenceSplitting { LongestSegment = TimeSpan.FromSeconds(5) }, 1);
        Assert.Equal(0, parts[0].Start);
        Assert.Equal(samples.Length, parts[^1].Start + parts[^1].Length);
        Assert.All(parts.Zip(parts.Skip(1)), pair => Assert.Equal(pair.First.Start + pair.First.Length, pair.Second.Start));
        Assert.All(parts[..^1], part => Assert.InRange((part.Start + part.Length) % (3 * Digits.Rate), 45_000, 48_000));
        Assert.All(parts, part => Assert.InRange(part.Length, 1, 5 * Digits.Rate));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(159), InlineData(161), InlineData(16_000), InlineData(2_000_000)]
    public void Silence_has_no_parts(int samples) => Assert.Empty(Split(new float[samples], new SilenceSplitting(), 1));

    private static (long Start, int Length)[] Split(float[] samples, SilenceSplitting options, int seed)
    {
        var random = new Random(seed);
        var parts = new List<(long, int)>();
        var splitter = new SilenceSplitter(options, s_config, (start, part) =>
        {
            Assert.Equal(samples.AsSpan((int)start, part.Length), part);
            parts.Add((start, part.Length));
        });
        for (int at = 0, count; at < samples.Length; at += count)
        {
            count = Math.Min(samples.Length - at, random.Next(1, 50_000));
            splitter.Append(samples.AsSpan(at, count));
        }

        splitter.Complete();
        Assert.Equal(samples.Length, splitter.Count);
        return [.. parts];
    }

    private static AudioConfig Config()
    {
        using var model = BundledModels.Load<SpeechModel>("speech-ctc");
        return model.Config;
    }
}
