using Data2Vec;
using Data2Vec.Extensions.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers embedding generators, singletons as models are made for many callers.</summary>
/// <remarks>
/// Models are loaded when they are first used, see <see cref="AddData2VecWarmUp"/>, and disposed by the container. Several generators
/// may share one model. What the generators do is said at <see cref="Data2VecModelExtensions"/>.
/// </remarks>
public static class Data2VecServiceCollectionExtensions
{
    /// <summary>Registers embeddings of texts.</summary>
    /// <param name="services">The services.</param>
    /// <param name="model">A text model with a tokenizer.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <returns>What decorates the generator: logging, a cache, telemetry.</returns>
    public static EmbeddingGeneratorBuilder<string, Embedding<float>> AddData2VecEmbeddings(
        this IServiceCollection services, LazyModel model, EmbeddingOptions? options = null) =>
        services.AddModel(model).AddEmbeddingGenerator(provider => provider.GetModel(model).AsTextEmbeddingGenerator(options));

    /// <summary>Registers embeddings of texts by a key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="model">A text model with a tokenizer.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <returns>What decorates the generator: logging, a cache, telemetry.</returns>
    public static EmbeddingGeneratorBuilder<string, Embedding<float>> AddKeyedData2VecEmbeddings(
        this IServiceCollection services, object? serviceKey, LazyModel model, EmbeddingOptions? options = null) =>
        services.AddModel(model).AddKeyedEmbeddingGenerator(serviceKey, provider => provider.GetModel(model).AsTextEmbeddingGenerator(options));

    /// <summary>Registers embeddings of recordings or images.</summary>
    /// <param name="services">The services.</param>
    /// <param name="model">A model of speech or images.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <returns>What decorates the generator: logging, a cache, telemetry.</returns>
    public static EmbeddingGeneratorBuilder<DataContent, Embedding<float>> AddData2VecContentEmbeddings(
        this IServiceCollection services, LazyModel model, EmbeddingOptions? options = null) =>
        services.AddModel(model).AddEmbeddingGenerator(provider => provider.GetModel(model).AsContentEmbeddingGenerator(options));

    /// <summary>Registers embeddings of recordings or images by a key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="model">A model of speech or images.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <returns>What decorates the generator: logging, a cache, telemetry.</returns>
    public static EmbeddingGeneratorBuilder<DataContent, Embedding<float>> AddKeyedData2VecContentEmbeddings(
        this IServiceCollection services, object? serviceKey, LazyModel model, EmbeddingOptions? options = null) =>
        services.AddModel(model).AddKeyedEmbeddingGenerator(serviceKey, provider => provider.GetModel(model).AsContentEmbeddingGenerator(options));

    /// <summary>Makes the host load all registered models before it has started, and run a small input through each.</summary>
    /// <param name="services">The services.</param>
    public static IServiceCollection AddData2VecWarmUp(this IServiceCollection services) => services.AddHostedService<WarmUp>();

    /// <summary>
    /// Adds a check of all registered models: a small input goes through those that are loaded, beside what waits for them. One that
    /// nobody used yet, or that does not answer within three seconds, counts as degraded; one that fails, or cannot be loaded, as
    /// <paramref name="failureStatus"/>.
    /// </summary>
    /// <param name="builder">The checks.</param>
    /// <param name="name">What the check is called.</param>
    /// <param name="failureStatus">What a failure means; unhealthy by default.</param>
    /// <param name="tags">The check's tags.</param>
    public static IHealthChecksBuilder AddData2Vec(
        this IHealthChecksBuilder builder, string name = "data2vec", Diagnostics.HealthChecks.HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new(name, provider => new ModelHealthCheck(provider.GetModels()), failureStatus, tags));
    }

    // The key is the model itself: the container makes it once, whoever asks, and so disposes it once.
    internal static IServiceCollection AddModel(this IServiceCollection services, LazyModel model)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(model);
        services.TryAddKeyedSingleton(model, static (_, key) => (LazyModel)key!);
        return services;
    }

    internal static LazyModel GetModel(this IServiceProvider provider, LazyModel model) => provider.GetRequiredKeyedService<LazyModel>(model);

    internal static IEnumerable<LazyModel> GetModels(this IServiceProvider provider) => provider.GetKeyedServices<LazyModel>(KeyedService.AnyKey);
}
