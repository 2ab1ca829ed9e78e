using Data2Vec.Text;

namespace Data2Vec.Tests.Models;

/// <summary>What a loaded model is, and what its methods have in common.</summary>
public sealed class ModelTests
{
    [Theory]
    [InlineData("speech", typeof(SpeechModel), Modality.Speech)]
    [InlineData("text", typeof(TextModel), Modality.Text)]
    [InlineData("image", typeof(VisionModel), Modality.Vision)]
    public void A_model_loads_as_the_type_of_its_modality(string name, Type type, Modality modality)
    {
        using Data2VecModel model = BundledModels.Load(name);
        Assert.IsType(type, model);
        Assert.Equal(modality, model.Modality);
    }

    [Fact]
    public async Task Loading_another_kind_of_model_than_asked_for_says_what_the_file_is()
    {
        using var folder = new ModelFile.TemporaryFolder();
        string path = folder.File("text.d2v", Resources.Read("text"));
        Data2VecModel.Load<TextModel>(path).Dispose();
        (await Data2VecModel.LoadAsync<TextModel>(path)).Dispose();
        await Assert.ThrowsAsync<InvalidDataException>(() => Data2VecModel.LoadAsync<VisionModel>(path));
        string message = Assert.Throws<InvalidDataException>(() => Data2VecModel.Load<SpeechModel>(path)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains("takes texts", message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_layers_are_the_layers_one_by_one()
    {
        using var model = (TextModel)BundledModels.Load("text");
        string text = string.Join(' ', Enumerable.Repeat("a film that does not end", 60));
        foreach (EmbeddingOptions options in (EmbeddingOptions[])[new(), new() { Normalize = true, Pooling = Pooling.Class }, new() { Pooling = Pooling.None, LongTexts = LongTextPolicy.Truncate }])
        {
            float[][] layers = model.EmbedLayers(text, options);
            Assert.Equal(model.Layers + 1, layers.Length);
            Assert.All(layers, (vector, layer) => Assert.Equal(model.Embed(text, options with { Layer = layer }), vector));
        }
    }

    [Fact]
    public async Task Asynchronous_calls_equal_synchronous_ones()
    {
        float[] wave = [.. Enumerable.Range(0, 20_000).Select(i => MathF.Sin(i * 0.37f))];
        using var speech = (SpeechModel)BundledModels.Load("speech-ctc");
        Assert.Equal(speech.EmbedPreparedLayers(wave)[^1], speech.EmbedPrepared(wave));
        Assert.Equal(speech.EmbedPrepared(wave), await speech.EmbedPreparedAsync(wave));
        Assert.Equal(speech.TranscribePrepared([wave, wave[..9000]]), await speech.TranscribePreparedAsync([wave, wave[..9000]]));
        using var text = (TextModel)BundledModels.Load("text-sentiment");
        Assert.Equal(text.EmbedLayers("a fine film"), await text.EmbedLayersAsync("a fine film"));
        int[] tokens = text.Tokenizer!.Encode("a fine film");
        Assert.Equal(text.ClassifyPrepared([tokens]), await text.ClassifyPreparedAsync([tokens]));
    }

    [Fact]
    public void An_error_names_the_input_among_several()
    {
        using var model = (SpeechModel)BundledModels.Load("speech");
        string message = Assert.Throws<InvalidDataException>(() => model.EmbedPrepared([new float[16_000], new float[3]])).Message;
        Assert.StartsWith("input 1: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain("input", Assert.Throws<InvalidDataException>(() => model.EmbedPrepared(new float[3])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asynchronous_classifications_equal_synchronous_ones()
    {
        using var model = (TextModel)BundledModels.Load("text-sentiment");
        string[] texts = ["a fine film", "dull, dull, dull", string.Join(' ', Enumerable.Repeat("far too long", 300))];
        LabelProbability[][] expected = model.Classify(texts);
        Assert.Equal(expected, await model.ClassifyAsync(texts));
        Assert.Equal(expected[1], await model.ClassifyAsync(texts[1]));
        Assert.Equal(expected[2], model.Classify(texts[2]));
        int[] tokens = model.Tokenizer!.Encode(texts[0]);
        Assert.Equal(expected[0], model.ClassifyPrepared(tokens));
        Assert.All(expected, labels => Assert.Equal(1, labels.Sum(label => label.Probability), 1e-5));
        await Assert.ThrowsAsync<TextTooLongException>(() => model.ClassifyAsync(texts, new ClassificationOptions { LongTexts = LongTextPolicy.Error }));
    }

    [Fact]
    public async Task A_model_without_a_head_says_so()
    {
        using var model = (TextModel)BundledModels.Load("text");
        Assert.Null(model.Labels);
        Assert.Contains("no classification head", Assert.Throws<InvalidOperationException>(() => model.Classify("a text")).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => model.ClassifyAsync("a text"));
    }
}
