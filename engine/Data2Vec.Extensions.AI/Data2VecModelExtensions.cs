using Data2Vec.Extensions.AI;
using Data2Vec.Vision.Images;
using Microsoft.Extensions.AI;

namespace Data2Vec;

/// <summary>Creates embedding generators from models.</summary>
/// <remarks>
/// Generators are thread-safe, and concurrent calls share batches. Disposing a generator does nothing: the model belongs to its owner.
/// <c>Usage</c> counts the rows that went through the model: tokens with the special ones, frames, or patches with the class token.
/// <see cref="EmbeddingGenerationOptions.RawRepresentationFactory"/> may return <see cref="EmbeddingOptions"/> for one call. By default, an
/// embedding is the mean of the last hidden states, not scaled to length 1.
/// A request fails with <see cref="ArgumentException"/> for another model's id or number of dimensions, or for content of an unsupported media
/// type; with <see cref="InvalidDataException"/> for damaged content; and with <see cref="QueueFullException"/> if the model is overloaded.
/// </remarks>
public static class Data2VecModelExtensions
{
    /// <summary>Creates a generator for texts.</summary>
    /// <param name="model">A text model with a tokenizer.</param>
    /// <param name="options">The vectors to compute.</param>
    /// <param name="modelId">The model's id; default: its architecture.</param>
    /// <exception cref="ArgumentException">The pooling is <see cref="Pooling.None"/>.</exception>
    public static IEmbeddingGenerator<string, Embedding<float>> AsTextEmbeddingGenerator(
        this Data2VecModel model, EmbeddingOptions? options = null, string? modelId = null) =>
        new LazyModel(model, modelId).AsTextEmbeddingGenerator(options);

    /// <inheritdoc cref="AsTextEmbeddingGenerator(Data2VecModel, EmbeddingOptions?, string?)"/>
    public static IEmbeddingGenerator<string, Embedding<float>> AsTextEmbeddingGenerator(this LazyModel model, EmbeddingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new TextEmbeddingGenerator(model, options);
    }

    /// <summary>Creates a generator for recordings or images.</summary>
    /// <param name="model">
    /// A speech model for recordings of any sample rate (WAV, FLAC, MP3, Ogg and others), or a vision model for files that
    /// <see cref="ImageFile"/> decodes.
    /// </param>
    /// <param name="options">The vectors to compute.</param>
    /// <param name="modelId">The model's id; default: its architecture.</param>
    /// <param name="imageLimits">The largest image, or null for the default.</param>
    /// <param name="imageDecoder">Decodes further image formats.</param>
    /// <exception cref="ArgumentException">The pooling is <see cref="Pooling.None"/>.</exception>
    public static IEmbeddingGenerator<DataContent, Embedding<float>> AsContentEmbeddingGenerator(
        this Data2VecModel model, EmbeddingOptions? options = null, string? modelId = null, ImageLimits? imageLimits = null, ImageDecoder? imageDecoder = null) =>
        new LazyModel(model, modelId).AsContentEmbeddingGenerator(options, imageLimits, imageDecoder);

    /// <inheritdoc cref="AsContentEmbeddingGenerator(Data2VecModel, EmbeddingOptions?, string?, ImageLimits?, ImageDecoder?)"/>
    public static IEmbeddingGenerator<DataContent, Embedding<float>> AsContentEmbeddingGenerator(
        this LazyModel model, EmbeddingOptions? options = null, ImageLimits? imageLimits = null, ImageDecoder? imageDecoder = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ContentEmbeddingGenerator(model, options, imageLimits, imageDecoder);
    }
}
