using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Data2Vec.Recognition.Scoring;

namespace Data2Vec.Recognition.Tests.Scoring;

public class TranscriptScoresTests
{
    private static readonly ScoringOptions s_sclite = new() { Costs = EditCosts.Sclite, FoldCase = true };

    /// <summary>The counts that were published with the hypotheses, and the alignments of sclite 2.10; see <c>Fixtures/scoring/make_scoring.py</c>.</summary>
    [Theory]
    [InlineData("test-clean", 0)]
    [InlineData("test-clean", 1)]
    [InlineData("test-other", 0)]
    public void Counts_and_alignments_of_LibriSpeech_are_those_that_were_published(string test, int system)
    {
        using var expected = JsonDocument.Parse(File.ReadAllText(Fixture("sclite.json")));
        JsonElement published = expected.RootElement.EnumerateArray().Where(entry => entry.GetProperty("test").GetString() == test).ElementAt(system);
        var scores = new TranscriptScores(Read(test, system));

        JsonElement counts = published.GetProperty("counts");
        Check(counts.GetProperty("WER"), scores.Words);
        Check(counts.GetProperty("B-WER"), scores.RareWords!.Value);
        Check(counts.GetProperty("U-WER"), scores.OtherWords!.Value);

        string rows = string.Concat(scores.Transcripts.SelectMany(transcript => transcript.Rows()).Select(row => row + "\n"));
        Assert.Equal(published.GetProperty("alignments").GetString(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(rows))));

        static void Check(JsonElement counts, EditCounts actual)
        {
            Assert.Equal(counts.GetProperty("subs").GetInt64(), actual.Substitutions);
            Assert.Equal(counts.GetProperty("ins").GetInt64(), actual.Insertions);
            Assert.Equal(counts.GetProperty("dels").GetInt64(), actual.Deletions);
            Assert.Equal(counts.GetProperty("ref_words").GetInt64(), actual.ReferenceLength);
            Assert.Equal(counts.GetProperty("error_rate").GetDouble(), 100 * actual.Rate, 12);
        }
    }

    /// <summary>The confusions that sclite 2.10 lists for these texts (<c>-o dtl</c>).</summary>
    [Fact]
    public void Confusions_are_those_of_sclite()
    {
        var scores = new TranscriptScores(
        [
            ScoredTranscript.Score("a-1", "The cat sat", "the Cat sits on", s_sclite),
            ScoredTranscript.Score("a-2", "", "foo bar", s_sclite),
            ScoredTranscript.Score("a-3", "one two", "", s_sclite),
            ScoredTranscript.Score("a-4", "one", "x one y", s_sclite),
        ]);
        Assert.Equal([new Confusion("sat", "on", 1)], scores.Confusions(EditKind.Substitution));
        Assert.Equal(["bar", "foo", "sits", "x", "y"], scores.Confusions(EditKind.Insertion).Select(confusion => confusion.Hypothesis));
        Assert.Equal(["one", "two"], scores.Confusions(EditKind.Deletion).Select(confusion => confusion.Reference));
        Assert.Equal(2, scores.Confusions(EditKind.Insertion, 2).Count);
        Assert.Equal((4, 1.0), (scores.WrongSentences, scores.SentenceErrorRate));
        Assert.Null(scores.RareWords);
    }

    [Fact]
    public void Frequent_confusions_come_first()
    {
        var scores = new TranscriptScores([ScoredTranscript.Score("1", "a b a b a", "x y x b x"), ScoredTranscript.Score("2", "b", "z")]);
        Assert.Equal([new Confusion("a", "x", 3), new Confusion("b", "y", 1), new Confusion("b", "z", 1)], scores.Confusions(EditKind.Substitution));
    }

    [Fact]
    public void An_inserted_word_is_charged_to_the_rare_words_if_it_is_one()
    {
        var scores = new TranscriptScores([ScoredTranscript.Score("1", "the cat", "the Rare cat sat", new ScoringOptions { FoldCase = true }, ["rare", "CAT"])]);
        Assert.Equal(new EditCounts(0, 1, 0, 1), scores.RareWords);
        Assert.Equal(new EditCounts(0, 1, 0, 1), scores.OtherWords);
    }

    [Fact]
    public void Characters_count_with_or_without_spaces()
    {
        Assert.Equal(new EditCounts(0, 0, 1, 7), ScoredTranscript.Score("1", "one two", "onetwo").Characters);
        Assert.Equal(new EditCounts(0, 0, 0, 6), ScoredTranscript.Score("1", "one two", "onetwo", new ScoringOptions { CountSpaces = false }).Characters);
    }

    /// <summary>By the central limit theorem the interval is about 1.96 standard deviations of the ratio on both sides.</summary>
    [Fact]
    public void The_bootstrap_interval_is_repeatable_and_as_wide_as_theory_says()
    {
        var scores = new TranscriptScores(Read("test-other", 0));
        (double low, double high) = scores.Bootstrap();
        Assert.Equal((low, high), scores.Bootstrap());
        Assert.NotEqual((low, high), scores.Bootstrap(seed: 2));

        double rate = scores.Words.Rate, words = scores.Words.ReferenceLength;
        double deviation = Math.Sqrt(scores.Transcripts.Sum(transcript => Math.Pow(transcript.Words.Errors - (rate * transcript.Words.ReferenceLength), 2))) / words;
        Assert.InRange(low, rate - (2.15 * deviation), rate - (1.75 * deviation));
        Assert.InRange(high, rate + (1.75 * deviation), rate + (2.15 * deviation));
    }

    private static List<ScoredTranscript> Read(string test, int system)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Fixture($"{test}.tsv.gz")), CompressionMode.Decompress));
        var transcripts = new List<ScoredTranscript>();
        while (reader.ReadLine() is { } line)
        {
            string[] fields = line.Split('\t');
            transcripts.Add(ScoredTranscript.Score(fields[0], fields[1], fields[3 + system], s_sclite, JsonSerializer.Deserialize<string[]>(fields[2])));
        }

        return transcripts;
    }

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "scoring", name);
}
