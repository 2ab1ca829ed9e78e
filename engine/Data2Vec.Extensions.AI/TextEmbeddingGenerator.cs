namespace Data2Vec.Extensions.AI;

/// <summary>Embeddings of texts.</summary>
internal sealed class TextEmbeddingGenerator(LazyModel model, EmbeddingOptions? options) : EmbeddingGenerator<string>(model, options)
{
    protected override Task<EmbeddedInputs> EmbedAsync(
        Data2VecModel model, IReadOnlyList<string> inputs, EmbeddingOptions options, CancellationToken cancellation) =>
        (model as TextModel ?? throw new InvalidOperationException($"The model takes {model.Modality.Inputs()}, not texts.")).EmbedCountedAsync(inputs, options, cancellation);
}
