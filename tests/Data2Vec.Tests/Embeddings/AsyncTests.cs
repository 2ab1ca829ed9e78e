using System.Diagnostics;
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
        long start = Stopwatch.GetTimestamp();
        model.EmbedTexts(texts[..30]);
        TimeSpan batch = Stopwatch.GetElapsedTime(start);
        using var cancel = new CancellationTokenSource();
        Task call = Task.Run(() => model.EmbedTexts(texts, null, cancel.Token));
        await Task.Delay(batch);
        start = Stopwatch.GetTimestamp();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        // 100 batches would follow. The text model looks before each of its four layers; a batch as a whole is more than one.
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, batch + TimeSpan.FromMilliseconds(50));
    }

    private static float[] Noise(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];

    private static RgbImage Image(Random random, int width, int height)
    {
        var pixels = new byte[width * height * 3];
        random.NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }
}
