using System.Collections;
using System.Diagnostics;
using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Vision.Images;

namespace Data2Vec.Tests.Embeddings;

/// <summary>The asynchronous calls against the synchronous ones, which know of no queue.</summary>
public sealed class AsyncTests
{
    private static readonly string[] Texts =
        [.. Enumerable.Range(0, 60).Select(i => string.Join(' ', Enumerable.Repeat($"the film number {i} is fine", 1 + i * 7 % 12)))];

    [Fact]
    public async Task Texts_of_calls_at_the_same_time_get_the_bits_that_each_gets_alone()
    {
        using Data2VecModel model = BundledModels.Load("text");
        EmbeddingOptions[] all =
            [new(), new() { Normalize = true }, new() { Layer = 2, Pooling = Pooling.Class }, new() { Pooling = Pooling.None, LongTexts = LongTextPolicy.Truncate }];
        float[][][] alone = [.. all.Select(options => Texts.Select(text => model.EmbedText(text, options)).ToArray())];
        IEnumerable<Task> singly = Texts.SelectMany((text, i) => all.Select(async (options, o) =>
            Assert.Equal(alone[o][i], await model.EmbedTextAsync(text, options))));
        IEnumerable<Task> together = all.Select(async (options, o) => Assert.Equal(alone[o], await model.EmbedTextsAsync(Texts, options)));
        await Task.WhenAll([.. singly, .. together]);
        int[] ids = model.Tokenizer!.Encode(Texts[3]);
        Assert.Equal(alone[0][3], (await model.EmbedTokensAsync([ids]))[0]);
        Assert.Empty(await model.EmbedTextsAsync([]));
    }

    [Fact]
    public async Task Recordings_and_images_too()
    {
        var random = new Random(5);
        using Data2VecModel speech = BundledModels.Load("speech-ctc");
        ReadOnlyMemory<float>[] recordings = [.. Enumerable.Range(1, 9).Select(i => Noise(random, i * 3000))];
        await Task.WhenAll(recordings.Select(async recording => Assert.Equal(speech.EmbedAudio(recording), await speech.EmbedAudioAsync(recording))));
        Assert.Equal(speech.EmbedAudio(recordings, normalizeInput: false), await speech.EmbedAudioAsync(recordings, normalizeInput: false));
        Assert.Equal(speech.Transcribe(recordings), await speech.TranscribeAsync(recordings));

        using Data2VecModel vision = BundledModels.Load("image");
        RgbImage[] images = [.. Enumerable.Range(0, 40).Select(i => Image(random, 20 + i, 50 - i))];
        await Task.WhenAll(images.Select(async image => Assert.Equal(vision.EmbedImage(image), await vision.EmbedImageAsync(image))));
        Assert.Equal(vision.EmbedImages(images), await vision.EmbedImagesAsync(images));
        int size = vision.Vision!.ImageSize;
        float[] pixels = Noise(random, 3 * size * size);
        Assert.Equal(vision.EmbedPixels([pixels]), await vision.EmbedPixelsAsync([pixels]));
    }

    [Theory, InlineData(float.NaN), InlineData(float.NegativeInfinity)]
    public async Task Pixels_that_are_not_finite_are_refused(float bad)
    {
        using Data2VecModel model = BundledModels.Load("image-cifar10");
        int size = model.Vision!.ImageSize;
        var pixels = new float[3 * size * size];
        Assert.True(float.IsFinite(model.EmbedPixels([pixels])[0][0]));
        pixels[^1] = bad;
        Assert.Contains("finite", Assert.Throws<InvalidDataException>(() => model.EmbedPixels([pixels])).Message);
        Assert.Throws<InvalidDataException>(() => model.ClassifyPixels([pixels]));
        Assert.Throws<InvalidDataException>(() => model.EmbedPixelLayers(pixels));
        await Assert.ThrowsAsync<InvalidDataException>(() => model.EmbedPixelsAsync([pixels]));
    }

    [Fact]
    public async Task Bad_inputs_fail_their_own_call_as_they_do_synchronously()
    {
        using Data2VecModel model = BundledModels.Load("text");
        Task<float[]> good = model.EmbedTextAsync("good");
        await Assert.ThrowsAsync<TextTooLongException>(() => model.EmbedTextAsync(new string('x', 5000), new() { LongTexts = LongTextPolicy.Error }));
        await Assert.ThrowsAsync<InvalidDataException>(() => model.EmbedTokensAsync([new[] { 0, 999_999, 2 }]));
        await Assert.ThrowsAsync<InvalidOperationException>(() => model.EmbedAudioAsync(new float[16000]));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => model.EmbedTextAsync("x", new() { Layer = 99 }));
        await Assert.ThrowsAsync<ArgumentNullException>(() => model.EmbedTextsAsync(null!));
        Assert.Equal(model.EmbedText("good"), await good);
    }

    [Fact]
    public async Task A_model_that_may_keep_little_waiting_refuses_clearly()
    {
        using Data2VecModel model = BundledModels.Load("text", new ModelOptions { MaxQueuedRows = 1 });
        Task<float[][]> large = model.EmbedTextsAsync([.. Enumerable.Repeat(Texts[11], 400)]);
        var full = await Assert.ThrowsAsync<QueueFullException>(async () =>
        {
            while (!large.IsCompleted)
            {
                await model.EmbedTextAsync("x");
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
        Data2VecModel model = BundledModels.Load("text");
        Task<float[][]>[] calls = [.. Enumerable.Range(0, 50).Select(_ => model.EmbedTextsAsync(Texts))];
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
        await Assert.ThrowsAsync<ObjectDisposedException>(() => model.EmbedTextAsync("x"));
    }

    [Fact]
    public async Task A_cancelled_synchronous_call_returns_at_the_next_layer()
    {
        using Data2VecModel model = BundledModels.Load("text");
        string[] texts = [.. Enumerable.Repeat(Texts[11], 3000)];

        // The fastest of five, as other work on the machine is not what is measured.
        TimeSpan batch = TimeSpan.Zero, fastest = TimeSpan.MaxValue;
        for (int run = 0; run < 5; run++)
        {
            long start = Stopwatch.GetTimestamp();
            model.EmbedTexts(texts[..30]);
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            batch = taken > batch ? taken : batch;
            using var cancel = new CancellationTokenSource();
            Task call = Task.Run(() => model.EmbedTexts(texts, null, cancel.Token));
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
        using Data2VecModel model = BundledModels.Load("text"), speech = BundledModels.Load("speech"), vision = BundledModels.Load("image");
        foreach (Action<CancellationTokenSource> call in (Action<CancellationTokenSource>[])
        [
            cancel => model.EmbedTexts(new Cancelling<string>(cancel, Texts[0]), null, cancel.Token),
            cancel => speech.EmbedAudio(new Cancelling<ReadOnlyMemory<float>>(cancel, new float[16000]), null, true, cancel.Token),
            cancel => vision.EmbedImages(new Cancelling<RgbImage>(cancel, Image(new Random(1), 40, 40)), null, cancel.Token),
        ])
        {
            using var source = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() => call(source));
        }

        // A list that gives nothing before the test lets it.
        using var later = new CancellationTokenSource();
        using var gate = new ManualResetEventSlim();
        Task waiting = model.EmbedTextsAsync(new Cancelling<string>(later, Texts[0], gate), null, later.Token);
        await later.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(20)));
        gate.Set();
    }

    [Fact]
    public async Task The_ids_of_a_cancelled_call_may_change_while_others_share_its_batch()
    {
        using Data2VecModel model = BundledModels.Load("text");
        int[] good = model.Tokenizer!.Encode(Texts[11]);
        float[] expected = model.EmbedTokens([good])[0];
        for (int i = 0; i < 20; i++)
        {
            using var cancel = new CancellationTokenSource();
            int[][] buffers = [.. Enumerable.Range(0, 20).Select(_ => (int[])good.Clone())];
            Task<float[][]> first = model.EmbedTokensAsync([good]);
            Task<float[][]>[] cancelled = [.. buffers.Select(ids => model.EmbedTokensAsync([ids], null, cancel.Token))];
            Task<float[][]> other = model.EmbedTokensAsync([good]);
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
        using Data2VecModel model = BundledModels.Load("speech-ctc", new ModelOptions { MaxQueuedRows = 1 });
        var random = new Random(3);
        ReadOnlyMemory<float>[] recordings = [.. Enumerable.Range(0, 60).Select(_ => Noise(random, 80_000))];
        Task<string[]> large = model.TranscribeAsync(recordings);
        await Assert.ThrowsAsync<QueueFullException>(async () =>
        {
            while (!large.IsCompleted)
            {
                await model.TranscribeAsync(recordings[0][..8000]);
            }
        });
        Assert.Equal(60, (await large).Length);
        using Data2VecModel without = BundledModels.Load("speech");
        await Assert.ThrowsAsync<InvalidOperationException>(() => without.TranscribeAsync(recordings[0]));
    }

    [Fact]
    public void Disposing_lets_a_synchronous_call_of_many_parts_end()
    {
        Data2VecModel model = BundledModels.Load("text");
        int[] ids = model.Tokenizer!.Encode(Texts[11]);
        float[] expected = model.EmbedTokens([ids])[0];

        // The list is read for its rows, for the first part, and for the second: then the first has run.
        var tokens = new Watched<ReadOnlyMemory<int>>([.. Enumerable.Repeat((ReadOnlyMemory<int>)ids, 100)], readings =>
        {
            if (readings == 3)
            {
                model.Dispose();
            }
        });
        float[][] vectors = model.EmbedTokens(tokens);
        Assert.Equal(100, vectors.Length);
        Assert.All(vectors, vector => Assert.Equal(expected, vector));
        Assert.Throws<ObjectDisposedException>(() => model.EmbedTokens([ids]));
    }

    [Fact]
    public async Task Recordings_of_any_rate_are_resampled_and_one_is_transcribed_by_itself()
    {
        using Data2VecModel model = BundledModels.Load("speech-ctc");
        var waveform = new Waveform(Noise(new Random(8), 22_050), 22_050);
        float[] samples = waveform.Resample(model.SampleRate).Samples;
        float[] vector = model.EmbedAudio(samples);
        Assert.NotEqual(vector, model.EmbedAudio(waveform.Samples));
        Assert.Equal(vector, model.EmbedAudio(waveform));
        Assert.Equal(vector, await model.EmbedAudioAsync(waveform));
        string text = model.Transcribe([samples])[0];
        Assert.Equal(text, model.Transcribe(waveform));
        Assert.Equal(text, model.Transcribe(samples));
        Assert.Equal(text, await model.TranscribeAsync(waveform));
        Assert.Equal(text, await model.TranscribeAsync(samples));
    }

    [Fact]
    public async Task Options_that_do_not_exist_and_samples_that_are_no_numbers_are_refused()
    {
        using Data2VecModel text = BundledModels.Load("text"), speech = BundledModels.Load("speech");
        Assert.Contains("99", Assert.Throws<ArgumentOutOfRangeException>(() => text.EmbedText("x", new() { Pooling = (Pooling)99 })).Message, StringComparison.Ordinal);
        Assert.Contains("'-1'", Assert.Throws<ArgumentOutOfRangeException>(() => text.EmbedText("x", new() { Layer = -1 })).Message, StringComparison.Ordinal);
        float[] samples = Noise(new Random(2), 16_000);
        samples[77] = float.NaN;
        foreach (bool normalize in (bool[])[true, false])
        {
            Assert.Throws<InvalidDataException>(() => speech.EmbedAudio(samples, normalizeInput: normalize));
            await Assert.ThrowsAsync<InvalidDataException>(() => speech.EmbedAudioAsync(samples, normalizeInput: normalize));
        }
    }

    private static float[] Noise(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];

    private static RgbImage Image(Random random, int width, int height)
    {
        var pixels = new byte[width * height * 3];
        random.NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }

    /// <summary>A list that tells how often it was read.</summary>
    private sealed class Watched<TItem>(TItem[] items, Action<int> read) : IReadOnlyList<TItem>
    {
        private int _readings;

        public int Count => items.Length;

        public TItem this[int index] => items[index];

        public IEnumerator<TItem> GetEnumerator()
        {
            read(++_readings);
            return items.AsEnumerable().GetEnumerator();
        }

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
