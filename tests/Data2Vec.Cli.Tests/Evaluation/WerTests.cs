using System.Text.Json;
using Data2Vec.Cli.Tests.Training;

namespace Data2Vec.Cli.Tests.Evaluation;

public sealed class WerTests : IDisposable
{
    private static readonly (string Id, string Reference, string Hypothesis)[] s_utterances =
    [
        ("12-3-0000", "THE CAT SAT", "THE CAT SITS ON"), ("12-3-0001", "IT'S ONE TWO", ""), ("45-6-0000", "FOUR", "FOUR"), ("45-6-0001", "SO WE GO", "SO WE WE GO"),
    ];

    private readonly ProbeFolder _files = new();

    public void Dispose() => _files.Dispose();

    public static TheoryData<string> Forms => ["librispeech", "manifest", "letters", "tsv", "header", "csv", "trn", "kaldi"];

    /// <summary>2 errors, 3 deletions, 1 insertion in 10 words.</summary>
    [Theory, MemberData(nameof(Forms))]
    public void Each_form_of_references_and_hypotheses_gives_the_same_rate(string form)
    {
        string references = Write("ref", form, utterance => utterance.Reference), hypotheses = Write("hyp", form, utterance => utterance.Hypothesis);
        string plain = Write("plain", "tsv", utterance => utterance.Hypothesis);
        foreach (string[] pair in new[] { new[] { references, hypotheses }, [references, plain] })
        {
            string output = Succeed("evaluate", "wer", "--references", pair[0], "--hypotheses", pair[1]);
            Assert.Contains("utterances\t4\n", output, StringComparison.Ordinal);
            Assert.Contains("WER %\t60.00\n", output, StringComparison.Ordinal);
            Assert.Contains("wrong sentences %\t75.00\n", output, StringComparison.Ordinal);
            Assert.Contains("words\t10\t6\t1\t2\t3\t60.00\n", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Lines_without_ids_are_paired_in_their_order()
    {
        string references = _files.Write("ref.txt", "one two\nthree\n"), hypotheses = _files.Write("hyp.txt", "one\n\n");
        Assert.Contains("words\t3\t2\t0\t0\t2\t66.67", Succeed("evaluate", "wer", "--references", references, "--hypotheses", hypotheses), StringComparison.Ordinal);
        Fail("ref.txt has 2 lines, and", "evaluate", "wer", "--references", references, "--hypotheses", _files.Write("short.txt", "one\n"));
        Fail("short.txt: its lines have no ids", "evaluate", "wer", "--references", Write("ref", "tsv", utterance => utterance.Reference), "--hypotheses", _files["short.txt"]);
    }

    [Fact]
    public void Missing_and_repeated_utterances_are_named()
    {
        string references = Write("ref", "tsv", utterance => utterance.Reference);
        string error = Fail("hyp.tsv: 3 utterances of ", "evaluate", "wer", "--references", references, "--hypotheses", _files.Write("hyp.tsv", "45-6-0000\tFOUR\nother\tTEXT\n"));
        Assert.Contains("12-3-0000, 12-3-0001, 45-6-0001", error, StringComparison.Ordinal);
        Assert.Contains("1 utterances of ", error, StringComparison.Ordinal);
        Assert.Contains(": other", error, StringComparison.Ordinal);
        Fail("the utterance a is there twice", "evaluate", "wer", "--references", references, "--hypotheses", _files.Write("twice.tsv", "a\tONE\na\tTWO\n"));
        Fail("nowhere.tsv: no such file", "evaluate", "wer", "--references", references, "--hypotheses", "nowhere.tsv");
        Assert.Equal(2, CommandLine.Run("evaluate", "wer", "--references", references).Code);
    }

    [Theory, InlineData("--results", "r.jsonl"), InlineData("--beam", "3"), InlineData("--lm", "x.arpa")]
    public void Options_of_transcribing_are_refused_for_texts(string option, string value)
    {
        string references = Write("ref", "tsv", utterance => utterance.Reference);
        (int code, string _, string error) = CommandLine.Run("evaluate", "wer", "--references", references, "--hypotheses", references, option, value);
        Assert.Equal(2, code);
        Assert.Contains($"{option} is for --data", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Alternatives_of_sclite_are_refused_with_the_line() => Fail(
        "alt.trn:2: alternatives in braces", "evaluate", "wer", "--references", _files.Write("alt.trn", "a (s-0)\na { b / c } d (s-1)\n"), "--hypotheses", _files["alt.trn"]);

    [Fact]
    public void A_recording_that_is_listed_twice_is_used_once()
    {
        string sample = Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav");
        string list = _files.Write("twice.tsv", $"path\ttext\n{sample}\tFOUR TWO\n{sample}\tFOUR TWO\n");
        (int code, string output, string error) = CommandLine.Run("evaluate", "wer", "--data", list);
        Assert.Equal(1, code);
        Assert.Contains("the recording is listed twice; the second one is left out", error, StringComparison.Ordinal);
        Assert.Contains("utterances\t1\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Paths_on_one_side_match_the_names_of_files_on_the_other()
    {
        string references = Write("ref", "librispeech", utterance => utterance.Reference);
        string hypotheses = _files.Write("hyp.tsv", string.Concat(s_utterances.Select(utterance => $"/data/{utterance.Id}.flac\t{utterance.Hypothesis}\n")));
        Assert.Contains("WER %\t60.00\n", Succeed("evaluate", "wer", "--references", references, "--hypotheses", hypotheses), StringComparison.Ordinal);
    }

    /// <summary>The alignment is that of sclite 2.10 for the first utterance.</summary>
    [Fact]
    public void Alignments_confusions_and_an_interval_are_reported()
    {
        string references = Write("ref", "tsv", utterance => utterance.Reference), hypotheses = Write("hyp", "trn", utterance => utterance.Hypothesis.ToLowerInvariant());
        string alignments = _files["alignments.txt"], folder = _files["report"];
        string output = Succeed(
            "evaluate", "wer", "--references", references, "--hypotheses", hypotheses, "--costs", "sclite", "--case", "fold", "--alignments", alignments, "--confusions", "3",
            "--bootstrap", "200", "--report", folder);
        Assert.StartsWith(
            "id: (12-3-0000)\nScores: (#C #S #D #I) 2 1 0 1\nREF:  the cat **** SAT \nHYP:  the cat SITS ON  \nEval:         I    S   \n\nid: (12-3-0001)\n",
            File.ReadAllText(alignments), StringComparison.Ordinal);
        Assert.Contains("\ntimes\tsaid\trecognized\n1\tsat\ton\n", output, StringComparison.Ordinal);
        Assert.Contains("95 % interval\t", output, StringComparison.Ordinal);
        Assert.Contains("| WER % | 60.00 |", File.ReadAllText(Path.Combine(folder, "report.md")), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "report.json")));
        Assert.Equal(60, json.RootElement.GetProperty("figures").GetProperty("WER %").GetProperty("value").GetDouble(), 10);
    }

    [Fact]
    public void Other_case_is_pointed_out()
    {
        string references = Write("ref", "tsv", utterance => utterance.Reference), hypotheses = Write("hyp", "tsv", utterance => utterance.Hypothesis.ToLowerInvariant());
        Assert.Contains("--case fold", CommandLine.Run("evaluate", "wer", "--references", references, "--hypotheses", hypotheses).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Rare_words_are_counted_apart()
    {
        string references = _files.Write("ref.tsv", "a\tthe cat sat\t[\"cat\"]\nb\ton the mat\t[]\n"), hypotheses = _files.Write("hyp.tsv", "a\tthe hat sat\nb\ton a mat\n");
        Assert.Contains("rare words\t1\t1\t1\t0\t0\t100.00\nother words\t5\t1\t1\t0\t0\t20.00\n", Succeed("evaluate", "wer", "--references", references, "--hypotheses", hypotheses), StringComparison.Ordinal);
        string output = Succeed("evaluate", "wer", "--references", references, "--hypotheses", hypotheses, "--rare-words", _files.Write("rare.txt", "the\nmat\n"));
        Assert.Contains("rare words\t3\t1\t1\t0\t0\t33.33\n", output, StringComparison.Ordinal);
        Assert.Contains("rare words\t1\t1\t1\t0\t0\t100.00\n", Succeed("evaluate", "wer", "--references", references, "--hypotheses", hypotheses, "--rare-words", references), StringComparison.Ordinal);
    }

    /// <summary>The model says FOUR TWO, as the README shows.</summary>
    [Fact]
    public void A_model_transcribes_recordings_and_goes_on_where_it_was()
    {
        string sample = Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav");
        Directory.CreateDirectory(_files["1/2"]);
        File.Copy(sample, _files["1/2/1-2-0000.wav"]);
        File.Copy(sample, _files["1/2/1-2-0001.wav"]);
        _files.Write("1/2/1-2.trans.txt", "1-2-0000 FOUR TWO\n1-2-0001 FOUR TOO\n");
        string results = _files["results.jsonl"];
        string[] command = ["evaluate", "wer", "--data", _files["1"], "--results", results];
        Assert.Contains("words\t4\t1\t1\t0\t0\t25.00\n", Succeed(command), StringComparison.Ordinal);
        string[] lines = File.ReadAllLines(results);
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("{\"id\":\"1-2-0000\",\"text\":\"FOUR TWO\"", lines[1], StringComparison.Ordinal);

        // What the file has is not computed again. The end of a killed command is.
        File.WriteAllText(results, $"{lines[0]}\n{lines[1].Replace("FOUR TWO", "TWO", StringComparison.Ordinal)}\n{lines[2][..20]}");
        (int code, string output, string error) = CommandLine.Run(command);
        Assert.Equal(0, code);
        Assert.Contains("words\t4\t2\t1\t0\t1\t50.00\n", output, StringComparison.Ordinal);
        Assert.Contains("it has 1 results", error, StringComparison.Ordinal);
        Assert.Equal(lines[2], File.ReadAllLines(results)[2]);

        File.Copy(sample, _files["1/2/1-2-0002.wav"]);
        _files.Write("1/2/1-2.trans.txt", "1-2-0000 FOUR TWO\n1-2-0001 FOUR TOO\n1-2-0002 FOUR\n");
        (code, _, error) = CommandLine.Run(command);
        Assert.Equal(2, code);
        Assert.Contains("results.jsonl: these are the results of another job: its data is", error, StringComparison.Ordinal);
        Fail("other.jsonl: these are no results", "evaluate", "wer", "--data", _files["1"], "--results", _files.Write("other.jsonl", "some text\nwithout an end"));
        Assert.Equal("some text\nwithout an end", File.ReadAllText(_files["other.jsonl"]));
    }

    [Fact]
    public void Recordings_are_decoded_with_a_lexicon_by_the_weights_of_a_recipe()
    {
        Directory.CreateDirectory(_files["1/2"]);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav"), _files["1/2/1-2-0000.wav"]);
        _files.Write("1/2/1-2.trans.txt", "1-2-0000 FIVE TWO\n");
        string words = _files.Write("words.txt", "FIVE\nTWO\n"), results = _files["lexicon.jsonl"];
        string[] command = ["evaluate", "wer", "--data", _files["1"], "--lexicon", words, "--results", results];
        (int code, string output, string error) = CommandLine.Run([.. command, "--recipe", "data2vec/librispeech-100h"]);
        Assert.True(code == 0, error);
        Assert.Contains("words\t2\t0\t0\t0\t0\t0.00\n", output, StringComparison.Ordinal);
        Assert.Contains("\"beam\":1500", File.ReadLines(results).First(), StringComparison.Ordinal);
        Assert.DoesNotContain("makes more errors", error, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run([.. command, "--word-score", "3"]).Code);
    }

    [Fact]
    public void A_bad_recording_is_named_and_a_recipe_of_another_model_is_pointed_out()
    {
        Directory.CreateDirectory(_files["1/2"]);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav"), _files["1/2/1-2-0000.wav"]);
        _files.Write("1/2/1-2-0001.wav", "no sound");
        _files.Write("1/2/1-2.trans.txt", "1-2-0000 FOUR TWO\n1-2-0001 FOUR TOO\n");
        (int code, string output, string error) = CommandLine.Run("evaluate", "wer", "--data", _files["1"], "--recipe", "data2vec/librispeech-100h");
        Assert.Equal(1, code);
        Assert.Contains("1-2-0001.wav: ", error, StringComparison.Ordinal);
        Assert.Contains("has 6 layers instead of 12 and 192 features instead of 768", error, StringComparison.Ordinal);
        Assert.Contains("decoding without a lexicon, which makes more errors", error, StringComparison.Ordinal);
        Assert.Contains("WER %\t0.00\tpublished\t6.8\n", output, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("evaluate", "wer", "--data", _files["1"], "--recipe", "data2vec/imagenet-base").Code);
        Assert.Equal(2, CommandLine.Run("evaluate", "wer", "--data", _files["1"], "--recipe", "poems").Code);
    }

    private static string Succeed(params string[] arguments)
    {
        (int code, string output, string error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        return output.ReplaceLineEndings("\n");
    }

    private static string Fail(string message, params string[] arguments)
    {
        (int code, _, string error) = CommandLine.Run(arguments);
        Assert.Equal(1, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        return error;
    }

    private string Write(string name, string form, Func<(string Id, string Reference, string Hypothesis), string> text)
    {
        string Lines(Func<(string Id, string Reference, string Hypothesis), string> line) => string.Concat(s_utterances.Select(utterance => line(utterance) + "\n"));
        string words = Lines(text);
        switch (form)
        {
            case "librispeech":
                _files.Write($"{name}/12/3/12-3.trans.txt", string.Concat(s_utterances[..2].Select(utterance => $"{utterance.Id} {text(utterance)}\n")));
                _files.Write($"{name}/45/6/45-6.trans.txt", string.Concat(s_utterances[2..].Select(utterance => $"{utterance.Id} {text(utterance)}\n")));
                return _files[name];
            case "manifest":
                _files.Write($"{name}.wrd", words);
                return _files.Write($"{name}.tsv", "/elsewhere\n" + Lines(utterance => $"{utterance.Id[..2]}/{utterance.Id}.flac\t16000"));
            case "letters":
                _files.Write($"{name}.ltr", Lines(utterance => string.Join(' ', text(utterance).Replace(' ', '|').AsEnumerable()) + " |"));
                return _files.Write($"{name}.tsv", "/elsewhere\n" + Lines(utterance => $"{utterance.Id[..2]}/{utterance.Id}.flac\t16000"));
            case "header":
                return _files.Write($"{name}.tsv", "sentence\tpath\n" + Lines(utterance => $"{text(utterance)}\t{utterance.Id}"));
            case "csv":
                return _files.Write($"{name}.csv", "id,text\n" + Lines(utterance => $"{utterance.Id},\"{text(utterance)}\""));
            case "trn":
                return _files.Write($"{name}.trn", ";; a comment\n" + Lines(utterance => $"{text(utterance)} ({utterance.Id})"));
            case "kaldi":
                return _files.Write($"{name}/text", Lines(utterance => $"{utterance.Id} {text(utterance)}"));
            default:
                return _files.Write($"{name}.tsv", Lines(utterance => $"{utterance.Id}\t{text(utterance)}"));
        }
    }
}
