using System.Security.Cryptography;
using Data2Vec.Audio;
using Data2Vec.Vision.Images;

namespace Data2Vec.Corpus.Tests;

public sealed class WorkerTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Vectors_are_those_of_the_texts_alone()
    {
        string texts = _folder.Texts(50);
        CorpusJob job = _folder.Embed("out", texts, 20);
        await TestFolder.RunAsync(job);

        using TextModel model = Data2VecModel.Load<TextModel>(TestFolder.Model("text.d2v"));
        string[] lines = File.ReadAllLines(texts);
        List<CorpusRow> rows = await TestFolder.RowsAsync(job);
        Assert.Equal(50, rows.Count);
        for (int i = 0; i < rows.Count; i++)
        {
            Assert.Equal($"{texts}:{i + 1}", rows[i].Id);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(lines[i]))), rows[i].Sha256);
            Assert.Equal(model.Embed(lines[i]), rows[i].Vector);
        }
    }

    [Fact]
    public async Task Numbers_of_threads_change_no_byte()
    {
        string texts = _folder.Texts(300);
        CorpusJob one = _folder.Embed("one", texts, 80), many = _folder.Embed("many", texts, 80);
        await TestFolder.RunAsync(one, new WorkerOptions { Threads = 1, DecodingThreads = 1 });
        await TestFolder.RunAsync(many, new WorkerOptions { Threads = 4, DecodingThreads = 5 });
        TestFolder.SameBytes(one, many);
    }

    [Fact]
    public async Task Several_workers_of_a_process_share_a_job()
    {
        string texts = _folder.Texts(300);
        CorpusJob one = _folder.Embed("one", texts, 30), shared = _folder.Embed("shared", texts, 30);
        await TestFolder.RunAsync(one);
        await using var scheduler = new LocalScheduler(shared);
        using CorpusWorker first = CorpusWorker.Load(shared), second = CorpusWorker.Load(shared);
        await Task.WhenAll(Task.Run(() => first.RunAsync(scheduler)), Task.Run(() => second.RunAsync(scheduler)));
        TestFolder.SameBytes(one, shared);
    }

    [Fact]
    public async Task Bad_files_are_rows_with_their_errors()
    {
        string good = _folder.Copy("img0.png", "images/a.png");
        _folder.Write("images/b.png", "no image");
        _folder.Write("images/c.jpg", "");
        byte[] whole = File.ReadAllBytes(good);
        File.WriteAllBytes(_folder["images/d.png"], whole[..(whole.Length / 2)]);
        CorpusJob job = Images();
        File.Copy(good, _folder["images/e.png"]);
        job = Images("second");
        File.Delete(_folder["images/e.png"]);
        CorpusProgress done = await TestFolder.RunAsync(job);

        List<CorpusRow> rows = await TestFolder.RowsAsync(job);
        Assert.Equal(["a.png", "b.png", "c.jpg", "d.png", "e.png"], rows.Select(row => Path.GetFileName(row.Id)));
        Assert.Equal([null, "bad", "bad", "bad", "missing"], rows.Select(row => row.ErrorKind));
        Assert.Equal("the file is empty", rows[2].Error);
        Assert.Equal("no such file", rows[4].Error);
        Assert.All(rows.Skip(1), row => Assert.Null(row.Vector));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(whole)), rows[0].Sha256);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("no image"u8)), rows[1].Sha256);
        Assert.Equal(new Dictionary<string, long> { ["bad"] = 3, ["missing"] = 1 }, done.Errors);
        using VisionModel model = Data2VecModel.Load<VisionModel>(TestFolder.Model("image.d2v"));
        Assert.Equal(model.Embed(ImageFile.Load(good)), rows[0].Vector);

        CorpusStatus status = CorpusStatus.Read(job);
        Assert.True(status.IsComplete);
        Assert.Equal(done.Errors, status.Errors);
    }

    [Fact]
    public async Task A_strict_worker_stops_at_the_first_bad_file_and_resumes()
    {
        _folder.Copy("img0.png", "images/a.png");
        _folder.Write("images/b.png", "no image");
        CorpusJob job = Images();
        string message = (await Assert.ThrowsAsync<InvalidDataException>(() => TestFolder.RunAsync(job, new WorkerOptions { Strict = true }))).Message;
        Assert.StartsWith(_folder["images/b.png"] + ": ", message, StringComparison.Ordinal);
        Assert.False(job.IsDone(0));
        Assert.Equal(2, (await TestFolder.RunAsync(job)).Rows);
    }

    [Fact]
    public async Task Errors_are_run_again_and_only_their_shards_change()
    {
        for (int i = 0; i < 6; i++)
        {
            _folder.Copy("img0.png", $"images/{i}.png");
        }

        File.WriteAllText(_folder["images/1.png"], "no image");
        File.WriteAllText(_folder["images/3.png"], "no image");
        CorpusJob job = Images(rowsPerShard: 2);
        await TestFolder.RunAsync(job);
        byte[] untouched = File.ReadAllBytes(job.ShardPath(2));
        DateTime written = File.GetLastWriteTimeUtc(job.ShardPath(1));

        File.Copy(TestFolder.Fixture("img0.png"), _folder["images/1.png"], overwrite: true);
        using (CorpusWorker worker = CorpusWorker.Load(job))
        {
            CorpusProgress done = await worker.RetryErrorsAsync();
            Assert.Equal((2, 1), (done.Total, (int)done.Errors.Values.Sum()));
        }

        List<CorpusRow> rows = await TestFolder.RowsAsync(job);
        Assert.Equal([null, null, null, "bad", null, null], rows.Select(row => row.ErrorKind));
        Assert.Equal(rows[0].Vector, rows[1].Vector);
        Assert.Equal(untouched, File.ReadAllBytes(job.ShardPath(2)));
        Assert.Equal(written, File.GetLastWriteTimeUtc(job.ShardPath(1)));
        Assert.Empty((await CorpusVerification.VerifyAsync(job)).Problems);

        // The files are those of a job that had no bad image at the place.
        CorpusJob again = Images("again", 2);
        await TestFolder.RunAsync(again);
        TestFolder.SameBytes(again, job);
    }

    [Fact]
    public async Task Damage_of_a_shard_is_found_and_repaired_by_running_again()
    {
        CorpusJob job = _folder.Embed("out", _folder.Texts(40), 10);
        await TestFolder.RunAsync(job);
        CorpusVerification right = await CorpusVerification.VerifyAsync(job);
        Assert.Equal((4, 0, 0), (right.Checked, right.Missing, right.Problems.Count));

        byte[] good = File.ReadAllBytes(job.ShardPath(1));
        byte[] bad = [.. good];
        bad[good.Length / 3] ^= 1;
        File.WriteAllBytes(job.ShardPath(1), bad);
        File.Copy(job.ShardPath(0), job.ShardPath(2), overwrite: true);
        File.WriteAllBytes(job.ShardPath(3), good[..100]);
        Assert.Equal(3, (await CorpusVerification.VerifyAsync(job)).Problems.Count);

        File.Delete(job.ShardPath(1));
        File.Delete(job.ShardPath(2));
        File.Delete(job.ShardPath(3));
        Assert.Equal((1, 3), ((await CorpusVerification.VerifyAsync(job)).Checked, (await CorpusVerification.VerifyAsync(job)).Missing));
        await TestFolder.RunAsync(job);
        Assert.Empty((await CorpusVerification.VerifyAsync(job)).Problems);
        Assert.Equal(good, File.ReadAllBytes(job.ShardPath(1)));
    }

    [Fact]
    public async Task Recordings_are_transcribed_and_long_ones_are_read_in_blocks()
    {
        string recording = _folder.Copy("four-two.wav", "speech/a.wav");
        Waveform wave = AudioFile.Load(recording);
        CorpusJob job = CorpusJob.Create(_folder["out"], new TranscribeTask(TestFolder.Model("speech-ctc.d2v")) { Words = true }, [new FolderSource(_folder["speech"])]);
        await TestFolder.RunAsync(job);
        CorpusRow row = Assert.Single(await TestFolder.RowsAsync(job));
        Assert.Equal("FOUR TWO", row["text"]);
        Assert.Equal(Math.Round(wave.Duration.TotalSeconds, 3), row["seconds"]);
        Assert.StartsWith("[{\"text\":\"FOUR\",\"start\":", (string)row["words"]!, StringComparison.Ordinal);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(recording))), row.Sha256);

        using SpeechModel model = Data2VecModel.Load<SpeechModel>(TestFolder.Model("speech.d2v"));
        var streamed = new StreamedRecording(recording, new AudioReadOptions());
        Assert.Equal(model.Embed(wave), model.Embed(streamed));
        Assert.Equal(row.Sha256, streamed.Sha256);
    }

    [Fact]
    public async Task Texts_are_classified()
    {
        string texts = _folder.Write("texts.txt", "A gripping, funny and beautifully acted film.\ndull and far too long\n");
        CorpusJob job = CorpusJob.Create(_folder["out"], new ClassifyTask(TestFolder.Model("text-sentiment.d2v")), [CorpusSource.FromPath(texts)]);
        await TestFolder.RunAsync(job);
        using TextModel model = Data2VecModel.Load<TextModel>(TestFolder.Model("text-sentiment.d2v"));
        List<CorpusRow> rows = await TestFolder.RowsAsync(job);
        string[] lines = File.ReadAllLines(texts);
        for (int i = 0; i < rows.Count; i++)
        {
            LabelProbability best = model.Classify(lines[i])[0];
            Assert.Equal((best.Label, best.Probability), ((string)rows[i]["label"]!, (float)rows[i]["probability"]!));
            Assert.Equal(1f, ((float[])rows[i]["probabilities"]!).Sum(), 1e-5f);
        }
    }

    [Fact]
    public void Options_that_the_model_does_not_have_are_refused_before_any_input()
    {
        CorpusJob job = CorpusJob.Create(
            _folder["out"], new EmbedTask(TestFolder.Model("text.d2v")) { Options = new EmbeddingOptions { Layer = 99 } }, [CorpusSource.FromPath(_folder.Texts(3))]);
        Assert.ThrowsAny<ArgumentException>(() => CorpusWorker.Load(job));
    }

    [Fact]
    public async Task Another_model_at_the_path_of_the_jobs_model_is_refused()
    {
        File.Copy(TestFolder.Model("text.d2v"), _folder["model.d2v"]);
        CorpusJob job = CorpusJob.Create(_folder["out"], new EmbedTask(_folder["model.d2v"]), [CorpusSource.FromPath(_folder.Texts(3))]);
        File.Copy(TestFolder.Model("text-sentiment.d2v"), _folder["model.d2v"], overwrite: true);
        Assert.Contains("not the model", Assert.Throws<InvalidDataException>(() => CorpusWorker.Load(job)).Message, StringComparison.Ordinal);
        File.Delete(_folder["model.d2v"]);
        Assert.Throws<IOException>(() => CorpusWorker.Load(job));
        using CorpusWorker worker = CorpusWorker.Load(job, new WorkerOptions { ModelPath = TestFolder.Model("text.d2v") });
        Assert.Equal(3, (await worker.RunAsync(new LocalScheduler(job))).Rows);
    }

    private CorpusJob Images(string output = "out", int rowsPerShard = 10) => CorpusJob.Create(
        _folder[output], new EmbedTask(TestFolder.Model("image.d2v")), [new FolderSource(_folder["images"])], new CorpusJobOptions { RowsPerShard = rowsPerShard });
}
