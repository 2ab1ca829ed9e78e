using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI;

/// <summary>What generators of all kinds of input have in common.</summary>
/// <param name="model">The model, which is not the generator's to dispose.</param>
/// <param name="options">Which vectors are wanted.</param>
internal abstract class EmbeddingGenerator<TInput>(LazyModel model, EmbeddingOptions? options) : IEmbeddingGenerator<TInput, Embedding<float>>
    where TInput : class
{
    private readonly EmbeddingOptions _options = Pooled(options ?? new EmbeddingOptions());

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
        EmbeddingOptions wanted = options?.RawRepresentationFactory?.Invoke(this) is EmbeddingOptions own ? Pooled(own) : _options;
        Data2VecModel loaded = await model.GetAsync(cancellationToken).ConfigureAwait(false);
        if (options?.Dimensions is { } dimensions && dimensions != loaded.HiddenSize)
        {
            throw new ArgumentException($"The model gives vectors of {loaded.HiddenSize} dimensions, not of {dimensions}.", nameof(options));
        }

        EmbeddedInputs embedded = await EmbedAsync(loaded, inputs, wanted, cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return new(embedded.Vectors.Select(vector => new Embedding<float>(vector) { ModelId = model.ModelId, CreatedAt = now }))
        {
            Usage = new UsageDetails { InputTokenCount = embedded.Rows, TotalTokenCount = embedded.Rows },
        };
    }

    object? IEmbeddingGenerator.GetService(Type serviceType, object? serviceKey)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
        {
            return null;
        }

        if (serviceType == typeof(EmbeddingGeneratorMetadata))
        {
            return new EmbeddingGeneratorMetadata("data2vec", null, model.ModelId, model.Dimensions);
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

    /// <summary>The vectors of inputs, in their order.</summary>
    protected abstract Task<EmbeddedInputs> EmbedAsync(
        Data2VecModel model, IReadOnlyList<TInput> inputs, EmbeddingOptions options, CancellationToken cancellation);

    private static EmbeddingOptions Pooled(EmbeddingOptions options) => options.Pooling != Pooling.None
        ? options
        : throw new ArgumentException("An embedding is one vector: choose a pooling other than None.", nameof(options));
}
