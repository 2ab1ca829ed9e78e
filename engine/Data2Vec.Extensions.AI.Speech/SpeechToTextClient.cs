using System.Runtime.CompilerServices;
using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI;

/// <summary>Transcribes recordings.</summary>
/// <param name="model">The model, which belongs to its owner.</param>
internal sealed class SpeechToTextClient(LazyModel model) : ISpeechToTextClient
{
    async Task<SpeechToTextResponse> ISpeechToTextClient.GetTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(audioSpeechStream);
        model.RequireId(options?.ModelId);
        if (options is { TextLanguage: { } wanted } && wanted != options.SpeechLanguage)
        {
            throw new ArgumentException("The model transcribes and does not translate: leave TextLanguage out.", nameof(options));
        }

        Data2VecModel loaded = await model.GetAsync(cancellationToken).ConfigureAwait(false);
        SpeechModel speech = loaded as SpeechModel ?? throw new InvalidOperationException($"The model takes {loaded.Modality.Inputs()}, not recordings.");
        var file = new MemoryStream(); // not disposed: after a cancelled call, another thread may still decode it
        await audioSpeechStream.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        file.Position = 0;
        Waveform recording = await Task.Run(() => AudioFile.Load(file, AudioCodecs.Options), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        string text = await speech.TranscribeAsync(recording, cancellationToken).ConfigureAwait(false);
        return new SpeechToTextResponse(text) { ModelId = model.ModelId, StartTime = TimeSpan.Zero, EndTime = recording.Duration };
    }

    // There is a single update, as the encoder needs the whole recording before the first letter.
    async IAsyncEnumerable<SpeechToTextResponseUpdate> ISpeechToTextClient.GetStreamingTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ISpeechToTextClient self = this;
        SpeechToTextResponse response = await self.GetTextAsync(audioSpeechStream, options, cancellationToken).ConfigureAwait(false);
        foreach (SpeechToTextResponseUpdate update in response.ToSpeechToTextResponseUpdates())
        {
            yield return update;
        }
    }

    object? ISpeechToTextClient.GetService(Type serviceType, object? serviceKey) =>
        model.GetService(this, serviceType, serviceKey, () => new SpeechToTextClientMetadata("data2vec", null, model.ModelId));

    void IDisposable.Dispose()
    {
    }
}
