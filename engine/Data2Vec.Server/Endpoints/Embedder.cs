using Data2Vec.Server.Models;
using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Endpoints;

/// <summary>Computes the vectors of inputs in requests.</summary>
internal sealed class Embedder(Data2VecServerOptions options, MediaReader media)
{
    /// <summary>The fields of a request that <see cref="EmbedAsync"/> reads, besides its inputs.</summary>
    public static readonly string[] Fields = ["model", ModelInputs.Modality, ModelInputs.PromptName, ModelInputs.LongTexts, "user"];

    /// <summary>Embeds the inputs of a field.</summary>
    /// <param name="served">The model.</param>
    /// <param name="model">Its encoder.</param>
    /// <param name="request">The request.</param>
    /// <param name="name">The field: one input or several, in the form that the model takes.</param>
    /// <param name="cancellation">Ends the work.</param>
    public async Task<EmbeddedInputs> EmbedAsync(ServedModel served, Data2VecModel model, RequestJson request, string name, CancellationToken cancellation)
    {
        request.Text("user"); // nothing is done with it
        ModelInputs.RequireModality(request, model, served.Id);
        var wanted = new EmbeddingOptions
        {
            Normalize = served.Normalize,
            PromptName = ModelInputs.PromptOf(request, model),
            LongTexts = ModelInputs.LongTextsOf(request, model),
            SplitSpecialTokens = true, // texts come from strangers
        };
        JsonElement input = request.Require(name);
        switch (model)
        {
            case TextModel text when ModelInputs.Texts(input, name, options.Limits) is { } texts:
                text.RequireRoom();
                return await text.EmbedCountedAsync(texts, wanted with { MaxRows = options.Limits.MaxTokens }, cancellation).ConfigureAwait(false);
            case TextModel text:
                ReadOnlyMemory<int>[] ids = ModelInputs.Tokens(input, name, options.Limits);
                return new EmbeddedInputs(await text.EmbedPreparedAsync(ids, wanted, cancellation).ConfigureAwait(false), ids.Sum(list => (long)list.Length));
            case VisionModel vision:
                string[] images = RequestJson.Texts(input, name, options.Limits);
                vision.RequireRoom();
                ReadOnlyMemory<float>[] pixels = await media.PixelsAsync(images, name, vision, cancellation).ConfigureAwait(false);
                return new EmbeddedInputs(await vision.EmbedPreparedAsync(pixels, wanted, cancellation).ConfigureAwait(false), pixels.Sum(image => (long)vision.CountRows(image.Span)));
            case SpeechModel speech:
                string[] recordings = RequestJson.Texts(input, name, options.Limits);
                speech.RequireRoom();
                return await speech.EmbedCountedAsync(await media.RecordingsAsync(recordings, name, speech, cancellation).ConfigureAwait(false), wanted, cancellation).ConfigureAwait(false);
            default:
                throw new InvalidOperationException($"a model of {model.Modality}");
        }
    }
}
