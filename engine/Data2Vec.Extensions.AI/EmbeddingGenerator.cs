using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI;

/// <summary>The common part of the embedding generators.</summary>
/// <param name="model">The model, which belongs to its owner.</param>
/// <param name="options">The vectors to compute.</param>
internal abstract class EmbeddingGenerator<TInput>(LazyModel model, EmbeddingOptions? options) : IEmbeddingGenerator<TInput, Embedding<float>>
    where TInput : class
{
    private readonly EmbeddingOptions _options = RequirePooling(options ?? new EmbeddingOptions());

    async Task<GeneratedEmbeddings<Embedding<float>>> IEmbeddingGenerator<TInput, Embedding<float>>.GenerateAsync(
        IEnumerable<TInput> values, EmbeddingGenerationOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(values);
        TInput[] inputs = [.. values];
        int missing = Array.IndexOf(inputs, null);
        if (missing >= 0)
        {
            throw new ArgumentException($"Value {missing} is null.", nameof(values));
        }

        model.RequireId(options?.ModelId);
        EmbeddingOptions wanted = options?.RawRepresentationFactory?.Invoke(this) is EmbeddingOptions own ? RequirePooling(own) : _options;
        Data2VecModel loaded = await model.GetAsync(cancellationToken).ConfigureAwait(false);
        if (options?.Dimensions is { } dimensions && dimensions != loaded.Config.EmbeddingSizeOf(wanted))
        {
            throw new ArgumentException($"The model's vectors have {loaded.Config.EmbeddingSizeOf(wanted)} dimensions, not {dimensions}.", nameof(options));
        }

        EmbeddedInputs embedded = await EmbedAsync(loaded, inputs, wanted, cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return new(embedded.Vectors.Select(vector => new Embedding<float>(vector) { ModelId = model.ModelId, CreatedAt = now }))
        {
            Usage = new UsageDetails { InputTokenCount = embedded.Rows, TotalTokenCount = embedded.Rows },
        };
    }

    object? IEmbeddingGenerator.GetService(Type serviceType, object? serviceKey) => model.GetService(
        this, serviceType, serviceKey, () => new EmbeddingGeneratorMetadata("data2vec", null, model.ModelId, model.Dimensions(_options)));

    void IDisposable.Dispose()
    {
    }

    /// <summary>The vectors of inputs, in their order.</summary>
    protected abstract Task<EmbeddedInputs> EmbedAsync(
        Data2VecModel model, IReadOnlyList<TInput> inputs, EmbeddingOptions options, CancellationToken cancellation);

    private static EmbeddingOptions RequirePooling(EmbeddingOptions options) => options.Pooling != Pooling.None
        ? options
        : throw new ArgumentException("An embedding is one vector: choose a pooling other than None.", nameof(options));
}

/// <summary>Embeds texts.</summary>
internal sealed class TextEmbeddingGenerator(LazyModel model, EmbeddingOptions? options) : EmbeddingGenerator<string>(model, options)
{
    protected override Task<EmbeddedInputs> EmbedAsync(
        Data2VecModel model, IReadOnlyList<string> inputs, EmbeddingOptions options, CancellationToken cancellation) => model is TextModel text
        ? text.EmbedCountedAsync(inputs, options, cancellation)
        : throw new InvalidOperationException($"The model takes {model.Modality.Inputs()}, not texts.");
}
