using Data2Vec.Converters;
namespace Data2Vec.Extensions.AI.Tests;

public sealed class LazyModelTests
{
    [Fact]
    public void The_id_is_that_of_the_published_model_or_else_the_name_of_the_file()
    {
        using var folder = new Folder();
        using (var early = new LazyModel(folder.File("late.d2v")))
        {
            Assert.Equal("late", early.ModelId);
        }

        string checkpoint = Path.Combine(AppContext.BaseDirectory, "Bert");
        CheckpointConverter.Convert(checkpoint, folder.File("a.d2v"), new ConversionOptions { ModelId = "org/small-bert" });
        CheckpointConverter.Convert(checkpoint, folder.File("b.d2v"));
        using var published = new LazyModel(folder.File("a.d2v"));
        using var other = new LazyModel(folder.File("b.d2v"));
        using var named = new LazyModel(folder.File("a.d2v"), modelId: "mine");
        Assert.Equal(["org/small-bert", "b", "mine"], new[] { published, other, named }.Select(model => model.ModelId));
    }

    [Fact]
    public async Task Concurrent_callers_share_one_load_and_only_a_cancelled_one_stops_waiting()
    {
        int loads = 0;
        var gate = new TaskCompletionSource();
        using var lazy = new LazyModel("text", async () =>
        {
            Interlocked.Increment(ref loads);
            await gate.Task;
            return BundledModels.Load("text");
        });
        Assert.False(lazy.IsLoaded);
        using var cancel = new CancellationTokenSource();
        Task<Data2VecModel>[] callers = [.. Enumerable.Range(0, 20).Select(_ => lazy.GetAsync())];
        Task<Data2VecModel> impatient = lazy.GetAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        gate.SetResult();
        Data2VecModel[] models = await Task.WhenAll(callers);
        Assert.All(models, model => Assert.Same(models[0], model));
        Assert.Equal(1, loads);
        Assert.True(lazy.IsLoaded);
    }

    [Fact]
    public async Task A_failed_load_is_retried_by_the_next_use()
    {
        using var folder = new Folder();
        string path = folder.File("model.d2v");
        using var lazy = new LazyModel(path);
        Assert.Equal("model", lazy.ModelId);
        await Assert.ThrowsAsync<FileNotFoundException>(() => lazy.GetAsync());
        File.WriteAllBytes(path, [1, 2, 3]);
        await Assert.ThrowsAsync<InvalidDataException>(() => lazy.WarmUpAsync());
        Folder.Write("text", path);
        await lazy.WarmUpAsync();
        Assert.True(lazy.IsLoaded);
    }

    [Fact]
    public async Task Disposing_frees_the_model_even_while_it_loads()
    {
        var loaded = new LazyModel("text", () => Task.FromResult(BundledModels.Load("text")));
        var model = (TextModel)await loaded.GetAsync();
        loaded.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Embed("x"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => loaded.GetAsync());

        var gate = new TaskCompletionSource();
        var loading = new LazyModel("text", async () =>
        {
            await gate.Task;
            return BundledModels.Load("text");
        });
        Task<Data2VecModel> call = loading.GetAsync();
        loading.Dispose();
        gate.SetResult();
        model = (TextModel)await call;
        await Task.Run(async () =>
        {
            while (true)
            {
                try
                {
                    model.Embed("x");
                    await Task.Delay(1);
                }
                catch (ObjectDisposedException)
                {
                    return;
                }
            }
        }).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("speech")]
    [InlineData("image-cifar10")]
    [InlineData("text")]
    public async Task Models_of_every_kind_warm_up(string name)
    {
        using var lazy = new LazyModel(name, () => Task.FromResult(BundledModels.Load(name)));
        await lazy.WarmUpAsync();
        Assert.True(lazy.IsLoaded);
    }
}
