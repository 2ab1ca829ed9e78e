using System.Diagnostics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Data2Vec.Extensions.AI.Tests;

/// <summary>Generators in a generic host, with the decorators that applications put around them.</summary>
public sealed class HostTests
{
    public static TheoryData<ModelConfig> EachKind => [Kinds.Text, Kinds.Bert, Kinds.Speech, Kinds.Vision, Kinds.Vgg];

    private static readonly string s_recording = Path.Combine(AppContext.BaseDirectory, "four-two.wav");

    [Fact]
    public async Task Logging_caching_and_telemetry_work()
    {
        const string Source = nameof(Logging_caching_and_telemetry_work);
        using var folder = new Folder();
        string path = folder.File("small.d2v");
        Folder.Write("text", path);
        List<Activity> spans = [];
        List<Metric> metrics = [];
        using TracerProvider tracing = Sdk.CreateTracerProviderBuilder().AddSource(Source).AddInMemoryExporter(spans).Build();
        using MeterProvider metering = Sdk.CreateMeterProviderBuilder().AddMeter(Source).AddInMemoryExporter(metrics).Build();
        using var logs = new ListLogger();

        HostApplicationBuilder builder = Builder();
        builder.Logging.AddProvider(logs).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddDistributedMemoryCache();
        builder.Services.AddData2VecEmbeddings(new LazyModel(path), new EmbeddingOptions { Normalize = true })
            .UseDistributedCache()
            .UseLogging()
            .UseOpenTelemetry(sourceName: Source);
        using IHost host = builder.Build();
        await host.StartAsync();
        var generator = host.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        Assert.False(generator.GetService<LazyModel>()!.IsLoaded);
        Assert.Equal(192, generator.GetRequiredService<EmbeddingGeneratorMetadata>().DefaultModelDimensions);

        GeneratedEmbeddings<Embedding<float>> first = await generator.GenerateAsync(["a film", "a book"]);
        GeneratedEmbeddings<Embedding<float>> second = await generator.GenerateAsync(["a book", "a song"]);
        TextModel model = generator.GetRequiredService<TextModel>();
        Assert.Equal(model.Embed("a book", new EmbeddingOptions { Normalize = true }), first[1].Vector.ToArray());

        // What came from the cache is what went into it, and the time tells it from what was made anew.
        Assert.Equal(first[1].Vector.ToArray(), second[0].Vector.ToArray());
        Assert.Equal(first[1].CreatedAt, second[0].CreatedAt);
        Assert.NotEqual(first[1].CreatedAt, second[1].CreatedAt);
        Assert.Equal("small", second[0].ModelId);

        // One span for each request that reached the model; the cache kept back one text, and so its tokens.
        Assert.Equal(2, spans.Count);
        Assert.Equal("data2vec", spans[0].GetTagItem("gen_ai.provider.name"));
        Assert.Equal("small", spans[0].GetTagItem("gen_ai.request.model"));
        Assert.Equal("small", spans[0].GetTagItem("gen_ai.response.model"));
        Assert.Equal(192, spans[0].GetTagItem("gen_ai.embeddings.dimension.count"));
        Assert.Equal(Tokens(model, "a film") + Tokens(model, "a book"), Convert.ToInt32(spans[0].GetTagItem("gen_ai.usage.input_tokens")));
        Assert.Equal(Tokens(model, "a song"), Convert.ToInt32(spans[1].GetTagItem("gen_ai.usage.input_tokens")));
        metering.ForceFlush();
        Assert.Equal(["gen_ai.client.operation.duration", "gen_ai.client.token.usage"], metrics.Select(metric => metric.Name).Order());
        Assert.Equal(["2", "1"], logs.Lines.Where(line => line.StartsWith("GenerateAsync generated", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]));
        await host.StopAsync();
    }

    [Fact]
    public async Task Keyed_generators_of_all_modalities_coexist_and_share_a_model()
    {
        LazyModel text = Model("text"), speech = Model("speech"), image = Model("image");
        HostApplicationBuilder builder = Builder();
        builder.Services.AddData2VecEmbeddings(text);
        builder.Services.AddKeyedData2VecEmbeddings("first token", text, new EmbeddingOptions { Pooling = Pooling.Class });
        builder.Services.AddData2VecContentEmbeddings(speech);
        builder.Services.AddKeyedData2VecContentEmbeddings("image", image);
        Data2VecModel[] models;
        using (IHost host = builder.Build())
        {
            IServiceProvider services = host.Services;
            var plain = services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
            var keyed = services.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>("first token");
            var listens = services.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
            var looks = services.GetRequiredKeyedService<IEmbeddingGenerator<DataContent, Embedding<float>>>("image");
            Assert.Same(plain.GetService<Data2VecModel>(), keyed.GetService<Data2VecModel>());
            Assert.NotEqual((await plain.GenerateVectorAsync("x")).ToArray(), (await keyed.GenerateVectorAsync("x")).ToArray());
            Assert.Equal(192, (await listens.GenerateVectorAsync(await DataContent.LoadFromAsync(s_recording))).Length);
            Assert.Equal(128, (await looks.GenerateVectorAsync(
                await DataContent.LoadFromAsync(Path.Combine(AppContext.BaseDirectory, "Images", "rgb.png")))).Length);
            models = [.. await Task.WhenAll(text.GetAsync(), speech.GetAsync(), image.GetAsync())];
        }

        // The container has disposed them.
        Assert.Throws<ObjectDisposedException>(() => ((TextModel)models[0]).Embed("x"));
        Assert.Throws<ObjectDisposedException>(() => ((SpeechModel)models[1]).EmbedPrepared(new float[16000]));
        Assert.Throws<ObjectDisposedException>(() => ((VisionModel)models[2]).EmbedPrepared(new float[3 * 32 * 32]));
    }

    [Fact]
    public async Task A_missing_model_fails_the_first_use_but_not_the_start()
    {
        using var folder = new Folder();
        string path = folder.File("missing.d2v");
        HostApplicationBuilder builder = Builder();
        builder.Services.AddData2VecEmbeddings(new LazyModel(path)).UseOpenTelemetry();
        using IHost host = builder.Build();
        await host.StartAsync();
        var generator = host.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        Assert.Contains("missing.d2v", (await Assert.ThrowsAsync<FileNotFoundException>(() => generator.GenerateAsync(["x"]))).Message, StringComparison.Ordinal);
        Folder.Write("text", path);
        Assert.Single(await generator.GenerateAsync(["x"]));
        await host.StopAsync();
    }

    [Fact]
    public async Task Warming_up_loads_every_model_before_the_host_has_started()
    {
        LazyModel text = Model("text"), image = Model("image");
        HostApplicationBuilder builder = Builder();
        builder.Services.AddData2VecEmbeddings(text);
        builder.Services.AddKeyedData2VecContentEmbeddings("image", image);
        builder.Services.AddData2VecWarmUp();
        using IHost host = builder.Build();
        Assert.False(text.IsLoaded || image.IsLoaded);
        await host.StartAsync();
        Assert.True(text.IsLoaded && image.IsLoaded);
        await host.StopAsync();
    }

    [Theory]
    [MemberData(nameof(EachKind))]
    public async Task Every_kind_of_model_can_be_hosted(ModelConfig config)
    {
        using Data2VecModel model = Data2VecModel.Create(config, seed: 1);
        HostApplicationBuilder builder = Builder();
        builder.Services.AddData2VecModel(new LazyModel(model));
        builder.Services.AddData2VecWarmUp();
        builder.Services.AddHealthChecks().AddData2Vec();
        using IHost host = builder.Build();
        await host.StartAsync();
        HealthReportEntry entry = await Check(host.Services.GetRequiredService<HealthCheckService>());
        Assert.Equal((HealthStatus.Healthy, $"{config.Architecture}: ready"), (entry.Status, entry.Description));
        await host.StopAsync();
    }

    [Fact]
    public async Task The_meter_of_the_library_counts_batches_and_the_queue()
    {
        List<Metric> metrics = [];
        using MeterProvider metering = Sdk.CreateMeterProviderBuilder().AddMeter("Data2Vec").AddInMemoryExporter(metrics).Build();
        using var model = (TextModel)Data2VecModel.Create(Kinds.Bert, seed: 1);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => model.EmbedPreparedAsync([new[] { 2, 5, 3 }, new[] { 2, 3 }])));
        metering.ForceFlush();
        Assert.Equal(
            ["data2vec.batch.duration", "data2vec.batch.inputs", "data2vec.batch.rows", "data2vec.queue.duration", "data2vec.queue.rows"],
            metrics.Select(metric => metric.Name).Order());
        Assert.Equal(10, Point("data2vec.batch.inputs").GetHistogramSum());
        Assert.Equal(25, Point("data2vec.batch.rows").GetHistogramSum());
        Assert.Equal(5, Point("data2vec.queue.duration").GetHistogramCount());
        Assert.Equal(0, Point("data2vec.queue.rows").GetSumLong());

        MetricPoint Point(string name)
        {
            foreach (MetricPoint point in metrics.Single(metric => metric.Name == name).GetMetricPoints())
            {
                foreach (KeyValuePair<string, object?> tag in point.Tags)
                {
                    if (tag is { Key: "data2vec.architecture", Value: "bert" })
                    {
                        return point;
                    }
                }
            }

            throw new InvalidOperationException($"{name} was not measured for this model");
        }
    }

    [Fact]
    public async Task The_health_check_distinguishes_unused_ready_and_broken_models()
    {
        using var folder = new Folder();
        LazyModel text = Model("text");
        var broken = new LazyModel(folder.File("broken.d2v"));
        HostApplicationBuilder builder = Builder();
        builder.Services.AddData2VecEmbeddings(text);
        builder.Services.AddKeyedData2VecEmbeddings("broken", broken);
        builder.Services.AddHealthChecks().AddData2Vec();
        using IHost host = builder.Build();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Degraded, (await Check(health)).Status);
        await text.GetAsync();
        HealthReportEntry entry = await Check(health);
        Assert.Equal(("ready", "not loaded yet"), (entry.Data["text"], entry.Data["broken"]));

        await Assert.ThrowsAsync<FileNotFoundException>(() => broken.GetAsync());
        entry = await Check(health);
        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.IsType<FileNotFoundException>(entry.Exception);
        Folder.Write("text", folder.File("broken.d2v"));
        entry = await Check(health);
        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal("text: ready; broken: ready", entry.Description);
    }

    [Fact]
    public async Task The_health_check_bypasses_the_models_queue()
    {
        LazyModel text = Model("text");
        var model = (TextModel)await text.GetAsync();
        string[] texts = [.. Enumerable.Repeat("a film of some length that goes on", 250)]; // a batch of rows
        Task<float[][]>[] calls = [.. Enumerable.Range(0, 40).Select(_ => model.EmbedAsync(texts))];
        await Task.WhenAny(calls);
        await using ServiceProvider services = Services(text);
        HealthReportEntry result = await Check(services.GetRequiredService<HealthCheckService>());
        Assert.InRange(calls.Count(call => call.IsCompleted), 1, 20);
        Assert.Equal(HealthStatus.Healthy, result.Status);
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task The_health_check_times_out_and_lists_both_models_with_the_same_name()
    {
        var never = new TaskCompletionSource<Data2VecModel>();
        int loads = 0;
        var stuck = new LazyModel("text", () => loads++ == 0 ? throw new IOException("no disk") : never.Task);
        LazyModel ready = Model("text");
        await ready.GetAsync();
        await Assert.ThrowsAsync<IOException>(() => stuck.GetAsync());
        await using ServiceProvider services = Services(stuck, ready);
        HealthReportEntry result = await Check(services.GetRequiredService<HealthCheckService>()).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(HealthStatus.Degraded, result.Status);
        Assert.Equal("text: no answer within 3 seconds; text (2): ready", result.Description);
        Assert.Equal(2, result.Data.Count);
    }

    private static ServiceProvider Services(params LazyModel[] models)
    {
        var services = new ServiceCollection();
        for (int i = 0; i < models.Length; i++)
        {
            services.AddKeyedData2VecEmbeddings(i, models[i]);
        }

        services.AddLogging().AddHealthChecks().AddData2Vec();
        return services.BuildServiceProvider();
    }

    private static HostApplicationBuilder Builder()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        return builder;
    }

    private static async Task<HealthReportEntry> Check(HealthCheckService health) => (await health.CheckHealthAsync()).Entries["data2vec"];

    private static int Tokens(TextModel model, string text) => model.Tokenizer!.Encode(text).Length;

    private static LazyModel Model(string name) => new(name, () => Task.FromResult(BundledModels.Load(name)));
}
