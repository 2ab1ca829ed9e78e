using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI;

/// <summary>Transcribes recordings.</summary>
/// <param name="model">The model, which belongs to its owner.</param>
internal sealed class SpeechToTextClient(LazyModel model) : ISpeechToTextClient
{
    private const int MostUpdatesWaiting = 16;

    async Task<SpeechToTextResponse> ISpeechToTextClient.GetTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options, CancellationToken cancellationToken)
    {
        SpeechModel speech = await LoadAsync(audioSpeechStream, options, cancellationToken).ConfigureAwait(false);
        var file = new MemoryStream(); // not disposed: after a cancelled call, another thread may still decode it
        await audioSpeechStream.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        file.Position = 0;
        Waveform recording = await Task.Run(() => AudioFile.Load(file, AudioCodecs.Options), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        Transcript transcript = await speech.TranscribeWithTimesAsync(recording, cancellationToken: cancellationToken).ConfigureAwait(false);
        return new SpeechToTextResponse(transcript.Text)
        {
            ModelId = model.ModelId,
            RawRepresentation = transcript,
            StartTime = TimeSpan.Zero,
            EndTime = recording.Duration,
        };
    }

    async IAsyncEnumerable<SpeechToTextResponseUpdate> ISpeechToTextClient.GetStreamingTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SpeechModel speech = await LoadAsync(audioSpeechStream, options, cancellationToken).ConfigureAwait(false);
        if (!speech.CanTranscribe)
        {
            speech.StartLive(speech.SampleRate); // says why
        }

        string id = Guid.NewGuid().ToString("N");
        var updates = Channel.CreateBounded<TranscriptUpdate>(MostUpdatesWaiting);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<TimeSpan> work = TranscribeAsync(speech, audioSpeechStream, updates.Writer, stop.Token);
        try
        {
            yield return Update(SpeechToTextResponseUpdateKind.SessionOpen, TimeSpan.Zero, TimeSpan.Zero);
            bool isFirst = true;
            await foreach (TranscriptUpdate update in updates.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                SpeechToTextResponseUpdate next = Update(
                    update.IsFinal ? SpeechToTextResponseUpdateKind.TextUpdated : SpeechToTextResponseUpdateKind.TextUpdating, update.Start, update.End);
                next.RawRepresentation = update;
                if (update.IsFinal)
                {
                    // All contents one after another are the text. A tentative text is no part of it.
                    next.Contents = [new TextContent(isFirst ? update.Text : " " + update.Text)];
                    isFirst = false;
                }
                else
                {
                    next.AdditionalProperties = new AdditionalPropertiesDictionary { [Data2VecSpeechExtensions.TentativeText] = update.Text };
                }

                yield return next;
            }

            yield return Update(SpeechToTextResponseUpdateKind.SessionClose, TimeSpan.Zero, await work.ConfigureAwait(false));
        }
        finally
        {
            // The stream and the model must be free when the caller goes on.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        SpeechToTextResponseUpdate Update(SpeechToTextResponseUpdateKind kind, TimeSpan start, TimeSpan end) =>
            new() { Kind = kind, ResponseId = id, ModelId = model.ModelId, StartTime = start, EndTime = end };
    }

    object? ISpeechToTextClient.GetService(Type serviceType, object? serviceKey) =>
        model.GetService(this, serviceType, serviceKey, () => new SpeechToTextClientMetadata("data2vec", null, model.ModelId));

    void IDisposable.Dispose()
    {
    }

    private async Task<SpeechModel> LoadAsync(Stream audioSpeechStream, SpeechToTextOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(audioSpeechStream);
        model.RequireId(options?.ModelId);
        if (options is { TextLanguage: { } wanted } && wanted != options.SpeechLanguage)
        {
            throw new ArgumentException("The model transcribes and does not translate: leave TextLanguage out.", nameof(options));
        }

        Data2VecModel loaded = await model.GetAsync(cancellationToken).ConfigureAwait(false);
        return loaded as SpeechModel ?? throw new InvalidOperationException($"The model takes {loaded.Modality.Inputs()}, not recordings.");
    }

    /// <summary>Transcribes a stream as it comes. The decoders read it in their own thread, and the stream itself is only read asynchronously.</summary>
    /// <returns>The length of the recording.</returns>
    private static async Task<TimeSpan> TranscribeAsync(SpeechModel speech, Stream audio, ChannelWriter<TranscriptUpdate> updates, CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task copying = CopyAsync(audio, pipe.Writer, stop.Token);
        try
        {
            TimeSpan length = await Task.Run(() => Transcribe(speech, pipe.Reader, updates, cancellationToken), CancellationToken.None).ConfigureAwait(false);
            updates.TryComplete();
            return length;
        }
        catch (Exception error)
        {
            updates.TryComplete(error);
            throw;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task CopyAsync(Stream audio, PipeWriter writer, CancellationToken cancellationToken)
    {
        Exception? problem = null;
        try
        {
            await audio.CopyToAsync(writer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            problem = error;
            throw;
        }
        finally
        {
            await writer.CompleteAsync(problem).ConfigureAwait(false);
        }
    }

    private static TimeSpan Transcribe(SpeechModel speech, PipeReader reader, ChannelWriter<TranscriptUpdate> updates, CancellationToken cancellationToken)
    {
        LiveTranscription? session = null;
        using Stream audio = reader.AsStream(); // completes the reader, which ends the copying
        AudioSource.FromStream(audio, AudioCodecs.Options).Read((samples, rate) =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            Write((session ??= speech.StartLive(rate)).Append(samples, cancellationToken));
        });
        Write(session?.Complete(cancellationToken) ?? []);
        return session?.Duration ?? TimeSpan.Zero;

        void Write(IReadOnlyList<TranscriptUpdate> found)
        {
            foreach (TranscriptUpdate update in found)
            {
                updates.WriteAsync(update, cancellationToken).AsTask().GetAwaiter().GetResult();
            }
        }
    }
}
