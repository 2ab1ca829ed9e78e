#pragma warning disable MEAI001 // speech to text is experimental
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Data2Vec.Extensions.AI.Tests;

public sealed class SpeechToTextTests
{
    private static readonly string s_recording = Path.Combine(AppContext.BaseDirectory, "four-two.wav");

    [Fact]
    public async Task A_host_with_decorators_transcribes_a_recording()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddData2VecSpeechToText(Model("speech-ctc")).UseLogging().UseOpenTelemetry();
        builder.Services.AddKeyedData2VecSpeechToText("keyed", Model("speech-ctc"));
        using IHost host = builder.Build();
        ISpeechToTextClient client = host.Services.GetRequiredService<ISpeechToTextClient>();
        await using FileStream stream = File.OpenRead(s_recording);
        SpeechToTextResponse response = await client.GetTextAsync(stream);
        Assert.Equal("FOUR TWO", response.Text);
        Assert.Equal("speech-ctc", response.ModelId);
        Assert.Equal(TimeSpan.Zero, response.StartTime);
        Assert.Equal(Audio.AudioFile.Load(s_recording).Duration, response.EndTime);

        ISpeechToTextClient keyed = host.Services.GetRequiredKeyedService<ISpeechToTextClient>("keyed");
        stream.Position = 0;
        Assert.Equal("FOUR TWO", (await keyed.GetStreamingTextAsync(stream).ToSpeechToTextResponseAsync()).Text);
        Assert.Equal("speech-ctc", keyed.GetService<SpeechToTextClientMetadata>()!.DefaultModelId);
        Assert.Null(keyed.GetService(typeof(Data2VecModel), "key"));
        Assert.NotNull(keyed.GetService<SpeechModel>());
        Assert.Null(keyed.GetService(typeof(TextModel)));
    }

    [Fact]
    public async Task Unsupported_requests_are_rejected()
    {
        using LazyModel lazy = Model("speech-ctc"), mute = Model("speech");
        ISpeechToTextClient client = lazy.AsSpeechToTextClient();
        using var empty = new MemoryStream();
        await Assert.ThrowsAsync<InvalidDataException>(() => client.GetTextAsync(empty));
        await using FileStream stream = File.OpenRead(s_recording);
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetTextAsync(stream, new SpeechToTextOptions { ModelId = "other" }));
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetTextAsync(stream, new SpeechToTextOptions { SpeechLanguage = "en", TextLanguage = "de" }));
        Assert.Contains("no CTC head", (await Assert.ThrowsAsync<InvalidOperationException>(() => mute.AsSpeechToTextClient().GetTextAsync(stream))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_gives_updates_that_join_to_the_text()
    {
        using LazyModel lazy = Model("speech-ctc");
        ISpeechToTextClient client = lazy.AsSpeechToTextClient();
        byte[] wav = await File.ReadAllBytesAsync(s_recording);
        byte[] samples = [.. Enumerable.Repeat(wav[44..], 12).SelectMany(bytes => bytes)];
        byte[] file = [.. wav[..40], .. BitConverter.GetBytes(samples.Length), .. samples];
        var updates = new List<SpeechToTextResponseUpdate>();
        await foreach (SpeechToTextResponseUpdate update in client.GetStreamingTextAsync(new SlowStream(file)))
        {
            updates.Add(update);
        }

        Assert.Equal(SpeechToTextResponseUpdateKind.SessionOpen, updates[0].Kind);
        Assert.Equal(SpeechToTextResponseUpdateKind.SessionClose, updates[^1].Kind);
        Assert.Equal(12 * 22166 / 22050.0, updates[^1].EndTime!.Value.TotalSeconds, 0.01);
        Assert.Single(updates.Select(update => update.ResponseId).Distinct());
        SpeechToTextResponseUpdate[] final = [.. updates.Where(update => update.Kind == SpeechToTextResponseUpdateKind.TextUpdated)];
        Assert.InRange(final.Length, 2, 24);
        Assert.All(final, update => Assert.True(update.StartTime < update.EndTime && update.RawRepresentation is Audio.TranscriptUpdate { IsFinal: true, Words.Count: > 0 }));
        SpeechToTextResponseUpdate tentative = updates.First(update => update.Kind == SpeechToTextResponseUpdateKind.TextUpdating);
        Assert.Equal("", tentative.Text);
        Assert.StartsWith("FOUR", (string)tentative.AdditionalProperties![Data2VecSpeechExtensions.TentativeText]!, StringComparison.Ordinal);
        string text = string.Concat(updates.Select(update => update.Text));
        Assert.Equal(text, updates.ToSpeechToTextResponse().Text);
        Assert.InRange(text.Split(' ').Count(word => word is "FOUR" or "TWO"), 20, 26);
    }

    [Fact]
    public async Task A_stream_that_is_damaged_cancelled_or_left_ends_at_once()
    {
        using LazyModel lazy = Model("speech-ctc"), mute = Model("speech");
        ISpeechToTextClient client = lazy.AsSpeechToTextClient();
        await Assert.ThrowsAsync<InvalidDataException>(() => client.GetStreamingTextAsync(new MemoryStream()).ToSpeechToTextResponseAsync());
        await Assert.ThrowsAsync<InvalidDataException>(() => client.GetStreamingTextAsync(new MemoryStream(new byte[5000])).ToSpeechToTextResponseAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => mute.AsSpeechToTextClient().GetStreamingTextAsync(new MemoryStream()).ToSpeechToTextResponseAsync());
        byte[] wav = await File.ReadAllBytesAsync(s_recording);
        await foreach (SpeechToTextResponseUpdate _ in client.GetStreamingTextAsync(new SlowStream(wav[..^2000], endless: true)))
        {
            break;
        }

        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetStreamingTextAsync(new SlowStream(wav[..^2000], endless: true), null, stop.Token).ToSpeechToTextResponseAsync(stop.Token));
    }

    /// <summary>A stream that is read asynchronously only, and gives a few bytes at a time.</summary>
    private sealed class SlowStream(byte[] bytes, bool endless = false) : Stream
    {
        private int _position;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            if (endless && _position == bytes.Length)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            int count = Math.Min(Math.Min(20_000, buffer.Length), bytes.Length - _position);
            bytes.AsMemory(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new InvalidOperationException("Synchronous reads are not allowed.");
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private static LazyModel Model(string name) => new(name, () => Task.FromResult(BundledModels.Load(name)));
}
