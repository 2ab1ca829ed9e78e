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

    private static LazyModel Model(string name) => new(name, () => Task.FromResult(BundledModels.Load(name)));
}
