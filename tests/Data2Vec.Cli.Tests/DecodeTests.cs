using System.Text.Json;
using Data2Vec.IO;

namespace Data2Vec.Cli.Tests;

public sealed class DecodeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    public DecodeTests() => DecodingFixture.Write(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Prints_a_text_for_each_file_of_a_folder()
    {
        (int code, string output, string error) = Run("emissions");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal($"{PathOf("emissions/one.npy")}\tTHE CAT HAD ONE\n{PathOf("emissions/two.npy")}\tONE BAT\n", output.ReplaceLineEndings("\n"));
        Assert.Equal("ONE BAT\n", Run("emissions/two.npy").Output.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("ONE BAT", "--lm", "words.arpa", "--lexicon", "lexicon.txt")]
    [InlineData("ONE CAT", "--lm", "words.arpa", "--lexicon", "lexicon.txt", "--lm-weight", "7")]
    [InlineData("ONE BAT", "--lm", "words.arpa", "--lexicon", "lexicon.txt", "--lm-weight", "7", "--hot-words", "hot.txt")]
    [InlineData("ONE BAT", "--lm", "words.arpa")]
    [InlineData("ONE BAT", "--search", "open")]
    [InlineData("ONE BAT", "--hot-words", "hot.txt", "--hot-word-score", "3")]
    [InlineData("ONE BAT", "--beam", "5")]
    public void Searches_with_a_lexicon_a_model_and_hot_words(string text, params string[] options)
    {
        (int code, string output, string error) = Run(["emissions/two.npy", .. options]);
        Assert.Equal((0, "", text), (code, error, output.Trim()));
    }

    [Fact]
    public void Json_has_the_text_score_path_words_and_alternatives()
    {
        (int code, string output, string error) = Run("emissions/two.npy", "--lm", "words.arpa", "--lexicon", "lexicon.txt", "--json", "--n-best", "2");
        Assert.Equal((0, ""), (code, error));
        JsonElement json = JsonDocument.Parse(output).RootElement;
        Assert.Equal("ONE BAT", json.GetProperty("text").GetString());
        Assert.Equal(16, json.GetProperty("frames").GetInt32());
        Assert.Equal([12, 0, 11, 0, 9, 0, 4, 0, 6, 0, 5, 0, 13, 0, 4, 0], json.GetProperty("path").EnumerateArray().Select(label => label.GetInt32()));
        JsonElement word = json.GetProperty("words")[1];
        Assert.Equal(("BAT", 8, 13), (word.GetProperty("word").GetString(), word.GetProperty("start_frame").GetInt32(), word.GetProperty("end_frame").GetInt32()));
        Assert.InRange(word.GetProperty("confidence").GetDouble(), 0.8, 0.9);
        // 16 frames of 8, a score of -1 for each word, and 2 log10 p: <s> ONE backs off, then ONE BAT, BAT </s>.
        Assert.Equal((16 * 8) - 2 + (2 * (-0.3 - 1 - 1.2 - 1)), json.GetProperty("score").GetDouble(), 4);
        JsonElement other = json.GetProperty("alternatives")[0];
        Assert.Equal("ONE CAT", other.GetProperty("text").GetString());
        Assert.True(other.GetProperty("score").GetDouble() < json.GetProperty("score").GetDouble());
        Assert.Equal(1, json.GetProperty("alternatives").GetArrayLength());
    }

    [Fact]
    public void Several_texts_are_searched_without_a_language_model_too()
    {
        (int code, string output, string error) = Run("emissions/two.npy", "--n-best", "2");
        Assert.Equal((0, ""), (code, error));
        string[][] rows = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd().Split('\t'))];
        Assert.Equal([("1", "ONE BAT"), ("2", "ONE CAT")], rows.Select(row => (row[0], row[2])));
        (code, output, error) = Run("emissions/two.npy", "--n-best", "2", "--search", "greedy");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("--search greedy finds one text", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_that_the_language_model_does_not_know_are_refused_or_noted()
    {
        File.WriteAllLines(PathOf("words.txt"), ["the", "cat", "bat", "one"]);
        (int code, string output, string error) = Run("emissions/two.npy", "--lm", "words.arpa", "--unigrams", "words.txt");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("words.txt: the language model knows only 0 of the 4 words of the word list (0 %), for example not 'the'; in upper case it knows 100 %", error, StringComparison.Ordinal);
        File.WriteAllLines(PathOf("words.txt"), ["BAT", "DOG", "EEL"]);
        (code, output, error) = Run("emissions/two.npy", "--lm", "words.arpa", "--unigrams", "words.txt");
        Assert.Equal(0, code);
        Assert.Contains("words.txt: the language model knows 33.3 % of the words", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--word-score has no effect without a language model", "--search", "open", "--word-score", "8")]
    [InlineData("--lm-weight has no effect without a language model", "--lexicon", "lexicon.txt", "--lm-weight", "8")]
    [InlineData("--trials is for --tune", "--trials", "5")]
    [InlineData("--hot-word-score is for --hot-words", "--hot-word-score", "5")]
    public void Options_without_effect_are_refused(string reason, params string[] options)
    {
        (int code, string output, string error) = Run(["emissions", .. options]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Tuning_finds_weights_with_fewer_errors_and_does_so_again()
    {
        string[] command = ["emissions", "--lm", "words.arpa", "--lexicon", "lexicon.txt", "--lm-weight", "7", "--tune", PathOf("dev.tsv"), "--trials", "20"];
        (int code, string output, string error) = Run(command);
        Assert.Equal((0, ""), (code, error));
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(21, lines.Length);
        Assert.StartsWith("trial 1\t--lm-weight 7 --word-score -1\tWER 16.67 %", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("best\t--lm-weight ", lines[20], StringComparison.Ordinal);
        Assert.EndsWith("WER 0.00 %", lines[20].Trim(), StringComparison.Ordinal);
        Assert.Equal(output, Run(command).Output);
        (int _, string json, string _) = Run([.. command, "--json"]);
        JsonElement[] trials = [.. json.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.All(trials, trial => Assert.True(trial.GetProperty("wer").GetDouble() < 1));
        Assert.Equal(Enumerable.Range(1, 20), trials[..20].Select(trial => trial.GetProperty("trial").GetInt32()));
        Assert.True(trials[20].GetProperty("best").GetBoolean());
        Assert.Equal(trials[trials[20].GetProperty("trial").GetInt32() - 1].GetProperty("wer").GetDouble(), trials[20].GetProperty("wer").GetDouble());
    }

    [Fact]
    public void A_folder_of_Hugging_Face_is_a_decoder()
    {
        Directory.CreateDirectory(PathOf("hub/language_model"));
        File.Copy(PathOf("words.arpa"), PathOf("hub/language_model/words.arpa"));
        File.WriteAllText(PathOf("hub/alphabet.json"), """{"labels": ["", "", "", "", " ", "A", "B", "C", "D", "E", "H", "N", "O", "T"], "is_bpe": false}""");
        File.WriteAllText(PathOf("hub/language_model/attrs.json"), """{"alpha": 9, "beta": 0, "unk_score_offset": -10, "score_boundary": true}""");
        Assert.Equal("ONE CAT", Run("emissions/two.npy", "--lm", "hub").Output.Trim());
        Assert.Equal("ONE BAT", Run("emissions/two.npy", "--lm", "hub", "--lm-weight", "0.1").Output.Trim());
        File.WriteAllText(PathOf("hub/alphabet.json"), """{"labels": ["", " ", "A"], "is_bpe": false}""");
        (int code, string _, string error) = Run("emissions/two.npy", "--lm", "hub");
        Assert.Equal(1, code);
        Assert.Contains("a decoder for 3 labels, and the model has 14", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_precision_and_Fortran_order_are_read()
    {
        byte[] header = System.Text.Encoding.Latin1.GetBytes("{'descr': '<f2', 'fortran_order': True, 'shape': (16, 14), }");
        float[] values = NpyFile.Read(PathOf("emissions/two.npy")).Floats();
        using (FileStream stream = File.Create(PathOf("half.npy")))
        {
            stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header]);
            for (int label = 0; label < 14; label++)
            {
                for (int frame = 0; frame < 16; frame++)
                {
                    stream.Write(BitConverter.GetBytes((Half)values[(frame * 14) + label]));
                }
            }
        }

        Assert.Equal("ONE BAT", Run("half.npy").Output.Trim());
    }

    [Fact]
    public void Bad_emissions_are_named_and_the_others_decoded()
    {
        NpyFile.Write(PathOf("emissions/narrow.npy"), new float[6], 2, 3);
        NpyFile.Write(PathOf("emissions/flat.npy"), new float[28]);
        NpyFile.Write(PathOf("emissions/nan.npy"), [.. Enumerable.Repeat(float.NaN, 28)], 2, 14);
        NpyFile.Write(PathOf("emissions/integers.npy"), new long[28], 2, 14);
        File.WriteAllText(PathOf("emissions/text.npy"), "text");
        (int code, string output, string error) = Run("emissions", "missing.npy", "--search", "open");
        Assert.Equal(1, code);
        Assert.Equal(2, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        foreach (string reason in (string[])["narrow.npy: emissions of 3 labels (float32 [2, 3]), and --labels has 14", "flat.npy: an array float32 [28]; emissions are [frames, labels]",
            "nan.npy: the outputs for frame 0 are not numbers", "integers.npy: the array contains int64", "text.npy: this is not an npy file", "missing.npy: no such file"])
        {
            Assert.Contains(reason, error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--silence-score is an option of --search lexicon", 2, "--silence-score", "1")]
    [InlineData("--search lexicon takes the words of --lexicon FILE", 2, "--search", "lexicon")]
    [InlineData("--lm is an option of --search lexicon and open", 2, "--search", "greedy", "--lm", "words.arpa")]
    [InlineData("--beam must be a whole number", 2, "--search", "open", "--beam", "0")]
    [InlineData("--threshold must be a number of at least 0", 2, "--search", "open", "--threshold", "-1")]
    [InlineData("--lm-weight must be a number", 2, "--lm", "words.arpa", "--lm-weight", "x")]
    [InlineData("none.arpa: no such file", 1, "--lm", "none.arpa")]
    [InlineData("line 1: the model has no label 'X'", 1, "--lexicon", "bad.txt")]
    [InlineData("in upper case it knows 100 %", 1, "--lexicon", "lower.txt", "--lm", "words.arpa")]
    [InlineData("--tune needs a search with weights", 2, "--tune", "dev.tsv")]
    [InlineData("no text of any of the emissions is in it", 1, "--tune", "other.tsv", "--lm", "words.arpa")]
    public void Bad_options_are_refused(string reason, int code, params string[] options)
    {
        File.WriteAllText(PathOf("bad.txt"), "AX A X |\n");
        File.WriteAllText(PathOf("lower.txt"), "the\ncat\nbat\n");
        File.WriteAllText(PathOf("other.tsv"), "other\tTHE CAT\n");
        (int actual, string _, string error) = Run(["emissions/two.npy", .. options]);
        Assert.Equal(code, actual);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    private (int Code, string Output, string Error) Run(params string[] arguments) => CommandLine.Run(
        ["decode", .. arguments.Select(argument => argument == "emissions" || argument == "hub" || (!argument.StartsWith('-') && Path.HasExtension(argument) && !char.IsDigit(argument[0])) ? PathOf(argument) : argument),
            "--labels", PathOf("dict.ltr.txt")]);

    private string PathOf(string name) => Path.Combine(_folder, name);
}
