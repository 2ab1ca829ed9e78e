using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Data2Vec.Server.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Data2Vec.Server.Tests;

/// <summary>Many clients at once, clients that leave, and the end of the server.</summary>
public sealed class LoadTests
{
    [Fact]
    public async Task Mixed_requests_at_once_get_the_bits_that_each_gets_alone()
    {
        await using RunningServer server = await RunningServer.StartAsync(models: ["text", "text-sentiment", "image", "speech-ctc"]);
        Func<Task<HttpResponseMessage>>[] kinds = Kinds(server);
        string[] alone = new string[kinds.Length];
        for (int i = 0; i < kinds.Length; i++)
        {
            using HttpResponseMessage answer = await kinds[i]();
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            alone[i] = await answer.Content.ReadAsStringAsync();
        }

        var statuses = new ConcurrentBag<HttpStatusCode>();
        await Parallel.ForAsync(0, 600, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, cancellation) =>
        {
            using HttpResponseMessage answer = await kinds[i % kinds.Length]();
            statuses.Add(answer.StatusCode);
            string body = await answer.Content.ReadAsStringAsync(cancellation);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                Assert.Equal(alone[i % kinds.Length], body);
            }
        });
        Assert.All(statuses, status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, status.ToString()));
        Assert.Contains(HttpStatusCode.OK, statuses);
    }

    [Fact]
    public async Task Too_many_callers_are_told_when_to_come_again_and_the_others_wait_no_longer_than_promised()
    {
        TimeSpan maxWait = TimeSpan.FromSeconds(0.5);
        await using RunningServer server = await RunningServer.StartAsync(options => options.MaxWait = maxWait);
        string body = JsonSerializer.Serialize(new { model = "text", input = Enumerable.Repeat(string.Join(' ', Enumerable.Repeat("a text", 100)), 8) });
        var accepted = new ConcurrentBag<TimeSpan>();
        int refused = 0;
        await Parallel.ForAsync(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 100 }, async (_, cancellation) =>
        {
            long start = Stopwatch.GetTimestamp();
            using HttpResponseMessage answer = await server.PostAsync("v1/embeddings", body, cancellation);
            await answer.Content.ReadAsStringAsync(cancellation);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
            {
                Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
                Interlocked.Increment(ref refused);
                await Task.Delay(20, cancellation);
                return;
            }

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            accepted.Add(Stopwatch.GetElapsedTime(start));
        });
        Assert.InRange(refused, 10, 399);
        TimeSpan[] times = [.. accepted.Order()];
        Assert.True(times[times.Length / 2] < TimeSpan.FromSeconds(10), $"half of the accepted took more than {times[times.Length / 2]}");
    }

    [Fact]
    public async Task Work_ends_when_the_client_leaves()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        string body = JsonSerializer.Serialize(new { model = "text", input = Enumerable.Repeat(string.Join(' ', Enumerable.Repeat("a text", 100)), 350) });
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> call = server.PostAsync("v1/embeddings", body, leave.Token);
        await Task.Delay(700);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        long start = Stopwatch.GetTimestamp();
        await server.AskAsync("v1/embeddings", new { model = "text", input = "a" });
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5));
        Assert.DoesNotContain("Error ", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stops_is_not_ready_first_and_goes_on_answering_for_a_while()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => options.StopDelay = TimeSpan.FromSeconds(10));
        Task stopping = server.Application.StopAsync();
        await Task.Delay(100);
        using HttpResponseMessage ready = await server.Http.GetAsync(new Uri("readyz", UriKind.Relative));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping"), (ready.StatusCode, await ready.Content.ReadAsStringAsync()));
        using HttpResponseMessage live = await server.Http.GetAsync(new Uri("livez", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        await server.AskAsync("v1/embeddings", new { model = "text", input = "still answered" });
        await stopping;
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Http.GetAsync(new Uri("livez", UriKind.Relative)));
    }

    [Fact]
    public async Task A_server_that_stops_finishes_what_it_has()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        ServedModel model = server.Application.Services.GetRequiredService<ModelCatalog>().All.Single();
        string body = JsonSerializer.Serialize(new { model = "text", input = Enumerable.Repeat(string.Join(' ', Enumerable.Repeat("a text", 100)), 350) });
        Task<HttpResponseMessage> running = server.PostAsync("v1/embeddings", body);
        Assert.True(SpinWait.SpinUntil(() => model.BusyFor > TimeSpan.Zero, TimeSpan.FromMinutes(1)));
        await server.Application.StopAsync();
        using HttpResponseMessage answer = await running;
        Assert.Equal(350, (await RunningServer.OkAsync(answer)).GetProperty("data").GetArrayLength());
    }

    private static Func<Task<HttpResponseMessage>>[] Kinds(RunningServer server) =>
    [
        Json(server, "v1/embeddings", new { model = "text", input = "a text" }),
        Json(server, "v1/embeddings", new { model = "text", input = new[] { "another, longer one", "two", string.Join(' ', Enumerable.Repeat("many words", 60)) } }),
        Json(server, "v1/embeddings", new { model = "text", input = new[] { 0, 17, 45, 2 }, encoding_format = "base64" }),
        Json(server, "v1/classify", new { model = "text-sentiment", input = "a gripping film" }),
        Json(server, "v1/embeddings", new { model = "image", input = Files.DataUri(Files.Images[0]) }),
        Json(server, "v1/similarity", new { model = "text", source = "a film", targets = new[] { "a movie", "a zebra" } }),
        () => server.Http.PostAsync(new Uri("v1/audio/transcriptions", UriKind.Relative), RunningServer.Form(Files.Recording, ("model", "speech-ctc"), ("response_format", "verbose_json"))),
    ];

    private static Func<Task<HttpResponseMessage>> Json(RunningServer server, string route, object request)
    {
        string body = JsonSerializer.Serialize(request);
        return () => server.PostAsync(route, body);
    }
}
