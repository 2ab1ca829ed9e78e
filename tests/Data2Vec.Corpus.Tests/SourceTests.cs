using System.Diagnostics;
using DuckDB.NET.Data;

namespace Data2Vec.Corpus.Tests;

public sealed class SourceTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_of_texts_keep_their_places_in_every_encoding()
    {
        string path = _folder["utf16.txt"];
        File.WriteAllText(path, "erste Zeile\r\n\r\nдве\r\n", System.Text.Encoding.Unicode);
        Assert.Equal([(path + ":1", "erste Zeile"), (path + ":2", ""), (path + ":3", "две")], Read(path).Select(input => (input.Id, input.Text)));
    }

    [Fact]
    public void A_text_that_is_damaged_ends_with_a_bad_row()
    {
        string path = _folder["bad.txt"];
        File.WriteAllBytes(path, [.. "good\n"u8, 0xC3, 0x28, (byte)'\n']);
        PlannedInput[] inputs = Read(path);
        Assert.Equal("good", inputs[0].Text);
        Assert.Equal((path + ":2", true), (inputs[1].Id, inputs[1].Problem!.Contains("UTF-8", StringComparison.Ordinal)));
        Assert.Equal("the file is empty", Assert.Single(Read(_folder.Write("empty.txt", ""))).Problem);
    }

    [Theory]
    [InlineData("t.csv", "id,text,label\n1,\"a, b\nc\",x\n2,\"say \"\"hi\"\"\",\n")]
    [InlineData("t.jsonl", "{\"id\": 1, \"text\": \"a, b\\nc\", \"label\": \"x\"}\n\n{\"label\": \"\", \"id\": \"2\", \"text\": \"say \\\"hi\\\"\"}\n")]
    public void Tables_give_ids_texts_and_references(string name, string content)
    {
        PlannedInput[] inputs = Read(_folder.Write(name, content));
        Assert.Equal([("1", "a, b\nc", "x"), ("2", "say \"hi\"", "")], inputs.Select(input => (input.Id, input.Text, input.Reference)));
        Assert.All(inputs, input => Assert.StartsWith(_folder[name] + ":", input.Source, StringComparison.Ordinal));
    }

    [Fact]
    public void Parquet_files_of_another_program_are_tables()
    {
        string path = _folder["t.parquet"];
        using (var database = new DuckDBConnection("Data Source=:memory:"))
        {
            database.Open();
            using DuckDBCommand command = database.CreateCommand();
            command.CommandText = $"copy (select i as id, case when i = 3 then null else 'text ' || i end as sentence, i * 0.5 as other, [i] as list from range(10000) t(i)) to '{path}' (format parquet, row_group_size 2048)";
            command.ExecuteNonQuery();
        }

        PlannedInput[] inputs = Read(path);
        Assert.Equal(10000, inputs.Length);
        Assert.Equal(("9999", "text 9999", path + ":10000"), (inputs[^1].Id, inputs[^1].Text, inputs[^1].Source));
        Assert.Equal("the row has no text", inputs[3].Problem);
        Assert.Equal(10000, inputs.DistinctBy(input => input.Id).Count());
    }

    [Theory]
    [InlineData("t.csv", "a,b\n1,2\n", "no column with texts; the columns are a, b")]
    [InlineData("t.csv", "", "the file is empty")]
    [InlineData("t.jsonl", "{\"a\": 1}\n", "no column with texts; the columns are a")]
    [InlineData("t.csv", "text\n\"open\n", "a field begins with a quotation mark")]
    [InlineData("t.parquet", "PAR1 no PAR1", "damaged")]
    [InlineData("t.parquet", "", "damaged")]
    public void A_table_without_texts_is_named(string name, string content, string problem)
    {
        string path = _folder.Write(name, content);
        string message = Assert.Throws<InvalidDataException>(() => Read(path)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(problem, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_tables_that_cannot_be_read_are_bad_rows()
    {
        PlannedInput[] inputs = Read(_folder.Write("t.jsonl", "{\"text\": \"good\"}\nnonsense\n[1]\n{\"id\": 4}\n{\"text\": \"\\ud800\"}\n"));
        Assert.Equal([null, "the line is not JSON", "the line is not a JSON object", "the row has no text", "a text in the line is not valid Unicode"], inputs.Select(input => input.Problem));
    }

    [Fact]
    public void Paths_of_a_table_begin_at_its_folder()
    {
        PlannedInput input = Assert.Single(Read(_folder.Write("data/metadata.csv", "file_name,text,label\nimages/1.png,caption,cat\n"), Modality.Vision));
        Assert.Equal(Path.Combine(_folder["data"], "images/1.png"), input.Path);
        Assert.Equal(("caption", "cat", input.Path), (input.Text, input.Reference, input.Source));
    }

    [Fact]
    public void Folders_are_read_in_order_without_hidden_files_and_linked_folders()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need privileges there");
        foreach (string name in (string[])["b.png", "a.PNG", "sub/c.jpg", ".hidden.png", ".secret/d.png", "note.txt", "sub/deeper/new\nline.png"])
        {
            _folder.Write($"images/{name}", "x");
        }

        Directory.CreateSymbolicLink(_folder["images/loop"], _folder["images"]);
        File.CreateSymbolicLink(_folder["images/sub/broken.png"], _folder["nowhere"]);
        string[] found = [.. Read(_folder["images"], Modality.Vision).Select(input => Path.GetRelativePath(_folder["images"], input.Id))];
        Assert.Equal(["a.PNG", "b.png", "sub/broken.png", "sub/c.jpg", "sub/deeper/new\nline.png"], found);
        Assert.Equal(["a.PNG", "b.png"], new FolderSource(_folder["images"]) { Recursive = false }.Read(Context(Modality.Vision)).Select(input => Path.GetFileName(input.Id)));
        Assert.Throws<InvalidDataException>(() => Read(_folder["images/sub/deeper"], Modality.Speech));
    }

    [Fact]
    public async Task Named_pipes_and_broken_links_are_errors_and_hold_nothing_up()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no named pipes in folders");
        _folder.Copy("img0.png", "images/a.png");
        File.CreateSymbolicLink(_folder["images/b.png"], _folder["nowhere"]);
        Process.Start("mkfifo", _folder["images/c.png"]).WaitForExit();
        CorpusJob job = CorpusJob.Create(_folder["out"], new EmbedTask(TestFolder.Model("image.d2v")), [new FolderSource(_folder["images"])]);
        await TestFolder.RunAsync(job).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal([null, "missing", "bad"], (await TestFolder.RowsAsync(job)).Select(row => row.ErrorKind));
    }

    [Fact]
    public void A_folder_that_may_not_be_read_is_a_bad_row()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "this user may read every folder");
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        _folder.Write("images/a.png", "x");
        string closed = Directory.CreateDirectory(_folder["images/closed"]).FullName;
        File.SetUnixFileMode(closed, UnixFileMode.None);
        PlannedInput[] inputs = Read(_folder["images"], Modality.Vision);
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal([null, "the folder may not be read"], inputs.Select(input => input.Problem));
    }

    [Fact]
    public void LibriSpeech_gives_ids_and_transcripts()
    {
        _folder.Write("speech/1/2/1-2-0000.flac", "x");
        _folder.Write("speech/1/2/1-2-0002.flac", "x");
        _folder.Write("speech/1/2/1-2.trans.txt", "1-2-0000 FOUR TWO\n1-2-0001 ONE\n");
        PlannedInput[] inputs = [.. new LibriSpeechSource(_folder["speech"]).Read(Context(Modality.Speech))];
        Assert.Equal(("1-2-0000", "FOUR TWO"), (inputs[0].Id, inputs[0].Reference));
        Assert.Equal(Path.Combine(_folder["speech"], "1", "2", "1-2-0000.flac"), inputs[0].Path);
        Assert.Equal(2, inputs.Count(input => input.Problem is not null));
    }

    [Fact]
    public void Folders_of_classes_give_the_class()
    {
        _folder.Write("images/cat/1.png", "x");
        _folder.Write("images/dog/sub/2.png", "x");
        _folder.Write("images/3.png", "x");
        PlannedInput[] inputs = [.. new ImageFolderSource(_folder["images"]).Read(Context(Modality.Vision))];
        Assert.Equal(["cat", "dog", null], inputs.Select(input => input.Reference));
        Assert.Equal("the file is in no folder of a class", inputs[2].Problem);
    }

    [Fact]
    public void Lists_name_files_of_any_folder()
    {
        string text = _folder.Write("one.txt", "first\nsecond\n");
        string list = _folder.Write("list.txt", $"{text}\n\n{_folder["missing.txt"]}\n");
        PlannedInput[] texts = [.. new FileListSource(list).Read(Context(Modality.Text))];
        Assert.Equal(["first", "second", null], texts.Select(input => input.Text));
        Assert.Equal("no such file", texts[2].Problem);
        Assert.Equal([text, _folder["missing.txt"]], new FileListSource(list).Read(Context(Modality.Speech)).Select(input => input.Path));
        Assert.Throws<IOException>(() => new FileListSource(_folder["missing.txt"]).Read(Context(Modality.Text)).ToArray());
    }

    private PlannedInput[] Read(string path, Modality modality = Modality.Text) => [.. CorpusSource.FromPath(path).Read(Context(modality))];

    private SourceContext Context(Modality modality) => new(_folder.Path, modality, default);
}
