using System.Runtime.CompilerServices;
using Data2Vec.Audio;
using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI;

/// <summary>Transcripts of recordings.</summary>
/// <param name="model">The model, which is not the client's to dispose.</param>
internal sealed class SpeechToTextClient(LazyModel model) : ISpeechToTextClient
{
    async Task<SpeechToTextResponse> ISpeechToTextClient.GetTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(audioSpeechStream);
        model.RequireId(options?.ModelId);
        if (options is { TextLanguage: { } wanted } && wanted != options.SpeechLanguage)
        {
            throw new ArgumentException("The model writes down what is spoken and does not translate: leave TextLanguage out.", nameof(options));
        }

        Data2VecModel loaded = await model.GetAsync(cancellationToken).ConfigureAwait(false);
        var file = new MemoryStream(); // which a cancelled call leaves to the thread that decodes it
        await audioSpeechStream.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        file.Position = 0;
        Waveform recording = await Task.Run(() => WavFile.Load(file), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        string text = await loaded.TranscribeAsync(recording, cancellationToken).ConfigureAwait(false);
        return new SpeechToTextResponse(text) { ModelId = model.ModelId, StartTime = TimeSpan.Zero, EndTime = recording.Duration };
    }

    // The encoder hears the whole recording before it writes a letter, so that there is one update.
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

    object? ISpeechToTextClient.GetService(Type serviceType, object? serviceKey)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
        {
            return null;
        }

        if (serviceType == typeof(SpeechToTextClientMetadata))
        {
            return new SpeechToTextClientMetadata("data2vec", null, model.ModelId);
        }

        if (serviceType == typeof(Data2VecModel))
        {
            return model.GetAsync().GetAwaiter().GetResult();
        }

        return serviceType == typeof(LazyModel) ? model : serviceType.IsInstanceOfType(this) ? this : null;
    }

    void IDisposable.Dispose()
    {
    }
}
