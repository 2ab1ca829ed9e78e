using Data2Vec.Extensions.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Data2Vec;

/// <summary>Makes speech-to-text clients of models with a CTC head.</summary>
/// <remarks>
/// A client takes WAV files of any sample rate; <see cref="SpeechToTextOptions.SpeechLanguage"/> and
/// <see cref="SpeechToTextOptions.SpeechSampleRate"/> make no difference, as the model knows one language and the file its rate. It is
/// safe to use from any number of threads, and disposing it does nothing: the model stays its owner's. A request fails with
/// <see cref="ArgumentException"/> for another model id than the model's or for a translation, with <see cref="InvalidDataException"/>
/// for a recording that is damaged or too short, with <see cref="InvalidOperationException"/> where the model has no CTC head.
/// </remarks>
public static class Data2VecSpeechExtensions
{
    /// <summary>Transcripts of recordings.</summary>
    /// <param name="model">A speech model with a CTC head.</param>
    /// <param name="modelId">What the model is called; by default its architecture.</param>
    public static ISpeechToTextClient AsSpeechToTextClient(this Data2VecModel model, string? modelId = null) =>
        new LazyModel(model, modelId).AsSpeechToTextClient();

    /// <inheritdoc cref="AsSpeechToTextClient(Data2VecModel, string?)"/>
    public static ISpeechToTextClient AsSpeechToTextClient(this LazyModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new SpeechToTextClient(model);
    }

    /// <summary>Registers transcripts of recordings, with a model that the container disposes.</summary>
    /// <param name="services">The services.</param>
    /// <param name="model">A speech model with a CTC head, loaded when it is first used.</param>
    /// <returns>What decorates the client: logging, telemetry.</returns>
    public static SpeechToTextClientBuilder AddData2VecSpeechToText(this IServiceCollection services, LazyModel model) =>
        services.AddModel(model).AddSpeechToTextClient(provider => provider.GetModel(model).AsSpeechToTextClient());

    /// <summary>Registers transcripts of recordings by a key, with a model that the container disposes.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="model">A speech model with a CTC head, loaded when it is first used.</param>
    /// <returns>What decorates the client: logging, telemetry.</returns>
    public static SpeechToTextClientBuilder AddKeyedData2VecSpeechToText(this IServiceCollection services, object? serviceKey, LazyModel model) =>
        services.AddModel(model).AddKeyedSpeechToTextClient(serviceKey, provider => provider.GetModel(model).AsSpeechToTextClient());
}
