using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI.Tests;

/// <summary>What callers of <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> rely on.</summary>
public sealed class TextGeneratorTests : IDisposable
{
    private static readonly string[] s_texts = ["", "a film", "nobody was there", "A gripping, funny and beautifully acted film."];

    private readonly TextModel _model = BundledModels.Load<TextModel>("text");

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task Embeddings_are_the_models_vectors_in_order_with_metadata()
    {
        var options = new EmbeddingOptions { Normalize = true, Layer = 3 };
        using IEmbeddingGenerator<string, Embedding<float>> generator = _model.AsTextEmbeddingGenerator(options, "small");
        DateTimeOffset before = DateTimeOffset.UtcNow;
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(s_texts.Select(text => text));
        Assert.Equal(s_texts.Length, embeddings.Count);
        for (int i = 0; i < s_texts.Length; i++)
        {
            Assert.Equal(_model.Embed(s_texts[i], options), embeddings[i].Vector.ToArray());
            Assert.Equal("small", embeddings[i].ModelId);
            Assert.InRange(embeddings[i].CreatedAt!.Value, before, DateTimeOffset.UtcNow);
        }

        Assert.Equal(s_texts.Sum(text => _model.Tokenizer!.Encode(text).Length), embeddings.Usage!.InputTokenCount);
        Assert.Equal(embeddings.Usage.InputTokenCount, embeddings.Usage.TotalTokenCount);
        Assert.Empty(await generator.GenerateAsync([]));
    }

    [Fact]
    public async Task Usage_of_a_long_text_counts_the_tokens_that_went_through_the_model()
    {
        string text = string.Join(' ', Enumerable.Repeat("a long text of many words", 100));
        var truncated = new EmbeddingOptions { LongTexts = Text.LongTextPolicy.Truncate };
        IEmbeddingGenerator<string, Embedding<float>> generator = _model.AsTextEmbeddingGenerator(truncated);
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync([text]);
        Assert.Equal(_model.Config.MaxTokens, embeddings.Usage!.InputTokenCount);
        Assert.Equal(_model.Embed(text, truncated), embeddings[0].Vector.ToArray());
    }

    [Fact]
    public async Task Options_of_a_request_are_applied_or_rejected()
    {
        IEmbeddingGenerator<string, Embedding<float>> generator = _model.AsTextEmbeddingGenerator(modelId: "small");
        Assert.Single(await generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { ModelId = "small", Dimensions = _model.HiddenSize }));

        var other = await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { ModelId = "large" }));
        Assert.Contains("'large'", other.Message, StringComparison.Ordinal);
        Assert.Contains("'small'", other.Message, StringComparison.Ordinal);
        var smaller = await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { Dimensions = 64 }));
        Assert.Contains("192 dimensions, not 64", smaller.Message, StringComparison.Ordinal);

        var first = new EmbeddingOptions { Pooling = Pooling.Class };
        GeneratedEmbeddings<Embedding<float>> own = await generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { RawRepresentationFactory = _ => first });
        Assert.Equal(_model.Embed("x", first), own[0].Vector.ToArray());

        var rows = new EmbeddingOptions { Pooling = Pooling.None };
        Assert.Throws<ArgumentException>(() => _model.AsTextEmbeddingGenerator(rows));
        await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { RawRepresentationFactory = _ => rows }));
        await Assert.ThrowsAsync<ArgumentNullException>(() => generator.GenerateAsync(null!));
        Assert.Contains("Value 1", (await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["x", null!]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_are_the_metadata_the_generator_and_the_model_without_keys()
    {
        IEmbeddingGenerator<string, Embedding<float>> generator = _model.AsTextEmbeddingGenerator();
        EmbeddingGeneratorMetadata metadata = generator.GetRequiredService<EmbeddingGeneratorMetadata>();
        Assert.Equal(("data2vec", "data2vec-text", 192), (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(_model, generator.GetService<Data2VecModel>());
        Assert.Same(generator, generator.GetService<IEmbeddingGenerator<string, Embedding<float>>>());
        Assert.Same(generator, generator.GetService(typeof(object)));
        Assert.Null(generator.GetService<IEmbeddingGenerator<DataContent, Embedding<float>>>());
        Assert.Null(generator.GetService(typeof(string)));
        foreach (Type type in (Type[])[typeof(EmbeddingGeneratorMetadata), typeof(Data2VecModel), typeof(LazyModel), typeof(object)])
        {
            Assert.Null(generator.GetService(type, "key"));
        }
    }

    [Fact]
    public async Task Disposing_a_generator_leaves_the_model_to_its_owner()
    {
        _model.AsTextEmbeddingGenerator().Dispose();
        Assert.Equal(192, (await _model.EmbedAsync("x")).Length);
    }

    [Fact]
    public async Task A_model_of_another_modality_is_rejected()
    {
        using Data2VecModel speech = BundledModels.Load("speech");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => speech.AsTextEmbeddingGenerator().GenerateAsync(["x"]));
        Assert.Equal("The model takes recordings, not texts.", error.Message);
        error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => _model.AsContentEmbeddingGenerator().GenerateAsync([new DataContent(new byte[1], "image/png")]));
        Assert.Equal("The model takes texts, not recordings or images.", error.Message);
    }

    [Fact]
    public async Task Cancelled_requests_throw()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _model.AsTextEmbeddingGenerator().GenerateAsync(["x"], null, cancel.Token));
    }
}
