using Data2Vec.Audio;
using Data2Vec.Training.Data;
using Data2Vec.Training.State;

namespace Data2Vec.Training.Tests.Data;

public sealed class SpeechDataTests : IDisposable
{
    private const string Dictionary = "| 100\nE 50\nT 40\nA 30\nO 20\nL 15\nH 10\nW 5\nR 4\nD 3\n";

    private static readonly EpochRandom s_random = new(1, 0);

    // Frames of 400 samples without overlap, for tests of feasibility.
    private static readonly SpeechOptions s_frames = new() { Frames = samples => samples / 400 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_manifest_is_read_with_its_letters_and_dictionary()
    {
        string manifest = Manifest("a.wav\t8000", "sub/b.wav\t16000");
        _folder.Write("train.ltr", "T O | D O |\nH E L L O |\n");
        var data = TranscribedData.Open(manifest);
        Assert.Equal(2, data.Count);
        Assert.Equal([8000, 16000], Enumerable.Range(0, 2).Select(data.Length));
        Assert.Equal(["<s>", "<pad>", "</s>", "<unk>", "|", "E", "T", "A", "O", "L", "H", "W", "R", "D"], data.Labels.Names);
        Assert.Equal(0, data.Labels.Blank);
        Assert.Equal([6, 8, 4, 13, 8, 4], data.Target(0));
        Assert.Equal([10, 5, 9, 9, 8, 4], data.Load(1, s_random).Target);
        Assert.Equal(["TO DO", "HELLO"], Enumerable.Range(0, 2).Select(data.Transcript));
        Assert.Equal(Path.Combine(_folder.Path, "recordings", "sub/b.wav") + $" ({manifest}:3)", data.Name(1));
        Assert.Empty(data.Skipped);
        Assert.Empty(data.Notes);
    }

    [Fact]
    public void Words_are_used_where_there_are_no_letters_and_as_transcripts_where_there_are_both()
    {
        string manifest = Manifest("a.wav\t8000", "sub/b.wav\t16000");
        _folder.Write("train.wrd", "to do\nhello\n");
        Assert.Equal([6, 8, 4, 13, 8, 4], TranscribedData.Open(manifest).Target(0));
        _folder.Write("train.ltr", "T O | D O |\nH E L L O |\n");
        Assert.Equal("hello", TranscribedData.Open(manifest).Transcript(1));
    }

    [Fact]
    public void Samples_are_normalized_as_for_inference()
    {
        string manifest = Manifest("a.wav\t8000");
        float[] decoded = AudioFile.Load(_folder["recordings/a.wav"]).Samples;
        Assert.Equal(Normalization.PerUtterance(decoded), RecordingData.Open(manifest).Load(0, s_random).Input.ToArray());
        Assert.Equal(decoded, RecordingData.Open(manifest, new SpeechOptions { Normalize = false }).Load(0, s_random).Input.ToArray());
    }

    [Fact]
    public void Other_sample_rates_are_resampled_and_lengths_are_those_of_the_model()
    {
        _folder.WriteWav("r/high.wav", 4411, 44100, 2);
        _folder.WriteWav("r/low.wav", 801, 8000);
        var data = RecordingData.Open(_folder["r"]);
        Assert.Equal([1601, 1602], Enumerable.Range(0, 2).Select(data.Length));
        Assert.Equal(1601, data.Load(0, s_random).Input.Length);
        Assert.Equal(1602, data.Load(1, s_random).Input.Length);
    }

    [Fact]
    public void Files_of_Windows_are_read()
    {
        string manifest = Manifest("sub\\b.wav\t16000", "a.wav\t8000");
        string text = File.ReadAllText(manifest).Replace("\n", "\r\n", StringComparison.Ordinal);
        File.WriteAllText(manifest, text, new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        _folder.Write("train.ltr", "\uFEFFT O |\r\nH E |\r\n\r\n");
        var data = TranscribedData.Open(manifest);
        Assert.Empty(data.Skipped);
        Assert.Equal([[6, 8, 4], [10, 5, 4]], Enumerable.Range(0, 2).Select(data.Target));
        Assert.Equal(16000, data.Load(0, s_random).Input.Length);
    }

    [Fact]
    public void Missing_damaged_and_empty_recordings_are_named_and_the_others_keep_their_transcripts()
    {
        _folder.Write("recordings/text.wav", "this is no recording");
        _folder.WriteWav("recordings/none.wav", 0);
        string manifest = Manifest("gone.wav\t100", "a.wav\t8000", "text.wav\t100", "a line", "none.wav\t0", "sub/b.wav\t16000", "sub\t5");
        _folder.Write("train.ltr", "A |\nT O |\nA |\nA |\nA |\nH E |\nA |\n");
        var data = TranscribedData.Open(manifest);
        Assert.Equal(["TO", "HE"], Enumerable.Range(0, data.Count).Select(data.Transcript));
        Assert.Equal(
            [("a line", $"{manifest}:5"), ("does not exist", $"gone.wav ({manifest}:2)"), ("not a recording", $"text.wav ({manifest}:4)"), ("empty", $"none.wav ({manifest}:6)"), ("is a folder", $"sub ({manifest}:8)")],
            data.Skipped.Select(item => (Found(item.Reason), item.Name[(item.Name.Contains('(', StringComparison.Ordinal) ? $"{_folder.Path}/recordings/".Length : 0)..])));
        Assert.All(data.Skipped, item => Assert.True(item.IsBad));

        static string Found(string reason) =>
            new[] { "a line", "does not exist", "is a folder", "not a recording", "empty" }.FirstOrDefault(part => reason.Contains(part, StringComparison.Ordinal), reason);
    }

    [Fact]
    public void A_strict_reading_ends_with_the_first_bad_item()
    {
        string manifest = Manifest("a.wav\t8000", "gone.wav\t100");
        var error = Assert.Throws<InvalidDataException>(() => RecordingData.Open(manifest, new SpeechOptions { Strict = true }));
        Assert.Equal($"{_folder.Path}/recordings/gone.wav ({manifest}:3): the file does not exist", error.Message);
    }

    [Fact]
    public void Lists_of_missing_recordings_are_an_error()
    {
        string manifest = Manifest("gone.wav\t100", "lost.wav\t200");
        Assert.Contains("none of its 2 items", Assert.Throws<InvalidDataException>(() => RecordingData.Open(manifest)).Message, StringComparison.Ordinal);
        manifest = Manifest([.. Enumerable.Range(0, 10).Select(i => $"gone{i}.wav\t1"), .. Enumerable.Repeat("a.wav\t8000", 89)]);
        Assert.Contains("10 of 99 items", Assert.Throws<InvalidDataException>(() => RecordingData.Open(manifest)).Message, StringComparison.Ordinal);
        manifest = Manifest([.. Enumerable.Range(0, 10).Select(i => $"gone{i}.wav\t1"), .. Enumerable.Repeat("a.wav\t8000", 90)]);
        Assert.Equal(90, RecordingData.Open(manifest).Count);
        Assert.Contains("no items", Assert.Throws<InvalidDataException>(() => RecordingData.Open(_folder.Write("root.tsv", $"{_folder.Path}\n"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_sample_counts_are_told_and_the_true_ones_used()
    {
        var data = RecordingData.Open(Manifest("a.wav\t7999", "sub/b.wav\t16000"));
        Assert.Equal(8000, data.Length(0));
        SkippedItem note = Assert.Single(data.Notes);
        Assert.Contains("7999", note.Reason, StringComparison.Ordinal);
        Assert.Contains("a.wav", note.Name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("T O |\n", 1)]
    [InlineData("T O |\nA |\nA |\n", 3)]
    [InlineData("T O |\n\nA |\n", 3)]
    public void Transcripts_of_another_number_than_recordings_are_an_error(string letters, int lines)
    {
        string manifest = Manifest("a.wav\t8000", "sub/b.wav\t16000");
        string path = _folder.Write("train.ltr", letters);
        Assert.Equal(
            $"{path}: the file has {lines} lines, and {manifest} lists 2 recordings; each recording needs its line in both files, in the same order",
            Assert.Throws<InvalidDataException>(() => TranscribedData.Open(manifest)).Message);
    }

    [Fact]
    public void A_manifest_without_transcripts_or_folder_is_an_error_that_says_so()
    {
        string manifest = Manifest("a.wav\t8000");
        Assert.Contains("train.ltr and train.wrd do not exist", Assert.Throws<InvalidDataException>(() => TranscribedData.Open(manifest)).Message, StringComparison.Ordinal);
        manifest = _folder.Write("train.tsv", "C:\\speech\na.wav\t8000\n");
        Assert.Contains("train.tsv:1: the folder", Assert.Throws<InvalidDataException>(() => RecordingData.Open(manifest)).Message, StringComparison.Ordinal);
        Assert.Equal(1, RecordingData.Open(manifest, new SpeechOptions { Root = _folder["recordings"] }).Count);
    }

    [Theory]
    [InlineData("audio")]
    [InlineData("path")]
    public void The_folder_of_a_manifest_may_have_the_name_of_a_column(string folder)
    {
        _folder.WriteWav($"{folder}/a.wav", 800);
        var data = RecordingData.Open(_folder.Write("train.tsv", $"{folder}\na.wav\t800\n"));
        Assert.Equal(800, data.Length(0));
        Assert.Empty(data.Skipped);
    }

    [Fact]
    public void A_table_with_commas_may_be_called_tsv()
    {
        _folder.WriteWav("a.wav", 800);
        Assert.Equal("hello", TranscribedData.Open(_folder.Write("train.tsv", "\"path\",sentence\na.wav,hello\n")).Transcript(0));
    }

    [Fact]
    public void Manifests_may_list_paths_from_the_root_and_outside_of_their_folder()
    {
        _folder.WriteWav("other/b.wav", 400);
        string manifest = Manifest("../other/b.wav\t400", $"{_folder["recordings/a.wav"]}\t8000");
        Assert.Equal([400, 8000], Enumerable.Range(0, 2).Select(RecordingData.Open(manifest).Length));
    }

    [Fact]
    public void Transcripts_of_punctuation_alone_are_named()
    {
        string manifest = Manifest("a.wav\t8000", "sub/b.wav\t16000");
        _folder.Write("train.wrd", "...\nto do\n");
        Assert.Equal("no character of the transcript has a label", Assert.Single(TranscribedData.Open(manifest).Skipped).Reason);
    }

    [Fact]
    public void Duplicate_names_are_separate_items()
    {
        string manifest = Manifest("a.wav\t8000", "a.wav\t8000");
        _folder.Write("train.ltr", "T O |\nH E |\n");
        var data = TranscribedData.Open(manifest);
        Assert.Equal(["TO", "HE"], Enumerable.Range(0, 2).Select(data.Transcript));
        Assert.Equal(2, Enumerable.Range(0, 2).Select(data.Name).Distinct().Count());
    }

    [Fact]
    public void Empty_and_infeasible_transcripts_are_named()
    {
        // 20 and 40 frames.
        string manifest = Manifest("a.wav\t8000", "sub/b.wav\t16000", "a.wav\t8000", "a.wav\t8000", "a.wav\t8000");
        _folder.Write("train.ltr", $"{Letters(20)}\n\n{Letters(21)}\nL L L L L L L L L L L\n | \n");
        var data = TranscribedData.Open(manifest, options: s_frames);
        Assert.Equal(1, data.Count);
        Assert.Equal(
            ["the transcript is empty", "frames, and its transcript needs 21", "20 frames, and its transcript needs 21", "the transcript is empty"],
            data.Skipped.Zip(["the transcript is empty", "frames, and its transcript needs 21", "20 frames, and its transcript needs 21", "the transcript is empty"])
                .Select(pair => pair.First.Reason.Contains(pair.Second, StringComparison.Ordinal) ? pair.Second : pair.First.Reason));

        static string Letters(int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => i % 2 == 0 ? "T" : "O"));
    }

    [Fact]
    public void Short_and_long_recordings_are_counted_but_not_bad()
    {
        _folder.Write("train.ltr", "T |\nO |\n");
        string manifest = Manifest("a.wav\t8000", "sub/b.wav\t16000");
        SkippedItem tooLong = Assert.Single(TranscribedData.Open(manifest, options: new SpeechOptions { MaxSamples = 9000, Strict = true }).Skipped);
        Assert.Equal("1 s are longer than the most of 0.563 s", tooLong.Reason);
        Assert.False(tooLong.IsBad);
        SkippedItem tooShort = Assert.Single(TranscribedData.Open(manifest, options: new SpeechOptions { MinSamples = 9000, Strict = true }).Skipped);
        Assert.Contains("a.wav", tooShort.Name, StringComparison.Ordinal);
        Assert.False(tooShort.IsBad);
    }

    [Fact]
    public void Long_recordings_are_cut_at_another_place_in_each_epoch_for_pretraining()
    {
        var data = RecordingData.Open(Manifest("sub/b.wav\t16000", "a.wav\t8000"), new SpeechOptions { MaxSamples = 10000 });
        float[] whole = Normalization.PerUtterance(AudioFile.Load(_folder["recordings/sub/b.wav"]).Samples);
        Assert.Equal([10000, 8000], Enumerable.Range(0, 2).Select(data.Length));
        int[] starts = [.. Enumerable.Range(0, 20).Select(epoch =>
        {
            float[] cut = data.Load(0, new EpochRandom(1, epoch)).Input.ToArray();
            Assert.Equal(cut, data.Load(0, new EpochRandom(1, epoch)).Input.ToArray());
            int start = whole.AsSpan().IndexOf(cut);
            Assert.InRange(start, 0, 6000);
            return start;
        })];
        Assert.InRange(starts.Distinct().Count(), 15, 20);
        Assert.Equal(8000, data.Load(1, s_random).Input.Length);
    }

    [Fact]
    public void A_recording_that_changes_after_it_was_measured_is_an_error_that_names_it()
    {
        var data = RecordingData.Open(Manifest("a.wav\t8000"));
        _folder.WriteWav("recordings/a.wav", 9000);
        Assert.Contains("a.wav", Assert.Throws<InvalidDataException>(() => data.Load(0, s_random)).Message, StringComparison.Ordinal);
        File.Delete(_folder["recordings/a.wav"]);
        Assert.EndsWith(": the file does not exist", Assert.Throws<InvalidDataException>(() => data.Load(0, s_random)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_fingerprint_stays_when_the_folder_moves_and_changes_with_a_transcript()
    {
        _folder.Write("train.ltr", "T O |\n");
        DataFingerprint before = TranscribedData.Open(Manifest("a.wav\t8000")).Fingerprint;
        Directory.Move(_folder["recordings"], _folder["moved"]);
        string manifest = _folder.Write("train.tsv", "moved\na.wav\t8000\n");
        Assert.Equal(before, TranscribedData.Open(manifest).Fingerprint);
        _folder.Write("train.ltr", "O T |\n");
        Assert.NotEqual(before, TranscribedData.Open(manifest).Fingerprint);
    }

    [Theory]
    [InlineData("path,transcript\na.wav,to do\nsub/b.wav,\"he, the\"\n", "t.csv")]
    [InlineData("transcription;file\nto do;a.wav\n\"he, the\";sub\\b.wav\n", "t.csv")]
    [InlineData("\uFEFFid\tfilename\tSentence\r\n1\ta.wav\tto do\r\n2\tsub/b.wav\the, the\r\n", "t.tsv")]
    [InlineData("file_name,text\r\n\"a.wav\",\"to do\"\r\n\r\nsub/b.wav,\"he, the\"", "metadata.csv")]
    [InlineData("path\ttranscript\ra.wav\tto do\rsub/../sub/b.wav\the, the\r", "t.tsv")]
    [InlineData("\uFEFF\"speaker, or id\";path;text\n1;a.wav;to do\n ;sub/b.wav;\"he, the\"\n;;\n  \n", "t.csv")]
    public void Tables_of_recordings_are_read(string table, string name)
    {
        Manifest("a.wav\t8000");
        string path = _folder.Write($"recordings/{name}", table);
        foreach (string source in new[] { path, _folder["recordings"] })
        {
            var data = TranscribedData.Open(source);
            Assert.Equal(["to do", "he, the"], Enumerable.Range(0, data.Count).Select(data.Transcript));
            Assert.Equal(["<s>", "<pad>", "</s>", "<unk>", "|", ",", "d", "e", "h", "o", "t"], data.Labels.Names);
            Assert.Equal([10, 9, 4, 6, 9, 4], data.Target(0));
            Assert.Equal(16000, data.Length(1));
        }

        Assert.Equal(2, RecordingData.Open(path).Count);
    }

    [Fact]
    public void Recordings_of_Common_Voice_are_found_in_their_folder()
    {
        _folder.WriteWav("clips/one.wav", 400);
        string table = _folder.Write("train.tsv", "client_id\tpath\tsentence\nx\tone.wav\t\"Hello,\" he said.\nx\ttwo.wav\tgone\nx\n");
        var data = TranscribedData.Open(table);
        Assert.Equal("\"Hello,\" he said.", data.Transcript(0));
        Assert.Equal([$"{table}:4", $"{_folder.Path}/two.wav ({table}:3)"], data.Skipped.Select(item => item.Name));
    }

    [Fact]
    public void Tables_without_the_columns_are_refused_with_the_columns_they_have()
    {
        string path = _folder.Write("x.csv", "name,words\na.wav,hello\n");
        Assert.Contains("'name', 'words'", Assert.Throws<InvalidDataException>(() => TranscribedData.Open(path)).Message, StringComparison.Ordinal);
        path = _folder.Write("x.csv", "path,words\na.wav,hello\n");
        Assert.Contains("no column with transcripts", Assert.Throws<InvalidDataException>(() => TranscribedData.Open(path)).Message, StringComparison.Ordinal);
        path = _folder.Write("x.csv", "path,text\na.wav,\"hello\nb.wav,you\n");
        Assert.Contains("x.csv:2: a field begins with a quotation mark", Assert.Throws<InvalidDataException>(() => TranscribedData.Open(path)).Message, StringComparison.Ordinal);
        Assert.Contains("is empty", Assert.Throws<InvalidDataException>(() => TranscribedData.Open(_folder.Write("x.csv", "\n\"\"\n"))).Message, StringComparison.Ordinal);
        _folder.Write("y.csv", "path,text\n");
        Assert.Contains("several tables", Assert.Throws<InvalidDataException>(() => TranscribedData.Open(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => TranscribedData.Open(_folder["none.csv"]));
    }

    [Fact]
    public void Folders_of_LibriSpeech_are_read()
    {
        _folder.WriteWav("84/121123/84-121123-0000.wav", 400);
        _folder.WriteWav("84/121123/84-121123-0001.wav", 400);
        _folder.WriteWav("84/121123/84-121123-0009.wav", 400);
        _folder.WriteWav("9/1/9-1-0000.wav", 400);
        _folder.Write("84/121123/84-121123.trans.txt", "84-121123-0000 GO DO YOU HEAR\n84-121123-0001 BUT\n84-121123-0002 GONE\n");
        _folder.Write("9/1/9-1.trans.txt", "9-1-0000 IT'S\r\n");
        var data = TranscribedData.Open(_folder.Path);
        Assert.Equal(["GO DO YOU HEAR", "BUT", "IT'S"], Enumerable.Range(0, data.Count).Select(data.Transcript));
        Assert.Equal([$"{_folder.Path}/84/121123/84-121123.trans.txt:3", $"{_folder.Path}/84/121123/84-121123-0009.wav"], data.Skipped.Select(item => item.Name));
    }

    [Fact]
    public void Hidden_files_of_macOS_are_left_out()
    {
        _folder.WriteWav("9/1/9-1-0000.wav", 400);
        _folder.Write("9/1/9-1.trans.txt", "9-1-0000 IT'S\n");
        _folder.Write("9/1/._9-1-0000.wav", "no recording");
        _folder.Write("9/1/._9-1.trans.txt", "no transcript");
        Assert.Empty(TranscribedData.Open(_folder["9"]).Skipped);

        Manifest("a.wav\t8000");
        _folder.Write("recordings/t.csv", "path,text\na.wav,hello\n");
        _folder.Write("recordings/._t.csv", "no table");
        Assert.Equal(1, TranscribedData.Open(_folder["recordings"]).Count);
    }

    [Fact]
    public void Empty_files_and_links_to_nothing_are_named()
    {
        Manifest("a.wav\t8000");
        _folder.Write("recordings/empty.wav", "");
        File.CreateSymbolicLink(_folder["recordings/link.wav"], "gone.wav");
        var data = RecordingData.Open(_folder["recordings"]);
        Assert.Equal(2, data.Count);
        Assert.Equal([_folder["recordings/empty.wav"], _folder["recordings/link.wav"]], data.Skipped.Select(item => item.Name));
        Assert.Contains("empty", data.Skipped[0].Reason, StringComparison.Ordinal);
        Assert.Equal("the file does not exist", data.Skipped[1].Reason);
    }

    [Fact]
    public void Folders_that_may_not_be_read_are_named()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Skip("Root may read every folder, and Windows has other permissions.");
            return;
        }

        Manifest("a.wav\t8000");
        File.SetUnixFileMode(_folder["recordings/sub"], UnixFileMode.None);
        try
        {
            Assert.Equal($"{_folder["recordings/sub"]}: the folder may not be read", Assert.Single(RecordingData.Open(_folder["recordings"]).Skipped).ToString());
        }
        finally
        {
            File.SetUnixFileMode(_folder["recordings/sub"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void A_folder_of_recordings_is_searched_for_pretraining()
    {
        Manifest("a.wav\t8000");
        _folder.Write("recordings/notes.txt", "no recording");
        _folder.WriteWav("recordings/.hidden/c.wav", 400);
        _folder.WriteWav("recordings/Zoë 語.WAV", 400);
        var data = RecordingData.Open(_folder["recordings"]);
        Assert.Equal(["Zoë 語.WAV", "a.wav", "sub/b.wav"], Enumerable.Range(0, data.Count).Select(item => Path.GetRelativePath(_folder["recordings"], data.Name(item))));
        Assert.Contains("no transcripts in this folder", Assert.Throws<InvalidDataException>(() => TranscribedData.Open(_folder["recordings"])).Message, StringComparison.Ordinal);
    }

    private string Manifest(params string[] lines)
    {
        _folder.WriteWav("recordings/a.wav", 8000);
        _folder.WriteWav("recordings/sub/b.wav", 16000);
        _folder.Write("dict.ltr.txt", Dictionary);
        return _folder.Write("train.tsv", $"{_folder.Path}/recordings\n{string.Join('\n', lines)}\n");
    }
}
