using System.Collections;
using System.Diagnostics;
using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Vision.Images;

namespace Data2Vec.Tests.Models;

/// <summary>The asynchronous calls against the synchronous ones, which know of no queue.</summary>
public sealed class AsyncTests
{
    private static readonly string[] s_texts =
        [.. Enumerable.Range(0, 60).Select(i => string.Join(' ', Enumerable.Repeat($"the film number {i} is fine", 1 + i * 7 % 12)))];

    [Fact]
    public async Task Texts_of_calls_at_the_same_time_get_the_bits_that_each_gets_alone()
    {
        using var model = (TextModel)BundledModels.Load("text");
        EmbeddingOptions[] all =
            [new(), new() { Normalize = true }, new() { Layer = 2, Pooling = Pooling.Class }, new() { Pooling = Pooling.None, LongTexts = LongTextPolicy.Truncate }];
        float[][][] alone = [.. all.Select(options => s_texts.Select(text => model.Embed(text, options)).ToArray())];
        IEnumerable<Task> singly = s_texts.SelectMany((text, i) => all.Select(async (options, o) =>
            Assert.Equal(alone[o][i], await model.EmbedAsync(text, options))));
        IEnumerable<Task> together = all.Select(async (options, o) => Assert.Equal(alone[o], await model.EmbedAsync(s_texts, options)));
        await Task.WhenAll([.. singly, .. together]);
        int[] ids = model.Tokenizer!.Encode(s_texts[3]);
        Assert.Equal(alone[0][3], (await model.EmbedPreparedAsync([ids]))[0]);
        Assert.Empty(await model.EmbedAsync([]));
    }

    [Fact]
    public async Task Recordings_and_images_of_calls_at_the_same_time_get_the_bits_that_each_gets_alone()
    {
        var random = new Random(5);
        using var speech = (SpeechModel)BundledModels.Load("speech-ctc");
        Waveform[] recordings = [.. Enumerable.Range(1, 9).Select(i => new Waveform(Noise(random, i * 3000), speech.SampleRate))];
        await Task.WhenAll(recordings.Select(async recording => Assert.Equal(speech.Embed(recording), await speech.EmbedAsync(recording))));
        ReadOnlyMemory<float>[] samples = [.. recordings.Select(recording => (ReadOnlyMemory<float>)recording.Samples)];
        Assert.Equal(speech.EmbedPrepared(samples), await speech.EmbedPreparedAsync(samples));
        Assert.Equal(speech.Transcribe(recordings), await speech.TranscribeAsync(recordings));

        using var vision = (VisionModel)BundledModels.Load("image");
        RgbImage[] images = [.. Enumerable.Range(0, 40).Select(i => Image(random, 20 + i, 50 - i))];
        await Task.WhenAll(images.Select(async image => Assert.Equal(vision.Embed(image), await vision.EmbedAsync(image))));
        Assert.Equal(vision.Embed(images), await vision.EmbedAsync(images));
        int size = vision.Preprocessing.CropSize;
        float[] pixels = Noise(random, 3 * size * size);
        Assert.Equal(vision.EmbedPrepared([pixels]), await vision.EmbedPreparedAsync([pixels]));
    }

    [Theory, InlineData(float.NaN), InlineData(float.NegativeInfinity)]
    public async Task Pixels_that_are_not_finite_are_refused(float bad)
    {
        using var model = (VisionModel)BundledModels.Load("image-cifar10");
        int size = model.Preprocessing.CropSize;
        var pixels = new float[3 * size * size];
        Assert.True(float.IsFinite(model.EmbedPrepared([pixels])[0][0]));
        pixels[^1] = bad;
        Assert.Contains("finite", Assert.Throws<InvalidDataException>(() => model.EmbedPrepared([pixels])).Message);
        Assert.Throws<InvalidDataException>(() => model.ClassifyPrepared([pixels]));
        Assert.Throws<InvalidDataException>(() => model.EmbedPreparedLayers(pixels));
        await Assert.ThrowsAsync<InvalidDataException>(() => model.EmbedPreparedAsync([pixels]));
    }

    [Fact]
    public async Task Bad_inputs_fail_their_own_call_as_they_do_synchronously()
    {
        using var model = (TextModel)BundledModels.Load("text");
        Task<float[]> good = model.EmbedAsync("good");
        await Assert.ThrowsAsync<TextTooLongException>(() => model.EmbedAsync(new string('x', 5000), new() { LongTexts = LongTextPolicy.Error }));
        await Assert.ThrowsAsync<InvalidDataException>(() => model.EmbedPreparedAsync([new[] { 0, 999_999, 2 }]));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => model.EmbedAsync("x", new() { Layer = 99 }));
        await Assert.ThrowsAsync<ArgumentNullException>(() => model.EmbedAsync((string[])null!));
        Assert.Equal(model.Embed("good"), await good);
    }

    [Fact]
    public async Task A_model_that_may_keep_little_waiting_refuses_clearly()
    {
        using var model = (TextModel)BundledModels.Load("text", new ModelOptions { MaxQueuedRows = 1 });
        // Prepared inputs are queued before the method returns, so the loop finds them there.
        Task<float[][]> large = model.EmbedPreparedAsync([.. Enumerable.Repeat((ReadOnlyMemory<int>)model.Tokenizer!.Encode(s_texts[11]), 400)]);
        var full = await Assert.ThrowsAsync<QueueFullException>(async () =>
        {
            while (!large.IsCompleted)
            {
                await model.EmbedAsync("x");
            }
        });
        Assert.Contains("ModelOptions.MaxQueuedRows", full.Message, StringComparison.Ordinal);
        Assert.Equal(400, (await large).Length);
        foreach (ModelOptions bad in (ModelOptions[])[new() { MaxQueuedRows = 0 }, new() { GatherDelay = -TimeSpan.FromSeconds(1) }])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => BundledModels.Load("text", bad));
        }
    }

    [Fact]
    public async Task Disposing_lets_a_running_call_end_and_fails_those_that_wait()
    {
        var model = (TextModel)BundledModels.Load("text");
        Task<float[][]>[] calls = [.. Enumerable.Range(0, 50).Select(_ => model.EmbedAsync(s_texts))];
        await Task.WhenAny(calls);
        model.Dispose();
        int done = 0;
        foreach (Task<float[][]> call in calls)
        {
            try
            {
                await call;
                done++;
            }
            catch (ObjectDisposedException)
            {
            }
        }

        Assert.InRange(done, 1, 49);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => model.EmbedAsync("x"));
    }

    [Fact]
    public async Task A_cancelled_synchronous_call_returns_at_the_next_layer()
    {
        using var model = (TextModel)BundledModels.Load("text");
        string[] texts = [.. Enumerable.Repeat(s_texts[11], 3000)];

        // The fastest of five, as other work on the machine is not what is measured.
        TimeSpan batch = TimeSpan.Zero, fastest = TimeSpan.MaxValue;
        for (int run = 0; run < 5; run++)
        {
            long start = Stopwatch.GetTimestamp();
            model.Embed(texts[..30]);
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            batch = taken > batch ? taken : batch;
            using var cancel = new CancellationTokenSource();
            Task call = Task.Run(() => model.Embed(texts, null, cancel.Token));
            await Task.Delay(taken);
            start = Stopwatch.GetTimestamp();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            taken = Stopwatch.GetElapsedTime(start);
            fastest = taken < fastest ? taken : fastest;
        }

        // 100 batches would follow. The text model looks before each of its four layers; a batch as a whole is more than one.
        Assert.InRange(fastest, TimeSpan.Zero, batch + TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task Cancelling_ends_the_preparation_of_inputs_and_an_asynchronous_call_at_once()
    {
        using var model = (TextModel)BundledModels.Load("text");
        using var speech = (SpeechModel)BundledModels.Load("speech");
        using var vision = (VisionModel)BundledModels.Load("image");
        foreach (Action<CancellationTokenSource> call in (Action<CancellationTokenSource>[])
        [
            cancel => model.Embed(new Cancelling<string>(cancel, s_texts[0]), null, cancel.Token),
            cancel => speech.Embed(new Cancelling<Waveform>(cancel, new Waveform(new float[16000], 16000)), null, cancel.Token),
            cancel => vision.Embed(new Cancelling<RgbImage>(cancel, Image(new Random(1), 40, 40)), null, cancel.Token),
        ])
        {
            using var source = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() => call(source));
        }

        // A list that gives nothing before the test lets it.
        using var later = new CancellationTokenSource();
        using var gate = new ManualResetEventSlim();
        Task waiting = model.EmbedAsync(new Cancelling<string>(later, s_texts[0], gate), null, later.Token);
        await later.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(20)));
        gate.Set();
    }

    [Fact]
    public async Task The_ids_of_a_cancelled_call_may_change_while_others_share_its_batch()
    {
        using var model = (TextModel)BundledModels.Load("text");
        int[] good = model.Tokenizer!.Encode(s_texts[11]);
        float[] expected = model.EmbedPrepared([good])[0];
        for (int i = 0; i < 20; i++)
        {
            using var cancel = new CancellationTokenSource();
            int[][] buffers = [.. Enumerable.Range(0, 20).Select(_ => (int[])good.Clone())];
            Task<float[][]> first = model.EmbedPreparedAsync([good]);
            Task<float[][]>[] cancelled = [.. buffers.Select(ids => model.EmbedPreparedAsync([ids], null, cancel.Token))];
            Task<float[][]> other = model.EmbedPreparedAsync([good]);
            foreach (int[] ids in buffers)
            {
                Array.Fill(ids, int.MaxValue);
            }

            await cancel.CancelAsync();
            Assert.Equal(expected, (await first)[0]);
            Assert.Equal(expected, (await other)[0]);
            await Task.WhenAll(cancelled).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    [Fact]
    public async Task Transcriptions_wait_in_the_queue_as_embeddings_do()
    {
        using var model = (SpeechModel)BundledModels.Load("speech-ctc", new ModelOptions { MaxQueuedRows = 1 });
        var random = new Random(3);
        Waveform[] recordings = [.. Enumerable.Range(0, 60).Select(_ => new Waveform(Noise(random, 80_000), model.SampleRate))];
        Task<string[]> large = model.TranscribePreparedAsync([.. recordings.Select(recording => (ReadOnlyMemory<float>)recording.Samples)]);
        await Assert.ThrowsAsync<QueueFullException>(async () =>
        {
            while (!large.IsCompleted)
            {
                await model.TranscribeAsync(new Waveform(recordings[0].Samples[..8000], model.SampleRate));
            }
        });
        Assert.Equal(60, (await large).Length);
        using var without = (SpeechModel)BundledModels.Load("speech");
        await Assert.ThrowsAsync<InvalidOperationException>(() => without.TranscribeAsync(recordings[0]));
    }

    [Fact]
    public void Disposing_lets_a_synchronous_call_of_many_parts_end()
    {
        var model = (TextModel)BundledModels.Load("text");
        int[] ids = model.Tokenizer!.Encode(s_texts[11]);
        float[] expected = model.EmbedPrepared([ids])[0];

        // The rows are counted by going through the list. Then each part reads its own items: when the last one is read, the first part has run.
        var tokens = new Watched<ReadOnlyMemory<int>>([.. Enumerable.Repeat((ReadOnlyMemory<int>)ids, 100)], index =>
        {
            if (index == 99)
            {
                model.Dispose();
            }
        });
        float[][] vectors = model.EmbedPrepared(tokens);
        Assert.Equal(100, vectors.Length);
        Assert.All(vectors, vector => Assert.Equal(expected, vector));
        Assert.Throws<ObjectDisposedException>(() => model.EmbedPrepared([ids]));
    }

    [Fact]
    public async Task Recordings_of_any_rate_are_resampled()
    {
        using var model = (SpeechModel)BundledModels.Load("speech-ctc");
        var waveform = new Waveform(Noise(new Random(8), 22_050), 22_050);
        float[] samples = waveform.Resample(model.SampleRate).Samples;
        var resampled = new Waveform(samples, model.SampleRate);
        float[] vector = model.Embed(resampled);
        Assert.NotEqual(vector, model.Embed(new Waveform(waveform.Samples, model.SampleRate)));
        Assert.Equal(vector, model.Embed(waveform));
        Assert.Equal(vector, await model.EmbedAsync(waveform));
        Assert.Equal(vector, model.EmbedPrepared(model.Config.Normalize ? Normalization.PerUtterance(samples) : samples));
        string text = model.Transcribe(resampled);
        Assert.Equal(text, model.Transcribe(waveform));
        Assert.Equal(text, await model.TranscribeAsync(waveform));
        Assert.Equal([text, text], await model.TranscribeAsync([waveform, resampled]));
    }

    [Fact]
    public async Task Unknown_options_and_samples_that_are_not_finite_are_refused()
    {
        using var text = (TextModel)BundledModels.Load("text");
        using var speech = (SpeechModel)BundledModels.Load("speech");
        Assert.Contains("99", Assert.Throws<ArgumentOutOfRangeException>(() => text.Embed("x", new() { Pooling = (Pooling)99 })).Message, StringComparison.Ordinal);
        Assert.Contains("'-1'", Assert.Throws<ArgumentOutOfRangeException>(() => text.Embed("x", new() { Layer = -1 })).Message, StringComparison.Ordinal);
        float[] samples = Noise(new Random(2), 16_000);
        samples[77] = float.NaN;
        var waveform = new Waveform(samples, speech.SampleRate);
        Assert.Throws<InvalidDataException>(() => speech.Embed(waveform));
        await Assert.ThrowsAsync<InvalidDataException>(() => speech.EmbedAsync(waveform));
        Assert.Throws<InvalidDataException>(() => speech.EmbedPrepared(samples));
        await Assert.ThrowsAsync<InvalidDataException>(() => speech.EmbedPreparedAsync([samples]));
    }

    private static float[] Noise(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];

    private static RgbImage Image(Random random, int width, int height)
    {
        var pixels = new byte[width * height * 3];
        random.NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }

    /// <summary>A list that tells which item is read.</summary>
    private sealed class Watched<TItem>(TItem[] items, Action<int> read) : IReadOnlyList<TItem>
    {
        public int Count => items.Length;

        public TItem this[int index]
        {
            get
            {
                read(index);
                return items[index];
            }
        }

        public IEnumerator<TItem> GetEnumerator() => items.AsEnumerable().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>Claims a thousand items, and cancels when the second is asked for; another is never to be asked for.</summary>
    private sealed class Cancelling<TItem>(CancellationTokenSource cancel, TItem item, ManualResetEventSlim? gate = null) : IReadOnlyList<TItem>
    {
        public int Count => 1000;

        public TItem this[int index]
        {
            get
            {
                gate?.Wait();
                if (index > 1)
                {
                    throw new InvalidOperationException("the list was read on");
                }

                if (index == 1)
                {
                    cancel.Cancel();
                }

                return item;
            }
        }

        public IEnumerator<TItem> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
