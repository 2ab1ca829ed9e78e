using Data2Vec.Extensions.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Data2Vec;

/// <summary>Creates speech-to-text clients from models with a CTC head.</summary>
/// <remarks>
/// A client takes recordings of any sample rate (WAV, FLAC, MP3, Ogg and others). It ignores <see cref="SpeechToTextOptions.SpeechLanguage"/> and
/// <see cref="SpeechToTextOptions.SpeechSampleRate"/>: the model knows one language, and the file its sample rate. Clients are thread-safe.
/// Disposing a client does nothing: the model belongs to its owner. A request fails with <see cref="ArgumentException"/> for another model's id or
/// for a translation, with <see cref="InvalidDataException"/> for a recording that is damaged or too short, and with
/// <see cref="InvalidOperationException"/> if the model has no CTC head. A response has a <see cref="Audio.Transcript"/> and an update of a stream a
/// <see cref="Audio.TranscriptUpdate"/> as raw representation, with the times of the words. A stream is transcribed as it comes, see
/// <see cref="SpeechModel.StartLive"/>.
/// </remarks>
public static class Data2VecSpeechExtensions
{
    /// <summary>
    /// The entry of <see cref="SpeechToTextResponseUpdate.AdditionalProperties"/> with the text that may still change, in updates of the kind
    /// <see cref="SpeechToTextResponseUpdateKind.TextUpdating"/>. It is no content: the contents of all updates one after another are the final text.
    /// </summary>
    public const string TentativeText = "tentativeText";

    /// <summary>Creates a client that transcribes recordings.</summary>
    /// <param name="model">A speech model with a CTC head.</param>
    /// <param name="modelId">The model's id; default: its architecture.</param>
    public static ISpeechToTextClient AsSpeechToTextClient(this Data2VecModel model, string? modelId = null) =>
        new LazyModel(model, modelId).AsSpeechToTextClient();

    /// <inheritdoc cref="AsSpeechToTextClient(Data2VecModel, string?)"/>
    public static ISpeechToTextClient AsSpeechToTextClient(this LazyModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new SpeechToTextClient(model);
    }

    /// <summary>Registers a client that transcribes recordings. The container disposes the model.</summary>
    /// <param name="services">The services.</param>
    /// <param name="model">A speech model with a CTC head, loaded on first use.</param>
    /// <returns>A builder for adding logging or telemetry.</returns>
    public static SpeechToTextClientBuilder AddData2VecSpeechToText(this IServiceCollection services, LazyModel model) =>
        services.AddData2VecModel(model).AddSpeechToTextClient(provider => provider.GetData2VecModel(model).AsSpeechToTextClient());

    /// <summary>Registers a keyed client that transcribes recordings. The container disposes the model.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="model">A speech model with a CTC head, loaded on first use.</param>
    /// <inheritdoc cref="AddData2VecSpeechToText" path="/returns"/>
    public static SpeechToTextClientBuilder AddKeyedData2VecSpeechToText(this IServiceCollection services, object? serviceKey, LazyModel model) =>
        services.AddData2VecModel(model).AddKeyedSpeechToTextClient(serviceKey, provider => provider.GetData2VecModel(model).AsSpeechToTextClient());
}
