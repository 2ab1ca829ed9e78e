using System.Text.Json;

namespace Data2Vec.Cli.Tests;

public sealed class TranscribeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-transcribe-").FullName;
    private readonly string _sample;
    private readonly string _long;

    public TranscribeTests()
    {
        _sample = Path.Combine(_folder, "sample.wav");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav"), _sample);
        _long = Path.Combine(_folder, "long.wav");
        byte[] wav = File.ReadAllBytes(_sample), samples = [.. Enumerable.Repeat(wav[44..], 40).SelectMany(bytes => bytes)];
        File.WriteAllBytes(_long, [.. wav[..40], .. BitConverter.GetBytes(samples.Length), .. samples]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_format_has_the_words_and_their_times()
    {
        using (JsonDocument json = JsonDocument.Parse(Run(0, "transcribe", _sample, "--format", "json")))
        {
            Assert.Equal(_sample, json.RootElement.GetProperty("input").GetString());
            Assert.Equal("FOUR TWO", json.RootElement.GetProperty("text").GetString());
            Assert.Equal(1.0053, json.RootElement.GetProperty("duration").GetDouble(), 0.0002);
            JsonElement[] words = [.. json.RootElement.GetProperty("segments")[0].GetProperty("words").EnumerateArray()];
            Assert.Equal(["FOUR", "TWO"], words.Select(word => word.GetProperty("text").GetString()));
            Assert.All(words, word => Assert.InRange(word.GetProperty("start").GetDouble(), 0, word.GetProperty("end").GetDouble() - 0.02));
            Assert.All(words, word => Assert.InRange(word.GetProperty("confidence").GetDouble(), 0.2, 1));
        }

        Assert.Matches(@"^1\n00:00:00,\d\d0 --> 00:00:01,005\nFOUR TWO\n\n$", Run(0, "transcribe", _sample, "--format", "srt"));
        Assert.Matches(@"^WEBVTT\n\n00:00:00\.\d\d0 --> 00:00:01\.005\nFOUR TWO\n\n$", Run(0, "transcribe", _sample, "--format", "vtt"));
        Assert.Matches(@"^1\n(.*)\nFOUR\n\n2\n(.*)\nTWO\n\n$", Run(0, "transcribe", _sample, "--format", "srt", "--words"));
        Assert.Matches(@"^start\tend\ttext\r?\n0\.\d\d0\t1\.005\tFOUR TWO\r?\n$", Run(0, "transcribe", _sample, "--format", "tsv"));
        Assert.Matches(@"^0\.\d\d0\t0\.\d\d0\tFOUR\t0\.\d+\r?\n0\.\d\d0\t\d\.\d\d0\tTWO\t[01]\.\d+\r?\n$", Run(0, "transcribe", _sample, "--words"));
        string table = Run(0, "transcribe", _sample, _sample, "--format", "tsv", "--words");
        Assert.StartsWith("input\tstart\tend\ttext\tconfidence", table, StringComparison.Ordinal);
        Assert.Equal(4, table.Split(_sample).Length - 1);
    }

    [Fact]
    public void A_lexicon_and_a_language_model_choose_the_words()
    {
        string words = Path.Combine(_folder, "words.txt"), model = Path.Combine(_folder, "digits.arpa");
        File.WriteAllText(words, "FIVE\nTWO\nTEN\n");
        Assert.Equal("FIVE TWO", Run(0, "transcribe", _sample, "--lexicon", words).Trim());

        // The model of the language makes ten likely enough to be heard as two.
        File.WriteAllText(words, "FOUR\nTWO\nTEN\n");
        File.WriteAllText(model, "\\data\\\nngram 1=5\n\n\\1-grams:\n-99\t<s>\n-1\t</s>\n-1\tFOUR\n-30\tTWO\n-0.1\tTEN\n\n\\end\\\n");
        Assert.Equal("FOUR TWO", Run(0, "transcribe", _sample, "--lexicon", words).Trim());
        Assert.Equal("FOUR TEN", Run(0, "transcribe", _sample, "--lexicon", words, "--lm", model, "--lm-weight", "3").Trim());

        // The words of the model are in another case.
        File.WriteAllText(model, File.ReadAllText(model).ToLowerInvariant());
        (int code, _, string error) = CommandLine.Run("transcribe", _sample, _sample, "--lexicon", words, "--lm", model);
        Assert.Equal(1, code);
        Assert.StartsWith($"data2vec: {words}: the language model knows only 0 of the 3 words of the lexicon (0 %)", error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_long_recording_is_cut_refused_or_run_whole()
    {
        Assert.InRange(Fours(Run(0, "transcribe", _long)), 30, 42);
        Assert.Equal(Run(0, "transcribe", _long), Run(0, "transcribe", _long, "--long", "chunk", "--threads", "1"));
        Assert.InRange(Fours(Run(0, "transcribe", _long, "--window", "5", "--stride", "0.5")), 30, 42);
        Assert.NotEmpty(Run(0, "transcribe", _long, "--long", "whole"));
        Assert.NotEmpty(Run(0, "transcribe", _sample, "--long", "error"));
        (int code, string output, string error) = CommandLine.Run("transcribe", _long, "--long", "error");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("long.wav: the recording is longer than 30 s", error, StringComparison.Ordinal);
        (code, _, error) = CommandLine.Run("transcribe", _sample, "--long", "error", "--window", "0.5", "--stride", "0.1");
        Assert.True(code == 1 && error.Contains("longer than 0.5 s", StringComparison.Ordinal), error);
        string whole = Run(0, "embed", _long, "--long", "whole"), cut = Run(0, "embed", _long);
        Assert.NotEqual(whole, cut);
        Assert.Equal(cut, Run(0, "embed", _long, "--threads", "1"));
        Assert.Equal(whole, Run(0, "embed", _long, "--window", "100"));
    }

    [Fact]
    public void Parts_between_pauses_are_segments()
    {
        byte[] wav = File.ReadAllBytes(_sample), samples = [.. Enumerable.Range(0, 3).SelectMany(i => (byte[])[.. wav[44..], .. new byte[44_100]])];
        string path = Path.Combine(_folder, "pauses.wav");
        File.WriteAllBytes(path, [.. wav[..40], .. BitConverter.GetBytes(samples.Length), .. samples]);
        using JsonDocument json = JsonDocument.Parse(Run(0, "transcribe", path, "--split", "silence", "--format", "json"));
        JsonElement[] segments = [.. json.RootElement.GetProperty("segments").EnumerateArray()];
        Assert.Equal(3, segments.Length);
        Assert.All(segments, segment => Assert.Matches("^[A-Z]+ TWO$", segment.GetProperty("text").GetString()));
        Assert.All(segments, (segment, i) => Assert.Equal(i * 2.0053, segment.GetProperty("start").GetDouble(), 0.3));
        string joined = string.Join(' ', segments.Select(segment => segment.GetProperty("text").GetString()));
        Assert.Equal(joined, Run(0, "transcribe", path, "--split", "silence").TrimEnd());
        Assert.Equal(joined, json.RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public void A_folder_gets_a_file_for_each_recording()
    {
        string other = Path.Combine(_folder, "other.wav"), target = Path.Combine(_folder, "new") + "/";
        File.Copy(_sample, other);
        Assert.Equal("", Run(0, "transcribe", _sample, other, "--format", "srt", "-o", target));
        Assert.Equal(["other.srt", "sample.srt"], Directory.GetFiles(target).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Run(0, "transcribe", _sample, "-o", _folder);
        Assert.Equal("FOUR TWO\n", File.ReadAllText(Path.Combine(_folder, "sample.txt")));
        Run(0, "transcribe", _sample, other, "--format", "json", "-o", Path.Combine(_folder, "both.json"));
        Assert.Equal(2, File.ReadAllLines(Path.Combine(_folder, "both.json")).Length);

        // A bad recording leaves no file, and the others have theirs.
        string bad = Path.Combine(_folder, "bad.wav");
        File.WriteAllBytes(bad, [1, 2, 3]);
        Run(1, "transcribe", bad, other, "--format", "vtt", "-o", _folder);
        Assert.True(File.Exists(Path.Combine(_folder, "other.vtt")) && !File.Exists(Path.Combine(_folder, "bad.vtt")));
    }

    [Fact]
    public void No_input_is_replaced_and_no_result_is_lost()
    {
        string disguised = Path.Combine(_folder, "sample.srt");
        File.Copy(_sample, disguised);
        Assert.Contains("would replace", Refused(2, "transcribe", disguised, "--format", "srt", "-o", _folder), StringComparison.Ordinal);
        Assert.Contains("would replace", Refused(2, "transcribe", _sample, "-o", _sample), StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(_folder, "deep"));
        string same = Path.Combine(_folder, "deep", "sample.wav");
        File.Copy(_sample, same);
        Assert.Contains("would both be written", Refused(2, "transcribe", _sample, same, "-o", _folder), StringComparison.Ordinal);
        Assert.Contains("give -o FOLDER", Refused(2, "transcribe", _sample, same, "--format", "srt"), StringComparison.Ordinal);
        Assert.Contains("its folder does not exist", Refused(1, "transcribe", _sample, "-o", Path.Combine(_folder, "none", "x.txt")), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "four-two.wav")), File.ReadAllBytes(disguised));
    }

    [Fact]
    public void Sound_is_written_as_it_becomes_final()
    {
        string lines = Run(0, "transcribe", _long, "--live", "--window", "4");
        Assert.InRange(lines.Split('\n').Length, 8, 45);
        Assert.InRange(Fours(lines), 30, 42);
        JsonElement[] objects = [.. Run(0, "transcribe", _long, "--live", "--format", "json").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Contains(objects, update => !update.GetProperty("final").GetBoolean());
        Assert.InRange(Fours(string.Join(' ', objects.Where(update => update.GetProperty("final").GetBoolean()).Select(update => update.GetProperty("text").GetString()))), 30, 42);
    }

    [Fact]
    public void A_recording_shorter_than_a_frame_is_bad_live_too()
    {
        string path = Path.Combine(_folder, "short.wav");
        File.WriteAllBytes(path, File.ReadAllBytes(_sample)[..(44 + 200)]);
        Assert.Contains("too short for one frame", Refused(1, "transcribe", path, "--live"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--window", "2", "--stride", "1")]
    [InlineData("--window", "0")]
    [InlineData("--window", "nan")]
    [InlineData("--stride", "-1")]
    [InlineData("--long", "truncate")]
    [InlineData("--pause", "1")]
    [InlineData("--split", "words")]
    [InlineData("--live", "--format", "srt")]
    [InlineData("--live", "-o", "x")]
    public void Bad_options_are_usage_errors(params string[] options) => Refused(2, ["transcribe", _sample, .. options]);

    private static int Fours(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Count(word => word == "FOUR");

    private static string Run(int code, params string[] arguments)
    {
        (int actual, string output, string error) = CommandLine.Run(arguments);
        Assert.True(code == actual, $"exit code {actual}: {error}");
        return output;
    }

    private static string Refused(int code, params string[] arguments)
    {
        (int actual, string output, string error) = CommandLine.Run(arguments);
        Assert.Equal((code, ""), (actual, output));
        return error;
    }
}
