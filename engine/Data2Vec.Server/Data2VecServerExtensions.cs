using Data2Vec.Server.Answers;
using Data2Vec.Server.Endpoints;
using Data2Vec.Server.Limits;
using Data2Vec.Server.Models;
using Data2Vec.Server.Observability;
using Data2Vec.Server.Requests;
using Data2Vec.Server.Security;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Data2Vec.Server;

/// <summary>Adds a server of models to an ASP.NET Core application.</summary>
public static class Data2VecServerExtensions
{
    private const string OtlpVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly double[] s_durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60];

    /// <summary>Adds the models and what serves them.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The section with the options, usually <see cref="Data2VecServerOptions.Section"/>; null for none. Unknown names are an error.</param>
    /// <param name="configure">Changes the options.</param>
    /// <exception cref="InvalidDataException">An option is missing or out of range, or a file is damaged.</exception>
    /// <exception cref="IOException">The file of keys cannot be read.</exception>
    public static IServiceCollection AddData2VecServer(this IServiceCollection services, IConfiguration? configuration, Action<Data2VecServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new Data2VecServerOptions();
        try
        {
            configuration?.Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidDataException($"the options of the server: {(error.InnerException as InvalidOperationException ?? error).Message}", error);
        }

        configure?.Invoke(options);
        services.AddSingleton(options);
        var catalog = new ModelCatalog(options);
        services.AddSingleton(_ => catalog); // disposed with the services
        services.AddSingleton(new ApiKeys(options)).AddSingleton(new ServerState());
        services.AddSingleton<UrlReader>().AddSingleton<BodyReader>().AddSingleton<MediaReader>().AddSingleton<Embedder>().AddSingleton<Probes>().AddSingleton<RequestRunner>().AddSingleton<ServerMetrics>();
        services.AddSingleton<ModelsEndpoint>();
        services.AddSingleton<IPostEndpoint, EmbeddingsEndpoint>().AddSingleton<IPostEndpoint, TranscriptionsEndpoint>().AddSingleton<IPostEndpoint, ClassifyEndpoint>()
            .AddSingleton<IPostEndpoint, SimilarityEndpoint>().AddSingleton<IPostEndpoint, MemesEndpoint>().AddSingleton<IPostEndpoint, TokenizeEndpoint>();
        services.AddHostedService<ModelLoading>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopDelay + options.DrainTime);
        services.AddRouting();
        AddTelemetry(services, options);
        return services;
    }

    /// <summary>Adds the models and what serves them.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <inheritdoc cref="AddData2VecServer(IServiceCollection, IConfiguration?, Action{Data2VecServerOptions}?)"/>
    public static IServiceCollection AddData2VecServer(this IServiceCollection services, Action<Data2VecServerOptions> configure) => services.AddData2VecServer(null, configure);

    /// <summary>Maps the routes of the server: those of the models with and without <c>/v1</c>, probes, metrics, the description of the interface, and the page.</summary>
    /// <param name="endpoints">The application, with the services of <c>AddData2VecServer</c>.</param>
    public static IEndpointRouteBuilder MapData2Vec(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        IServiceProvider services = endpoints.ServiceProvider;
        var options = services.GetRequiredService<Data2VecServerOptions>();
        var runner = services.GetRequiredService<RequestRunner>();
        var models = services.GetRequiredService<ModelsEndpoint>();
        foreach (string prefix in (string[])["/v1", ""])
        {
            foreach (IPostEndpoint endpoint in services.GetServices<IPostEndpoint>())
            {
                endpoints.MapPost(prefix + endpoint.Route, runner.For(endpoint.Route, endpoint.HandleAsync));
                endpoints.Map(prefix + endpoint.Route, runner.For(endpoint.Route, context => throw RequestException.OtherMethod(context.Request)));
            }

            endpoints.MapGet(prefix + "/models", runner.For("/models", models.ListAsync));
            endpoints.MapGet(prefix + "/models/{**id}", runner.For("/models", models.ShowAsync));
        }

        var probes = services.GetRequiredService<Probes>();
        foreach ((string route, RequestDelegate probe) in new (string, RequestDelegate)[] { ("/livez", probes.LiveAsync), ("/startupz", probes.StartedAsync), ("/readyz", probes.ReadyAsync) })
        {
            endpoints.MapGet(route, options.ProtectProbes ? runner.For(route, context => probe(context)) : probe);
        }

        endpoints.MapPrometheusScrapingEndpoint("/metrics", null, branch => branch.Use(next => !options.ProtectMetrics ? next : runner.For("/metrics", context => next(context))), null);
        endpoints.MapGet("/openapi/v1.json", StaticFiles.For("openapi.json"));
        foreach ((string path, string resource) in options.Page ? StaticFiles.Page : [])
        {
            endpoints.MapGet(path, StaticFiles.For(resource));
        }

        endpoints.MapFallback("/v1/{**path}", context => ErrorAnswer.WriteAsync(
            context.Response, new RequestException(StatusCodes.Status404NotFound, $"there is no {context.Request.Method} {RequestException.Shorten(context.Request.Path)} here")));
        return endpoints;
    }

    private static void AddTelemetry(IServiceCollection services, Data2VecServerOptions options)
    {
        bool sends = options.OtlpEndpoint is not null || Environment.GetEnvironmentVariable(OtlpVariable) is { Length: > 0 };
        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry();
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter("Data2Vec", ServerMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime");
            metrics.AddView("data2vec.*.duration", new ExplicitBucketHistogramConfiguration { Boundaries = s_durations });
            metrics.AddPrometheusExporter();
            if (sends)
            {
                metrics.AddOtlpExporter(SetEndpoint);
            }
        });
        if (sends)
        {
            telemetry.WithTracing(traces => traces.AddSource("Microsoft.AspNetCore").AddOtlpExporter(SetEndpoint));
        }

        // An address that is set turns off the defaults of the protocol.
        void SetEndpoint(OtlpExporterOptions exporter)
        {
            if (options.OtlpEndpoint is { } address)
            {
                exporter.Endpoint = address;
            }
        }
    }
}
