using System.Text.Json;
using Data2Vec.Audio;
using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Recognition.Tests.Decoding;

public class LexiconCtcDecoderTests
{
    [Fact]
    public void Texts_paths_and_scores_are_those_of_an_independent_search()
    {
        DecodingCases all = DecodingCases.All;
        var first = new LexiconCtcDecoder(all.Labels, all.Lexicon, all.Model);
        var wrong = new List<string>();
        int count = 0;
        foreach (JsonElement item in all.Cases.Where(item => item.GetProperty("search").GetString() == "lexicon"))
        {
            LexiconCtcDecoder decoder = first.With(Options(item));
            CtcTranscript best = decoder.Decode(all.Emissions(item))[0];
            count++;
            if (best.Text != item.GetProperty("text").GetString() || all.PathText(best) != item.GetProperty("path").GetString()
                || Math.Abs(best.Score - item.GetProperty("score").GetDouble()) > 1e-4)
            {
                wrong.Add($"{item.GetProperty("utterance")} {item.GetProperty("settings")}: {best.Text} {best.Score} {all.PathText(best)}, not {item}");
            }
        }

        Assert.True(count >= 80);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count}\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void Words_have_their_frames_and_confidence()
    {
        DecodingCases all = DecodingCases.All;
        CtcTranscript best = new LexiconCtcDecoder(all.Labels, all.Lexicon, all.Model).Decode(all.Emissions(0))[0];
        Assert.Equal(best.Text.Split(' '), best.Words.Select(word => word.Text));
        string path = all.PathText(best);
        foreach (CtcWord word in best.Words)
        {
            // From the frame of the first letter to the end of the last one's run, without the word delimiter.
            Assert.Equal(word.Text, string.Concat(path[word.StartFrame..word.EndFrame].Aggregate("", (text, letter) => text.EndsWith(letter) ? text : text + letter).Where(letter => letter != '_')));
            Assert.True(word.StartFrame == 0 || path[word.StartFrame - 1] is '_' or '|');
            Assert.True(path[word.EndFrame] is '_' or '|');
            Assert.InRange(word.Confidence, 0.1, 1);
        }
    }

    [Fact]
    public void Homophones_and_words_of_other_letters_have_their_own_text()
    {
        var labels = CtcLabels.Letters(["<s>", "|", "A", "B"]);
        var model = new ArpaModel(["-2	one\t0", "-1	two\t0", "-1	<s>\t0", "-1	</s>"]);
        string path = Path.GetTempFileName();
        File.WriteAllLines(path, ["one A B |", "two A B |"]);
        Lexicon lexicon = Lexicon.Read(path, labels);
        File.Delete(path);
        float[] logits = new float[5 * 4];
        foreach ((int frame, int label) in ((int, int)[])[(0, 2), (1, 0), (2, 3), (3, 3), (4, 1)])
        {
            logits[(frame * 4) + label] = 20;
        }

        IReadOnlyList<CtcTranscript> found = new LexiconCtcDecoder(labels, lexicon, model).Decode(logits, 5);
        Assert.Equal(["two", "one"], found.Select(transcript => transcript.Text));
        Assert.Equal([2, 0, 3, 3, 1], found[0].Path);
        Assert.Equal(new CtcWord("two", 0, 4, found[0].Words[0].Confidence), found[0].Words.Single());
        Assert.Equal(100 - 1 + (2 * -2), found[0].Score, 4);

        // Alternatives differ in all places, not only in the last words, although the model cannot tell between them.
        IReadOnlyList<CtcTranscript> twice = new LexiconCtcDecoder(labels, lexicon, model).Decode([.. logits, .. logits], 5);
        Assert.Equal(["one one", "one two", "two one", "two two"], twice.Select(transcript => transcript.Text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Alternatives_are_different_texts_in_order()
    {
        DecodingCases all = DecodingCases.All;
        IReadOnlyList<CtcTranscript> found = new LexiconCtcDecoder(all.Labels, all.Lexicon, all.Model).Decode(all.Emissions(1), 10);
        Assert.InRange(found.Count, 5, 10);
        Assert.Equal(found.Count, found.Select(transcript => transcript.Text).Distinct().Count());
        Assert.Equal(found.OrderByDescending(transcript => transcript.Score), found);
    }

    [Fact]
    public void Hot_words_are_found_also_if_the_lexicon_lacks_them()
    {
        DecodingCases all = DecodingCases.All;
        Lexicon small = Lexicon.FromWords(all.Lexicon.Words.Where(word => word != "APOSTLE"), all.Labels);
        string without = new LexiconCtcDecoder(all.Labels, small, all.Model).Decode(all.Emissions(0))[0].Text;
        string with = new LexiconCtcDecoder(all.Labels, small, all.Model, new LexiconSearchOptions { HotWords = ["APOSTLE", "OTHER"] }).Decode(all.Emissions(0))[0].Text;
        Assert.DoesNotContain("APOSTLE", without, StringComparison.Ordinal);
        Assert.Equal("MISTER QUILTER IS THE APOSTLE", with);
    }

    [Theory]
    [InlineData("MISTER", "IS")]
    [InlineData("mister", "Is")]
    public void Hot_words_add_their_score_exactly_and_are_written_as_in_the_lexicon(params string[] words)
    {
        DecodingCases all = DecodingCases.All;
        CtcTranscript plain = new LexiconCtcDecoder(all.Labels, all.Lexicon, all.Model).Decode(all.Emissions(0))[0];
        CtcTranscript hot = new LexiconCtcDecoder(all.Labels, all.Lexicon, all.Model, new LexiconSearchOptions { HotWords = words, HotWordScore = 3 })
            .Decode(all.Emissions(0))[0];
        Assert.Equal(plain.Text, hot.Text);
        Assert.Equal(plain.Score + 6, hot.Score, 4);
    }

    [Fact]
    public void Unknown_words_are_marked_where_they_are_allowed()
    {
        DecodingCases all = DecodingCases.All;
        Lexicon small = Lexicon.FromWords(["MISTER", "IS", "THE", "MAN", "QUITE"], all.Labels);
        string text = new LexiconCtcDecoder(all.Labels, small, all.Model, new LexiconSearchOptions { UnknownScore = -2, ModelWeight = 0.1 }).Decode(all.Emissions(0))[0].Text;
        Assert.Contains("<unk>", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_search_needs_no_model()
    {
        DecodingCases all = DecodingCases.All;
        var decoder = new LexiconCtcDecoder(all.Labels, all.Lexicon);
        Assert.Equal(1, decoder.KnownShare);
        Assert.Equal("MISTER QUILTER IS THE APOSTLE", decoder.Decode(all.Emissions(0))[0].Text);
        Assert.Equal("", decoder.Decode([])[0].Text);
    }

    [Fact]
    public void A_long_recording_is_searched_as_its_parts_are()
    {
        // Long enough for the paths behind the hypotheses to be compacted.
        DecodingCases all = DecodingCases.All;
        var decoder = new LexiconCtcDecoder(all.Labels, all.Lexicon, null, new LexiconSearchOptions { Beam = 200 });
        const int Times = 60;
        float[] emissions = all.Emissions(0).ToArray();
        float[] repeated = [.. Enumerable.Repeat(emissions, Times).SelectMany(values => values)];
        string one = decoder.Decode(emissions)[0].Text;
        Assert.Equal(string.Join(' ', Enumerable.Repeat(one, Times)), decoder.Decode(repeated)[0].Text);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Outputs_that_are_not_numbers_are_refused_with_the_frame(float value)
    {
        DecodingCases all = DecodingCases.All;
        float[] emissions = all.Emissions(0).ToArray();
        emissions[(3 * 32) + 5] = value;
        CtcDecoder[] decoders = [new LexiconCtcDecoder(all.Labels, all.Lexicon), new OpenVocabularyCtcDecoder(all.Labels), new GreedyCtcDecoder(all.Labels)];
        Assert.All(decoders, decoder => Assert.Contains("frame 3 ", Assert.Throws<InvalidDataException>(() => decoder.Decode(emissions)).Message, StringComparison.Ordinal));
        emissions[(3 * 32) + 5] = float.NegativeInfinity;
        Assert.All(decoders, decoder => Assert.StartsWith("MI", decoder.Decode(emissions)[0].Text, StringComparison.Ordinal));
    }

    private static LexiconSearchOptions Options(JsonElement item)
    {
        var defaults = new LexiconSearchOptions();
        return defaults with
        {
            Beam = DecodingCases.Setting(item, "beam", defaults.Beam),
            BeamLabels = DecodingCases.Setting(item, "beam_tokens", 0) is > 0 and var labels ? labels : null,
            Threshold = DecodingCases.Setting(item, "threshold", defaults.Threshold),
            ModelWeight = DecodingCases.Setting(item, "lm_weight", defaults.ModelWeight),
            WordScore = DecodingCases.Setting(item, "word_score", defaults.WordScore),
            SilenceScore = DecodingCases.Setting(item, "sil_score", defaults.SilenceScore),
            LogAdd = DecodingCases.Setting(item, "log_add", false),
            Merging = DecodingCases.Setting(item, "recombine", false) ? HypothesisMerging.ModelState : HypothesisMerging.Words,
        };
    }
}
