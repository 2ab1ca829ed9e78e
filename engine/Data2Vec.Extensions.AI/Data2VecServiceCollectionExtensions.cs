using Data2Vec;
using Data2Vec.Extensions.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers embedding generators as singletons.</summary>
/// <remarks>
/// Models are loaded on first use (but see <see cref="AddData2VecWarmUp"/>) and disposed by the container. Generators may share a model.
/// <see cref="Data2VecModelExtensions"/> describes the generators.
/// </remarks>
public static class Data2VecServiceCollectionExtensions
{
    /// <summary>Registers a generator for texts.</summary>
    /// <param name="services">The services.</param>
    /// <param name="model">A text model with a tokenizer.</param>
    /// <param name="options">The vectors to compute.</param>
    /// <returns>A builder for adding logging, a cache or telemetry.</returns>
    public static EmbeddingGeneratorBuilder<string, Embedding<float>> AddData2VecEmbeddings(
        this IServiceCollection services, LazyModel model, EmbeddingOptions? options = null) =>
        services.AddData2VecModel(model).AddEmbeddingGenerator(provider => provider.GetData2VecModel(model).AsTextEmbeddingGenerator(options));

    /// <summary>Registers a keyed generator for texts.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="model">A text model with a tokenizer.</param>
    /// <param name="options">The vectors to compute.</param>
    /// <inheritdoc cref="AddData2VecEmbeddings" path="/returns"/>
    public static EmbeddingGeneratorBuilder<string, Embedding<float>> AddKeyedData2VecEmbeddings(
        this IServiceCollection services, object? serviceKey, LazyModel model, EmbeddingOptions? options = null) =>
        services.AddData2VecModel(model).AddKeyedEmbeddingGenerator(serviceKey, provider => provider.GetData2VecModel(model).AsTextEmbeddingGenerator(options));

    /// <summary>Registers a generator for recordings or images.</summary>
    /// <param name="services">The services.</param>
    /// <param name="model">A speech or vision model.</param>
    /// <param name="options">The vectors to compute.</param>
    /// <inheritdoc cref="AddData2VecEmbeddings" path="/returns"/>
    public static EmbeddingGeneratorBuilder<DataContent, Embedding<float>> AddData2VecContentEmbeddings(
        this IServiceCollection services, LazyModel model, EmbeddingOptions? options = null) =>
        services.AddData2VecModel(model).AddEmbeddingGenerator(provider => provider.GetData2VecModel(model).AsContentEmbeddingGenerator(options));

    /// <summary>Registers a keyed generator for recordings or images.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="model">A speech or vision model.</param>
    /// <param name="options">The vectors to compute.</param>
    /// <inheritdoc cref="AddData2VecEmbeddings" path="/returns"/>
    public static EmbeddingGeneratorBuilder<DataContent, Embedding<float>> AddKeyedData2VecContentEmbeddings(
        this IServiceCollection services, object? serviceKey, LazyModel model, EmbeddingOptions? options = null) =>
        services.AddData2VecModel(model).AddKeyedEmbeddingGenerator(serviceKey, provider => provider.GetData2VecModel(model).AsContentEmbeddingGenerator(options));

    /// <summary>Makes the host load all registered models, and run a small input through each, before it has started.</summary>
    /// <param name="services">The services.</param>
    public static IServiceCollection AddData2VecWarmUp(this IServiceCollection services) => services.AddHostedService<WarmUp>();

    /// <summary>
    /// Adds a health check that runs a small input through all loaded models. A model that is not loaded yet, or does not answer within three
    /// seconds, is degraded. A model that fails, or cannot be loaded, has the status <paramref name="failureStatus"/>.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">The status of a failure; default: unhealthy.</param>
    /// <param name="tags">The tags of the check.</param>
    public static IHealthChecksBuilder AddData2Vec(
        this IHealthChecksBuilder builder, string name = "data2vec", Diagnostics.HealthChecks.HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new(name, provider => new ModelHealthCheck(provider.GetModels()), failureStatus, tags));
    }

    /// <summary>Registers a model that several generators and clients may share. The container disposes it once.</summary>
    /// <param name="services">The services.</param>
    /// <param name="model">The model, which is its own key.</param>
    public static IServiceCollection AddData2VecModel(this IServiceCollection services, LazyModel model)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(model);
        services.TryAddKeyedSingleton(model, static (_, key) => (LazyModel)key!);
        return services;
    }

    /// <summary>Gets a registered model.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="model">The model that was registered.</param>
    public static LazyModel GetData2VecModel(this IServiceProvider provider, LazyModel model) => provider.GetRequiredKeyedService<LazyModel>(model);

    internal static IEnumerable<LazyModel> GetModels(this IServiceProvider provider) => provider.GetKeyedServices<LazyModel>(KeyedService.AnyKey);
}
