namespace Data2Vec.Corpus.Tests;

public sealed class JobTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Another_job_into_the_same_folder_is_refused_and_the_message_says_what_differs()
    {
        string texts = _folder.Texts(10);
        _folder.Embed("out", texts, 5);
        Assert.Equal(10, _folder.Embed("out", texts, 5).Rows);

        Refused("shards have 4 rows, and had 5", () => _folder.Embed("out", texts, 4));
        Refused("there are 3 inputs, and were 10", () => _folder.Embed("out", _folder.Texts(3, "fewer.txt"), 5));
        File.AppendAllText(texts, "one more\n");
        Refused("there are 11 inputs, and were 10", () => _folder.Embed("out", texts, 5));
        _folder.Texts(10);
        Refused("the option layer is 1, and was the default", () => Create(new EmbedTask(TestFolder.Model("text.d2v")) { Options = new EmbeddingOptions { Layer = 1 } }));
        Refused("the model is another one", () => Create(new EmbedTask(TestFolder.Model("text-sentiment.d2v"))));
        Refused("the task is classify, and was embed", () => Create(new ClassifyTask(TestFolder.Model("text-sentiment.d2v"))));
        Assert.Equal(10, CorpusJob.Open(_folder["out"]).Rows);

        CorpusJob Create(CorpusTask task) => CorpusJob.Create(_folder["out"], task, [CorpusSource.FromPath(texts)]);

        static void Refused(string difference, Action create) =>
            Assert.Contains(difference, Assert.Throws<InvalidDataException>(create).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_line_makes_another_job()
    {
        string texts = _folder.Texts(10);
        _folder.Embed("out", texts, 5);
        string content = File.ReadAllText(texts);
        File.WriteAllText(texts, content.Replace("number 7", "number X", StringComparison.Ordinal));
        Assert.Contains("the inputs are others", Assert.Throws<InvalidDataException>(() => _folder.Embed("out", texts, 5)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_inputs_with_one_id_are_refused()
    {
        string table = _folder.Write("t.jsonl", """
            {"id": "a", "text": "one"}
            {"id": "b", "text": "two"}
            {"id": "a", "text": "three"}
            """);
        string message = Assert.Throws<InvalidDataException>(() => _folder.Embed("out", table, 5)).Message;
        Assert.Equal($"a: two inputs have this id ({table}:1 and {table}:3); give each input once, with an id of its own", message);
        Assert.False(File.Exists(Path.Combine(_folder["out"], "job.json")));
        Assert.Empty(Directory.GetDirectories(_folder["out"]));
    }

    [Theory]
    [InlineData("{", "the job is damaged")]
    [InlineData("{}", "the job is damaged")]
    [InlineData("{\"format\":9,\"task\":\"embed\",\"options\":{},\"model\":\"00\",\"inputs\":{\"kind\":\"text\",\"rows\":1,\"sha256\":\"\",\"references\":false},\"rows_per_shard\":1}", "another version")]
    [InlineData("{\"format\":1,\"task\":\"embed\",\"options\":{},\"model\":\"00\",\"inputs\":{\"kind\":\"text\",\"rows\":-1,\"sha256\":\"\",\"references\":false},\"rows_per_shard\":1}", "out of range")]
    public void A_damaged_job_is_named(string content, string problem)
    {
        CorpusJob job = _folder.Embed("out", _folder.Texts(3), 5);
        File.WriteAllText(Path.Combine(job.Folder, "job.json"), content);
        string message = Assert.Throws<InvalidDataException>(() => CorpusJob.Open(job.Folder)).Message;
        Assert.StartsWith(job.Folder, message, StringComparison.Ordinal);
        Assert.Contains(problem, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_survive_the_file_of_the_job()
    {
        var options = new EmbeddingOptions
        {
            Layer = 1,
            Pooling = Pooling.Mean | Pooling.Max,
            Normalize = true,
            Prompt = "query: ",
            LongTexts = Text.LongTextPolicy.Truncate,
            MaxTokens = 20,
            SplitSpecialTokens = true,
            LongRecordings = Audio.LongRecordingPolicy.Whole,
            Windows = new Audio.RecordingWindows { Length = TimeSpan.FromSeconds(7.5), Stride = TimeSpan.FromSeconds(0.5) },
        };
        var task = new EmbedTask(TestFolder.Model("text.d2v")) { Options = options, Limits = new InputLimits { MaxPixels = 5, MaxSamples = 6 } };
        CorpusJob.Create(_folder["out"], task, [CorpusSource.FromPath(_folder.Texts(3))]);
        Assert.Equal(task, CorpusJob.Open(_folder["out"]).Task);
    }

    [Fact]
    public async Task Parts_divide_the_shards_and_leave_none_out()
    {
        CorpusJob job = _folder.Embed("out", _folder.Texts(70), 10);
        var taken = new List<int>();
        for (int part = 0; part < 3; part++)
        {
            await using var scheduler = new LocalScheduler(job, part, 3);
            while (await scheduler.TakeAsync(default) is { } shard)
            {
                taken.Add(shard.Number);
                await scheduler.CompleteAsync(shard, default);
            }
        }

        Assert.Equal([0, 3, 6, 1, 4, 2, 5], taken);
    }
}
