using System.Net;
using System.Text.Json;
using Data2Vec.Server.Endpoints;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Data2Vec.Server.Tests;

/// <summary>Probes, metrics, the description of the interface, the options.</summary>
public sealed class ObservabilityTests
{
    [Fact]
    public async Task A_server_that_loads_is_live_and_neither_started_nor_ready()
    {
        using var gate = new ManualResetEventSlim();
        await using RunningServer server = await RunningServer.StartAsync(
            options => options.Models["slow"] = new ModelSource
            {
                Load = how =>
                {
                    gate.Wait(TimeSpan.FromMinutes(1));
                    return BundledModels.Load("text", how);
                },
            },
            models: [], waits: false);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("livez"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("startupz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("readyz"));
        using HttpResponseMessage early = await server.PostAsync("v1/embeddings", """{"model": "slow", "input": "a"}""");
        Assert.Equal("model_loading", (await RunningServer.ErrorAsync(early, HttpStatusCode.ServiceUnavailable)).GetProperty("code").GetString());
        Assert.NotNull(early.Headers.RetryAfter);
        Assert.Equal(0, (await server.GetAsync("v1/models")).GetProperty("data").GetArrayLength());
        gate.Set();
        await server.ReadyAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("startupz"));
        await server.AskAsync("v1/embeddings", new { model = "slow", input = "a" });

        async Task<HttpStatusCode> StatusAsync(string route) => (await server.Http.GetAsync(new Uri(route, UriKind.Relative))).StatusCode;
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_ends_the_server_with_its_name_in_the_log()
    {
        string file = Files.Temporary(".d2v");
        try
        {
            await File.WriteAllTextAsync(file, "not a model");
            await using RunningServer server = await RunningServer.StartAsync(options => options.Models["broken"] = new ModelSource { Path = file }, waits: false);
            await Record.ExceptionAsync(() => server.Application.WaitForShutdownAsync()).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Contains("Model 'broken' cannot be loaded: " + file, server.Log, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Metrics_have_the_four_durations()
    {
        await using RunningServer server = await RunningServer.StartAsync(models: ["text", "image"]);
        await server.AskAsync("v1/embeddings", new { model = "text", input = new[] { "a", "b" } });
        await server.AskAsync("v1/embeddings", new { model = "image", input = Files.DataUri(Files.Images[0]) });
        using HttpResponseMessage bad = await server.PostAsync("v1/embeddings", "{}");
        string metrics = await server.Http.GetStringAsync(new Uri("metrics", UriKind.Relative));
        foreach (string name in (string[])
        [
            "data2vec_prepare_duration_seconds_bucket", "data2vec_decode_duration_seconds_count", "data2vec_queue_duration_seconds_sum", "data2vec_batch_duration_seconds_bucket", "data2vec_request_duration_seconds_count",
            "data2vec_batch_rows", "data2vec_request_inputs", "status=\"400\"", "status=\"200\"", "le=\"0.0025\"",
        ])
        {
            Assert.Contains(name, metrics, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_description_has_each_route_and_each_field()
    {
        await using RunningServer server = await RunningServer.StartAsync(waits: false);
        JsonElement description = await server.GetAsync("openapi/v1.json");
        Assert.StartsWith("3.", description.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        JsonElement paths = description.GetProperty("paths");
        string[] routes = [.. server.Application.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(endpoint => "/" + endpoint.RoutePattern.RawText!.TrimStart('/').Replace("**", "", StringComparison.Ordinal))];
        string[] described = [.. paths.EnumerateObject().Select(path => path.Name)];
        Assert.Empty(described.Except(routes));
        Assert.Empty(routes.Where(route => route.StartsWith("/v1/", StringComparison.Ordinal) && route != "/v1/{path}").Except(described));
        foreach (IPostEndpoint endpoint in server.Application.Services.GetServices<IPostEndpoint>())
        {
            JsonElement content = paths.GetProperty("/v1" + endpoint.Route).GetProperty("post").GetProperty("requestBody").GetProperty("content").EnumerateObject().Single().Value.GetProperty("schema");
            JsonElement schema = content.TryGetProperty("$ref", out JsonElement reference) ? description.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]) : content;
            Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
            Assert.Equal(endpoint.FieldNames.Where(name => name != "timestamp_granularities").Order(StringComparer.Ordinal), schema.GetProperty("properties").EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("Data2Vec:MaxWate", "00:00:01", "MaxWate")]
    [InlineData("Data2Vec:Limits:MaxBites", "1", "MaxBites")]
    [InlineData("Data2Vec:MaxWait", "soon", "MaxWait")]
    [InlineData("Data2Vec:Models:a:Pfad", "x", "Pfad")]
    [InlineData("Data2Vec:MaxWait", "00:00:00", "MaxWait must be positive")]
    [InlineData("Data2Vec:Models:a:LanguageModel", "x", "'a' has no Path")]
    public async Task Options_that_are_wrong_are_named(string name, string value, string message)
    {
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => RunningServer.StartAsync(build: builder => builder.Configuration[name] = value));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        var none = await Assert.ThrowsAsync<InvalidDataException>(() => RunningServer.StartAsync(models: []));
        Assert.Contains("no model", none.Message, StringComparison.Ordinal);
    }
}
