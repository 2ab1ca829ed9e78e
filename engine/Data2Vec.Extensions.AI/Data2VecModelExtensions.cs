using Data2Vec.Extensions.AI;
using Microsoft.Extensions.AI;

namespace Data2Vec;

/// <summary>Makes embedding generators of models.</summary>
/// <remarks>
/// Generators are safe to use from any number of threads; calls at the same time share batches. Disposing one does nothing: the model
/// stays its owner's. <c>Usage</c> counts what went through the model: tokens with the special ones, frames, or patches with the class
/// token. <see cref="EmbeddingGenerationOptions.RawRepresentationFactory"/> may give <see cref="EmbeddingOptions"/> for one call.
/// Unless options say otherwise, an embedding is the mean of the last hidden states, and not brought to length 1.
/// A request fails with <see cref="ArgumentException"/> for another model id or number of dimensions than the model's, or for content
/// of a media type that the model does not take; with <see cref="InvalidDataException"/> for content that is damaged, and with
/// <see cref="QueueFullException"/> when the model has too much to do.
/// </remarks>
public static class Data2VecModelExtensions
{
    /// <summary>Embeddings of texts.</summary>
    /// <param name="model">A text model with a tokenizer.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="modelId">What the model is called; by default its architecture.</param>
    /// <exception cref="ArgumentException">The pooling is <see cref="Pooling.None"/>.</exception>
    public static IEmbeddingGenerator<string, Embedding<float>> AsTextEmbeddingGenerator(
        this Data2VecModel model, EmbeddingOptions? options = null, string? modelId = null) =>
        new LazyModel(model, modelId).AsTextEmbeddingGenerator(options);

    /// <summary>Embeddings of recordings or images.</summary>
    /// <param name="model">A model of speech, for WAV files of any sample rate; or of images, for JPEG, PNG, WebP, BMP and GIF.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="modelId">What the model is called; by default its architecture.</param>
    /// <exception cref="ArgumentException">The pooling is <see cref="Pooling.None"/>.</exception>
    public static IEmbeddingGenerator<DataContent, Embedding<float>> AsContentEmbeddingGenerator(
        this Data2VecModel model, EmbeddingOptions? options = null, string? modelId = null) =>
        new LazyModel(model, modelId).AsContentEmbeddingGenerator(options);

    /// <inheritdoc cref="AsTextEmbeddingGenerator(Data2VecModel, EmbeddingOptions?, string?)"/>
    public static IEmbeddingGenerator<string, Embedding<float>> AsTextEmbeddingGenerator(this LazyModel model, EmbeddingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new TextEmbeddingGenerator(model, options);
    }

    /// <inheritdoc cref="AsContentEmbeddingGenerator(Data2VecModel, EmbeddingOptions?, string?)"/>
    public static IEmbeddingGenerator<DataContent, Embedding<float>> AsContentEmbeddingGenerator(this LazyModel model, EmbeddingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ContentEmbeddingGenerator(model, options);
    }
}
