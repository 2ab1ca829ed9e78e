using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

/// <summary>Not in parallel with other tests, because one measures the memory of the process.</summary>
[CollectionDefinition(nameof(LiveTranscriptionTests), DisableParallelization = true)]
[Collection(nameof(LiveTranscriptionTests))]
public sealed class LiveTranscriptionTests : IDisposable
{
    private static readonly RecordingWindows s_windows = new() { Length = TimeSpan.FromSeconds(4), Stride = TimeSpan.FromSeconds(0.8) };

    private readonly SpeechModel _model = BundledModels.Load<SpeechModel>("speech-ctc");

    public void Dispose() => _model.Dispose();

    [Theory, InlineData(1), InlineData(2)]
    public void The_final_words_are_those_of_the_whole_recording_in_the_same_windows(int seed)
    {
        (Waveform recording, _, _) = Digits.Join(30, seed, 0.1, 0.5);
        TranscriptWord[] expected = [.. _model.TranscribeWithTimes(recording, new TranscribeOptions { Windows = s_windows }).Words];
        List<TranscriptUpdate> updates = Run(recording, seed, new LiveTranscriptionOptions { Windows = s_windows });
        TranscriptUpdate[] final = [.. updates.Where(update => update.IsFinal)];
        Assert.Equal(expected, final.SelectMany(update => update.Words));
        Assert.Equal(string.Join(' ', expected.Select(word => word.Text)), string.Join(' ', final.Select(update => update.Text)));
        Assert.InRange(final.Length, 4, 30);
        Assert.Contains(updates, update => !update.IsFinal && update.Text.Length > 0);
        Assert.True(updates[^1].IsFinal);
        Assert.All(updates, update => Assert.True(update.Start <= update.End && update.End <= recording.Duration));

        // A tentative text follows the final ones.
        TimeSpan end = TimeSpan.Zero;
        foreach (TranscriptUpdate update in updates)
        {
            Assert.True(update.Start >= end);
            end = update.IsFinal ? update.End : end;
        }
    }

    [Fact]
    public void Memory_does_not_grow_with_the_sound()
    {
        (Waveform recording, _, _) = Digits.Join(20, 3);
        LiveTranscription live = _model.StartLive(16_000, new LiveTranscriptionOptions { Windows = s_windows, UpdateInterval = Timeout.InfiniteTimeSpan });
        long after = 0;
        for (int i = 0; i < 40; i++)
        {
            Assert.All(live.Append(recording.Samples), update => Assert.True(update.IsFinal));
            after = i == 9 ? GC.GetTotalMemory(forceFullCollection: true) : after;
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - after, long.MinValue, 2 << 20);
        Assert.Equal(40 * recording.Duration.TotalSeconds, live.Duration.TotalSeconds, 0.01);
    }

    [Fact]
    public void A_cancelled_call_loses_no_sound()
    {
        (Waveform recording, _, _) = Digits.Join(20, 6);
        LiveTranscription live = _model.StartLive(16_000, new LiveTranscriptionOptions { Windows = s_windows });
        Assert.ThrowsAny<OperationCanceledException>(() => live.Append(recording.Samples, new CancellationToken(canceled: true)));
        TranscriptWord[] expected = [.. _model.TranscribeWithTimes(recording, new TranscribeOptions { Windows = s_windows }).Words];
        Assert.ThrowsAny<OperationCanceledException>(() => live.Complete(new CancellationToken(canceled: true)));
        Assert.Equal(expected, live.Complete().SelectMany(update => update.Words));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void A_search_of_whole_words_loses_none_at_the_ends_of_windows(int seed)
    {
        (Waveform recording, _, _) = Digits.Join(30, seed, 0.1, 0.5);
        var decoder = new WholeWords(_model.Ctc!);
        TranscriptWord[] expected = [.. _model.TranscribeWithTimes(recording, new TranscribeOptions { Windows = s_windows, Decoder = decoder }).Words];
        List<TranscriptUpdate> updates = Run(recording, seed, new LiveTranscriptionOptions { Windows = s_windows, Decoder = decoder });
        Assert.Equal(expected, updates.Where(update => update.IsFinal).SelectMany(update => update.Words));
    }

    [Fact]
    public void Sound_without_words_and_odd_sessions_end_well()
    {
        LiveTranscription live = _model.StartLive(8_000);
        Assert.Empty(live.Append([]));
        Assert.Empty(live.Complete());
        Assert.Throws<InvalidOperationException>(() => live.Append([0]));
        live = _model.StartLive(44_100);
        Assert.Empty(live.Append(new float[10]));
        Assert.Empty(live.Complete());
        Assert.Throws<InvalidDataException>(() => _model.StartLive(500));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.StartLive(16_000, new LiveTranscriptionOptions { UpdateInterval = TimeSpan.Zero }));
        live = _model.StartLive(16_000);
        Assert.Throws<InvalidDataException>(() => live.Append([float.NaN, .. new float[200_000]]));
        Assert.Empty(live.Append(new float[200_000]));
    }

    private List<TranscriptUpdate> Run(Waveform recording, int seed, LiveTranscriptionOptions options)
    {
        var random = new Random(seed);
        LiveTranscription live = _model.StartLive(recording.SampleRate, options);
        var updates = new List<TranscriptUpdate>();
        for (int at = 0, count; at < recording.Samples.Length; at += count)
        {
            count = Math.Min(recording.Samples.Length - at, random.Next(1, 12_000));
            updates.AddRange(live.Append(recording.Samples.AsSpan(at, count)));
        }

        updates.AddRange(live.Complete());
        return updates;
    }

    /// <summary>Gives a word when the white space after it was heard, as a search with a lexicon does.</summary>
    private sealed class WholeWords(CtcLabels labels) : CtcDecoder(labels)
    {
        private readonly GreedyCtcDecoder _greedy = new(labels);

        protected override IReadOnlyList<CtcTranscript> Search(ReadOnlySpan<float> logits, int count)
        {
            CtcTranscript found = _greedy.Decode(logits)[0];
            return found.Words is [.., var last] && !found.Path.Skip(last.EndFrame).Any(label => Labels.Texts[label] == " ")
                ? [found with { Words = [.. found.Words.SkipLast(1)] }]
                : [found];
        }
    }
}
