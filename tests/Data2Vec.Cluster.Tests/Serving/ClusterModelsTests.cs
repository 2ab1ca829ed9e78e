using System.Diagnostics;
using System.Net;
using Data2Vec.Cluster.Tests.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Data2Vec.Cluster.Tests.Serving;

public sealed class ClusterModelsTests(PostgreSqlServer database) : IClassFixture<PostgreSqlServer>
{
    private readonly string _cluster = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task A_call_runs_where_the_model_is_and_fails_at_once_when_no_node_has_it()
    {
        database.Start();
        using var model = Data2VecModel.Load<TextModel>(Path.Combine(AppContext.BaseDirectory, "Models", "text.d2v"));
        using IHost with = Build(model), without = Build(null);
        await with.StartAsync();
        await without.StartAsync();
        string[] texts = ["a first text", "and a second one"];
        float[][] expected = await model.EmbedAsync(texts);
        ClusterModels here = with.Services.GetRequiredService<ClusterModels>(), there = without.Services.GetRequiredService<ClusterModels>();
        Assert.Equal(expected, await here.EmbedAsync("text", texts));
        Assert.Equal(expected, await WhenKnownAsync(() => there.EmbedAsync("text", texts)));
        Assert.Contains("'image'", (await Assert.ThrowsAsync<ModelUnavailableException>(() => here.EmbedAsync("image", texts))).Message, StringComparison.Ordinal);

        await with.StopAsync();
        long start = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<ModelUnavailableException>(() => there.EmbedAsync("text", texts));
        Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds < 5);
        await without.StopAsync();
    }

    /// <summary>A silo learns what others have a moment after it has joined them.</summary>
    private static async Task<T> WhenKnownAsync<T>(Func<Task<T>> call)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (ModelUnavailableException) when (attempt < 60)
            {
                await Task.Delay(500);
            }
        }
    }

    private IHost Build(TextModel? model)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.AddData2VecCluster(options =>
        {
            options.Members = database.Members;
            options.ClusterId = _cluster;
            options.Address = IPAddress.Loopback;
            options.Models = model is null ? [] : ["text"];
        });
        if (model is not null)
        {
            builder.Services.AddKeyedSingleton("text", model);
        }

        return builder.Build();
    }
}
