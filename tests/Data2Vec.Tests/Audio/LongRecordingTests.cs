using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

/// <summary>Windows of long recordings, against windows that the test cuts, normalizes and joins by itself.</summary>
public sealed class LongRecordingTests : IDisposable
{
    private const int Frame = 320, Labels = 32;

    private readonly SpeechModel _model = BundledModels.Load<SpeechModel>("speech-ctc");

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(1, 0.2, 0)]
    [InlineData(1, 0.2, 1)]
    [InlineData(1, 0.2, 319)]
    [InlineData(1, 0.2, 12_345)]
    [InlineData(1, 0.2, 60_000)]
    [InlineData(0.5, 0.1, 33_333)]
    [InlineData(2, 0.02, 77_777)]
    [InlineData(1, 0.003, 50_000)] // less than a frame: no stride
    public void Logits_of_windows_are_joined_without_their_strides(double window, double stride, int more)
    {
        int length = (int)Math.Round(window * 50) * Frame, overlap = (int)Math.Round(stride * 50) * Frame;
        float[] samples = Noise(length + more);
        float[] expected = Joined(samples, length, overlap);
        Assert.Equal(_model.Config.Frames(samples.Length) * Labels, expected.Length);
        TranscribeOptions options = Options(window, stride);
        Assert.Equal(expected, Logits(options, chosen => _model.TranscribeWithTimes(new Waveform(samples, 16_000), chosen)));
        Assert.Equal(expected, Logits(options, chosen => _model.TranscribeWithTimes(Source(samples, 16_000, 1), chosen)));
        Assert.Equal(expected, Logits(options, chosen => _model.TranscribeWithTimesAsync([new Waveform(Noise(2000), 16_000), new Waveform(samples, 16_000)], chosen).GetAwaiter().GetResult()));
    }

    [Fact]
    public void Only_recordings_longer_than_thirty_seconds_are_cut_by_default()
    {
        foreach (int samples in new[] { 480_000, 480_001 })
        {
            float[] wave = Noise(samples);
            float[] whole = Logits(new() { LongRecordings = LongRecordingPolicy.Whole }, options => _model.TranscribeWithTimes(new Waveform(wave, 16_000), options));
            float[] usual = Logits(new(), options => _model.TranscribeWithTimes(new Waveform(wave, 16_000), options));
            Assert.Equal(usual, Logits(new(), options => _model.TranscribeWithTimes(Source(wave, 16_000, 2), options)));
            Assert.Equal(samples == 480_000 ? whole : Joined(wave, 320_000, 32_000), usual);
            Assert.Equal(whole.Length, usual.Length);
        }
    }

    [Theory, InlineData(8_000), InlineData(44_100), InlineData(44_099), InlineData(16_000)]
    public void A_recording_that_is_read_in_blocks_gives_what_it_gives_in_memory(int rate)
    {
        var recording = new Waveform(Noise(rate * 5), rate);
        TranscribeOptions options = Options(2, 0.3);
        Transcript whole = _model.TranscribeWithTimes(recording, options);
        Transcript read = _model.TranscribeWithTimes(Source(recording.Samples, rate, 3), options);
        Assert.Equal(whole.Words, read.Words);
        Assert.Equal(whole.Duration, read.Duration);
        Assert.Equal(TimeSpan.FromSeconds(5), read.Duration);
        foreach (EmbeddingOptions embedding in (EmbeddingOptions[])[new() { Windows = options.Windows }, new() { Windows = options.Windows, Pooling = Pooling.None, Normalize = true }])
        {
            float[] vector = _model.Embed(recording, embedding);
            Assert.Equal(vector, _model.Embed(Source(recording.Samples, rate, 4), embedding));
            Assert.Equal(_model.EmbedLayers(recording, embedding), _model.EmbedLayers(Source(recording.Samples, rate, 5), embedding));
            Assert.Equal(_model.EmbedLayers(recording, embedding)[^1], vector);
            Assert.Equal(embedding.Pooling == Pooling.None ? _model.Config.Frames(80_000) * 192 : 192, vector.Length);
        }
    }

    [Fact]
    public void The_embedding_of_a_long_recording_is_the_mean_of_its_windows_weighted_by_their_rows()
    {
        float[] samples = Noise(3 * 16_000 + 4000);
        var windows = Windows(samples, 16_000, 3200);
        double[] sum = new double[192];
        foreach ((int start, int end, _, _) in windows)
        {
            float[] vector = _model.EmbedPrepared(Normalized(samples[start..end]));
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += vector[i] * (double)_model.Config.Frames(end - start);
            }
        }

        double rows = windows.Sum(window => _model.Config.Frames(window.End - window.Start));
        float[] mean = _model.Embed(new Waveform(samples, 16_000), new EmbeddingOptions { Windows = Options(1, 0.2).Windows });
        Assert.All(mean, (value, i) => Assert.Equal(sum[i] / rows, value, 1e-6));
    }

    [Fact]
    public void Windows_do_not_depend_on_threads_or_on_other_recordings()
    {
        var recording = new Waveform(Noise(100_000), 16_000);
        TranscribeOptions options = Options(1, 0.2);
        float[] alone = Logits(options, chosen => _model.TranscribeWithTimes(recording, chosen));
        using var single = BundledModels.Load<SpeechModel>("speech-ctc", new ModelOptions { Threads = 1 });
        Assert.Equal(alone, Logits(options, chosen => single.TranscribeWithTimes(recording, chosen)));
        Assert.Equal(alone, Logits(options, chosen => _model.TranscribeWithTimes([new Waveform(Noise(30_000), 16_000), recording], chosen)));
    }

    [Fact]
    public void Joined_digits_have_no_more_errors_in_windows_than_whole()
    {
        int whole = 0, cut = 0, total = 0;
        for (int seed = 0; seed < 3; seed++)
        {
            (Waveform recording, string[] words, _) = Digits.Join(45, seed);
            whole += Errors(words, recording, new TranscribeOptions { LongRecordings = LongRecordingPolicy.Whole });
            cut += Errors(words, recording, Options(5, 0.8));
            total += words.Length;
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"whole {whole}, windows {cut} of {total}");
        Assert.InRange(cut, 0, whole);
    }

    [Fact]
    public void Odd_lengths_are_refused_or_read()
    {
        foreach (int samples in new[] { 0, 1, 399 })
        {
            string message = Assert.Throws<InvalidDataException>(() => _model.TranscribeWithTimes(new Waveform(new float[samples], 16_000))).Message;
            Assert.Equal(message, Assert.Throws<InvalidDataException>(() => _model.TranscribeWithTimes(Source(new float[samples], 16_000, 0))).Message);
            Assert.Equal(message, Assert.Throws<InvalidDataException>(() => _model.TranscribeWithTimes(
                Source(new float[samples], 16_000, 0), new TranscribeOptions { Silence = new SilenceSplitting() })).Message);
            Assert.Contains($"of {samples} samples is too short", message, StringComparison.Ordinal);
        }

        Assert.Equal("", _model.TranscribeWithTimes(new Waveform(new float[400], 16_000)).Text);
        float[] broken = Noise(40_000);
        broken[39_000] = float.NaN;
        foreach (Action transcribe in new Action[]
        {
            () => _model.TranscribeWithTimes(new Waveform(broken, 16_000), Options(1, 0.2)), () => _model.TranscribeWithTimes(Source(broken, 16_000, 0), Options(1, 0.2)),
        })
        {
            Assert.Equal("a recording has samples that are not finite numbers", Assert.Throws<InvalidDataException>(transcribe).Message);
        }
    }

    [Fact]
    public void Bad_options_and_refused_lengths_say_what_is_wrong()
    {
        var recording = new Waveform(Noise(40_000), 16_000);
        Assert.Contains("too short for strides", Assert.Throws<ArgumentException>(() => _model.TranscribeWithTimes(recording, Options(1, 0.5))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.TranscribeWithTimes(recording, Options(-1, 0.1)));
        Assert.Throws<ArgumentException>(() => _model.TranscribeWithTimes(recording, new() { Decoder = new GreedyCtcDecoder(new CtcLabels(0, ["", "a"])) }));
        TranscribeOptions refusing = Options(2, 0.2) with { LongRecordings = LongRecordingPolicy.Error };
        Assert.Contains("longer than 2 s", Assert.Throws<InvalidDataException>(() => _model.TranscribeWithTimes(recording, refusing)).Message, StringComparison.Ordinal);
        Assert.Contains("longer than 2 s", Assert.Throws<InvalidDataException>(() => _model.TranscribeWithTimes(Source(recording.Samples, 16_000, 0), refusing)).Message, StringComparison.Ordinal);
        _model.TranscribeWithTimes(new Waveform(recording.Samples[..32_000], 16_000), refusing);
    }

    [Fact]
    public void Words_have_the_times_of_their_digits()
    {
        (Waveform recording, string[] words, (int Start, int End)[] places) = Digits.Join(12, seed: 5, 0.3, 0.6);
        foreach (TranscribeOptions options in (TranscribeOptions[])[new(), Options(3, 0.6), new() { Silence = new SilenceSplitting { ShortestPause = TimeSpan.FromSeconds(0.25) } }])
        {
            TranscriptWord[] found = [.. _model.TranscribeWithTimes(recording, options).Words];
            Assert.InRange(Digits.Errors(words, [.. found.Select(word => word.Text)]), 0, 4);
            Assert.All(found.Zip(found.Skip(1)), pair => Assert.True(pair.First.Start < pair.First.End && pair.First.End <= pair.Second.Start));
            int near = found.Count(word => places.Any(place => word.Start.TotalSeconds > place.Start / 16e3 - 0.12 && word.End.TotalSeconds < place.End / 16e3 + 0.12));
            Assert.InRange(near, found.Length * 3 / 4, found.Length);
            Assert.All(found, word => Assert.InRange(word.Confidence, 0, 1));
            Assert.All(found, word => Assert.True(options.Silence is not null || word.Start.Ticks % TimeSpan.FromMilliseconds(20).Ticks == 0));
        }
    }

    private int Errors(string[] words, Waveform recording, TranscribeOptions options) =>
        Digits.Errors(words, _model.TranscribeWithTimes(recording, options).Text.Split(' '));

    /// <summary>Windows as Hugging Face's pipeline cuts them: start, end, first row that counts, and the row after the last.</summary>
    private List<(int Start, int End, int First, int Last)> Windows(float[] samples, int length, int stride)
    {
        var windows = new List<(int, int, int, int)>();
        int step = length - 2 * stride;
        if (stride == 0)
        {
            step -= Frame; // a window has a frame less than its length in frames
        }

        for (int start = 0; ; start += step)
        {
            bool isLast = start + length >= samples.Length;
            int end = Math.Min(samples.Length, start + length), first = start == 0 ? 0 : stride / Frame;
            int last = isLast ? _model.Config.Frames(end - start) : (length - Math.Max(stride, Frame)) / Frame;
            if (last > first)
            {
                windows.Add((start, end, first, last));
            }

            if (isLast)
            {
                return windows;
            }
        }
    }

    private float[] Joined(float[] samples, int length, int stride)
    {
        var joined = new List<float>();
        foreach ((int start, int end, int first, int last) in Windows(samples, length, stride))
        {
            float[] logits = _model.Scores([Normalized(samples[start..end])])[0];
            joined.AddRange(logits[(first * Labels)..(last * Labels)]);
        }

        return [.. joined];
    }

    private static float[] Normalized(float[] samples)
    {
        double mean = samples.Sum(sample => (double)sample) / samples.Length;
        double scale = 1 / Math.Sqrt(samples.Sum(sample => (sample - mean) * (sample - mean)) / samples.Length + 1e-5);
        return [.. samples.Select(sample => (float)((sample - mean) * scale))];
    }

    private float[] Logits(TranscribeOptions options, Action<TranscribeOptions> transcribe)
    {
        var decoder = new Recorder(_model.Ctc!);
        transcribe(options with { Decoder = decoder });
        return decoder.Last;
    }

    private static TranscribeOptions Options(double window, double stride) => new()
    {
        Windows = new RecordingWindows { Length = TimeSpan.FromSeconds(window), Stride = TimeSpan.FromSeconds(stride) },
    };

    private static float[] Noise(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(i => (float)(random.NextDouble() - 0.4) * MathF.Sin(i * 1e-4f))];
    }

    /// <summary>A recording in blocks of random lengths.</summary>
    private static AudioSource Source(float[] samples, int rate, int seed)
    {
        return AudioSource.FromSamples(Blocks(), rate);

        IEnumerable<ReadOnlyMemory<float>> Blocks()
        {
            var random = new Random(seed);
            for (int at = 0, count; at < samples.Length; at += count)
            {
                count = Math.Min(samples.Length - at, random.Next(0, 30_000));
                yield return samples.AsMemory(at, count);
            }
        }
    }

    /// <summary>Keeps the logits.</summary>
    private sealed class Recorder(CtcLabels labels) : CtcDecoder(labels)
    {
        private readonly GreedyCtcDecoder _greedy = new(labels);

        public float[] Last { get; private set; } = [];

        protected override IReadOnlyList<CtcTranscript> Search(ReadOnlySpan<float> logits, int count)
        {
            Last = logits.ToArray();
            return _greedy.Decode(logits);
        }
    }
}
