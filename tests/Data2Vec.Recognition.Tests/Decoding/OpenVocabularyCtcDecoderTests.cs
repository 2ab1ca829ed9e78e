using System.Text.Json;
using Data2Vec.Audio;
using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Recognition.Tests.Decoding;

public class OpenVocabularyCtcDecoderTests
{
    [Fact]
    public void Texts_word_frames_and_scores_are_those_of_an_independent_search()
    {
        DecodingCases all = DecodingCases.All;
        var known = new OpenVocabularyCtcDecoder(all.Labels, all.Model, all.Model.Words);
        var listless = new OpenVocabularyCtcDecoder(all.Labels, all.Model);
        var without = new OpenVocabularyCtcDecoder(all.Labels);
        var wrong = new List<string>();
        int count = 0;
        foreach (JsonElement item in all.Cases.Where(item => item.GetProperty("search").GetString() == "open"))
        {
            OpenVocabularyCtcDecoder decoder = !DecodingCases.Setting(item, "model", true) ? without : DecodingCases.Setting(item, "vocabulary", true) ? known : listless;
            CtcTranscript best = decoder.With(Options(item, all.HotWords)).Decode(all.Emissions(item))[0];
            count++;
            (int, int)[] frames = [.. item.GetProperty("words").EnumerateArray().Select(word => (word[0].GetInt32(), word[1].GetInt32()))];
            if (best.Text != item.GetProperty("text").GetString() || !frames.SequenceEqual(best.Words.Select(word => (word.StartFrame, word.EndFrame)))
                || best.Text != string.Join(' ', best.Words.Select(word => word.Text)) || Math.Abs(best.Score - item.GetProperty("score").GetDouble()) > 1e-4)
            {
                wrong.Add($"{item.GetProperty("utterance")} {item.GetProperty("settings")}: {best.Text} {best.Score} {string.Join(' ', best.Words)}, not {item}");
            }
        }

        Assert.True(count >= 80);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count}\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void Alternatives_are_different_texts_in_order()
    {
        DecodingCases all = DecodingCases.All;
        IReadOnlyList<CtcTranscript> found = new OpenVocabularyCtcDecoder(all.Labels, all.Model, all.Model.Words).Decode(all.Emissions(1), 10);
        Assert.Equal(10, found.Select(transcript => transcript.Text).Distinct().Count());
        Assert.Equal(found.OrderByDescending(transcript => transcript.Score), found);
    }

    [Fact]
    public void A_long_recording_is_searched_as_its_parts_are()
    {
        DecodingCases all = DecodingCases.All;
        var decoder = new OpenVocabularyCtcDecoder(all.Labels);
        const int Times = 120;
        float[] emissions = all.Emissions(0).ToArray();
        float[] repeated = [.. Enumerable.Repeat(emissions, Times).SelectMany(values => values)];
        string one = decoder.Decode(emissions)[0].Text;
        Assert.Equal(string.Join(' ', Enumerable.Repeat(one, Times)), decoder.Decode(repeated)[0].Text);
    }

    [Fact]
    public void Word_pieces_part_words_where_they_begin()
    {
        var decoder = new OpenVocabularyCtcDecoder(new CtcLabels(0, ["", " a", "b", " c"]));
        float[] logits = new float[6 * 4];
        foreach ((int frame, int label) in ((int, int)[])[(0, 1), (1, 0), (2, 2), (3, 3), (4, 3), (5, 2)])
        {
            logits[(frame * 4) + label] = 20;
        }

        CtcTranscript best = decoder.Decode(logits)[0];
        Assert.Equal("ab cb", best.Text);
        Assert.Equal([(0, 3), (3, 6)], best.Words.Select(word => (word.StartFrame, word.EndFrame)));
    }

    [Fact]
    public void Labels_that_end_words_part_them()
    {
        var labels = new CtcLabels(0, ["", "a", "b ", "c "]);
        float[] logits = new float[6 * 4];
        foreach ((int frame, int label) in ((int, int)[])[(0, 1), (1, 2), (2, 2), (3, 0), (4, 3), (5, 1)])
        {
            logits[(frame * 4) + label] = 20;
        }

        CtcDecoder[] decoders = [new OpenVocabularyCtcDecoder(labels), new GreedyCtcDecoder(labels)];
        Assert.All(decoders, decoder =>
        {
            CtcTranscript best = decoder.Decode(logits)[0];
            Assert.Equal("ab c a", best.Text);
            Assert.Equal([("ab", 0, 3), ("c", 4, 5), ("a", 5, 6)], best.Words.Select(word => (word.Text, word.StartFrame, word.EndFrame)));
        });
    }

    [Fact]
    public void Hot_words_in_the_other_case_are_the_same()
    {
        DecodingCases all = DecodingCases.All;
        CtcTranscript plain = Decode([]);
        string word = plain.Words[0].Text;
        Assert.NotEqual(word.ToLowerInvariant(), word);
        CtcTranscript hot = Decode([word]), other = Decode([word.ToLowerInvariant()]);
        Assert.NotEqual((plain.Text, plain.Score), (hot.Text, hot.Score));
        Assert.Equal((hot.Text, hot.Score), (other.Text, other.Score));

        CtcTranscript Decode(string[] words) => new OpenVocabularyCtcDecoder(all.Labels, all.Model, options: new OpenSearchOptions { HotWords = words }).Decode(all.Emissions(0))[0];
    }

    private static OpenSearchOptions Options(JsonElement item, string[] hotWords)
    {
        var defaults = new OpenSearchOptions();
        return defaults with
        {
            Beam = DecodingCases.Setting(item, "width", defaults.Beam),
            Threshold = -DecodingCases.Setting(item, "prune", -defaults.Threshold),
            LabelThreshold = DecodingCases.Setting(item, "token_min", defaults.LabelThreshold),
            ModelWeight = DecodingCases.Setting(item, "alpha", defaults.ModelWeight),
            WordScore = DecodingCases.Setting(item, "beta", defaults.WordScore),
            UnknownScore = DecodingCases.Setting(item, "unk_offset", defaults.UnknownScore),
            ScoreBoundaries = DecodingCases.Setting(item, "boundary", true),
            PruneHistories = DecodingCases.Setting(item, "prune_history", false),
            HotWords = DecodingCases.Setting(item, "hot", false) ? hotWords : [],
        };
    }
}
