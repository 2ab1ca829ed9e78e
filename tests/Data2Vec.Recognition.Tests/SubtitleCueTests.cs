using Data2Vec.Audio;
using Data2Vec.Recognition.Subtitles;

namespace Data2Vec.Recognition.Tests;

public sealed class SubtitleCueTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Subtitles_have_sensible_lengths_do_not_overlap_and_lose_no_word(int seed)
    {
        var random = new Random(seed);
        var words = new List<TranscriptWord>();
        double time = 0;
        for (int i = 0; i < 1000; i++)
        {
            double start = time + (random.Next(8) == 0 ? 3 * random.NextDouble() : 0.1 * random.NextDouble()), end = start + 0.05 + random.NextDouble() * (random.Next(50) == 0 ? 12 : 0.6);
            words.Add(Word(new string((char)('a' + i % 26), random.Next(200) == 0 ? 100 : random.Next(1, 14)), start, end));
            time = end;
        }

        IReadOnlyList<SubtitleCue> cues = SubtitleCue.Divide(Transcript(words));
        Assert.Equal(string.Concat(words.Select(word => word.Text)), string.Concat(cues.SelectMany(cue => cue.Lines)).Replace(" ", "", StringComparison.Ordinal));
        Assert.All(cues, cue =>
        {
            Assert.InRange(cue.Lines.Count, 1, 2);
            Assert.All(cue.Lines, line => Assert.InRange(line.Length, 1, 42));
            Assert.InRange(cue.End - cue.Start, TimeSpan.Zero, TimeSpan.FromSeconds(7));
        });
        Assert.All(cues.Zip(cues.Skip(1)), pair => Assert.True(pair.First.Start < pair.First.End && pair.First.End <= pair.Second.Start));

        // A pause of a second is in no subtitle, but for the second that a short one stays.
        foreach ((TranscriptWord before, TranscriptWord after) in words.Zip(words.Skip(1)).Where(pair => pair.Second.Start - pair.First.End > TimeSpan.FromSeconds(1)))
        {
            Assert.DoesNotContain(cues, cue => cue.Start < before.End && cue.End > after.Start);
        }
    }

    [Fact]
    public void Two_lines_are_about_as_long_as_each_other()
    {
        string[] text = "the quick brown fox jumps over the lazy dog and runs".Split(' ');
        SubtitleCue cue = Assert.Single(SubtitleCue.Divide(Transcript([.. text.Select((word, i) => Word(word, i * 0.3, i * 0.3 + 0.3))])));
        Assert.Equal(["the quick brown fox jumps", "over the lazy dog and runs"], cue.Lines);
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromSeconds(3.3)), (cue.Start, cue.End));
    }

    [Fact]
    public void A_short_word_stays_for_a_second_or_until_the_next_subtitle()
    {
        Transcript transcript = Transcript([Word("one", 1, 1.2), Word("two", 4, 4.1), Word("three", 4.9, 5)]) with { Duration = TimeSpan.FromSeconds(9) };
        Assert.Equal([(1.0, 2.0), (4.0, 4.9), (4.9, 5.9)], SubtitleCue.Divide(transcript).Select(cue => (cue.Start.TotalSeconds, cue.End.TotalSeconds)));
        Assert.Equal([(1.0, 1.2), (4.0, 4.1), (4.9, 5.0)], SubtitleCue.Of(transcript, words: true).Select(cue => (cue.Start.TotalSeconds, cue.End.TotalSeconds)));
        Assert.Empty(SubtitleCue.Divide(Transcript([])));

        // None stays after the end of the recording.
        Assert.Equal(5.25, SubtitleCue.Divide(transcript with { Duration = TimeSpan.FromSeconds(5.25) })[^1].End.TotalSeconds);
    }

    private static TranscriptWord Word(string text, double start, double end) => new(text, TimeSpan.FromSeconds(start), TimeSpan.FromSeconds(end), 1);

    private static Transcript Transcript(IReadOnlyList<TranscriptWord> words)
    {
        string text = string.Join(' ', words.Select(word => word.Text));
        TimeSpan end = words is [.., var last] ? last.End : TimeSpan.Zero;
        return new Transcript(text, end, [new TranscriptSegment(TimeSpan.Zero, end, text, words)]);
    }
}
