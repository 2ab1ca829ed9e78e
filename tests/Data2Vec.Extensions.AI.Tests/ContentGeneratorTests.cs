using System.Buffers.Binary;
using Data2Vec.Audio;
using Data2Vec.Vision.Images;
using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI.Tests;

/// <summary>Recordings and images as <see cref="DataContent"/>, against the engine's own calls.</summary>
public sealed class ContentGeneratorTests
{
    private static readonly string s_recording = Path.Combine(AppContext.BaseDirectory, "four-two.wav");

    [Fact]
    public async Task Recordings_of_any_sample_rate_get_the_engines_vectors()
    {
        using SpeechModel model = BundledModels.Load<SpeechModel>("speech");
        using IEmbeddingGenerator<DataContent, Embedding<float>> generator = model.AsContentEmbeddingGenerator();
        DataContent file = await DataContent.LoadFromAsync(s_recording, "audio/wav");
        var uri = new DataContent(file.Uri);
        var slice = new DataContent(new ReadOnlyMemory<byte>([0, .. file.Data.Span, 0])[1..^1], "audio/x-wav; codecs=1");
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync([file, uri, slice]);
        Waveform recording = AudioFile.Load(s_recording);
        float[] expected = model.Embed(recording);
        Assert.All(embeddings, embedding => Assert.Equal(expected, embedding.Vector.ToArray()));
        Assert.Equal(3, embeddings.Count);
        int frames = model.Embed(recording, new EmbeddingOptions { Pooling = Pooling.None }).Length / model.HiddenSize;
        Assert.Equal(3 * frames, embeddings.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Images_of_all_formats_in_several_batches_keep_their_order()
    {
        using VisionModel model = BundledModels.Load<VisionModel>("image");
        IEmbeddingGenerator<DataContent, Embedding<float>> generator = model.AsContentEmbeddingGenerator();
        (string File, string Type)[] files =
            [("rgb.png", "image/png"), ("rgb-420.jpg", "image/jpeg"), ("lossy.webp", "image/webp"), ("rgb.bmp", "IMAGE/BMP"), ("animated.gif", "image/gif")];
        DataContent[] contents = [.. Enumerable.Range(0, 150).Select(i => files[i % 5])
            .Select(file => new DataContent(File.ReadAllBytes(Image(file.File)), file.Type))];
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(contents);
        float[][] expected = [.. files.Select(file => model.Embed(ImageFile.Load(Image(file.File))))];
        Assert.Equal(150, embeddings.Count);
        for (int i = 0; i < embeddings.Count; i++)
        {
            Assert.Equal(expected[i % 5], embeddings[i].Vector.ToArray());
        }

        int side = model.Preprocessing.CropSize / 4;
        Assert.Equal(150 * (side * side + 1), embeddings.Usage!.InputTokenCount);
    }

    [Theory]
    [InlineData("speech", "audio/amr", "audio/wav, audio/wave")]
    [InlineData("speech", "image/png", "audio/wav, audio/wave")]
    [InlineData("image", "audio/wav", "image/png, image/jpeg")]
    [InlineData("image", "image/svg+xml", "image/png, image/jpeg")]
    [InlineData("image", "application/octet-stream", "image/png, image/jpeg")]
    public async Task Unsupported_media_types_are_rejected_with_the_contents_name(string modelName, string mediaType, string taken)
    {
        using Data2VecModel model = BundledModels.Load(modelName);
        var content = new DataContent(new byte[] { 1, 2, 3 }, mediaType) { Name = "mine" };
        var error = await Assert.ThrowsAsync<ArgumentException>(() => model.AsContentEmbeddingGenerator().GenerateAsync([content]));
        Assert.StartsWith($"content 0 (mine) is {mediaType}, and the model takes", error.Message, StringComparison.Ordinal);
        Assert.Contains(taken, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_that_cannot_be_read_is_named()
    {
        using Data2VecModel model = BundledModels.Load("speech");
        byte[] good = File.ReadAllBytes(s_recording), slow = [.. good], brief = good[..(44 + 200)];
        BinaryPrimitives.WriteUInt32LittleEndian(slow.AsSpan(24), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(brief.AsSpan(40), 200);
        foreach ((byte[] bytes, string what) in ((byte[], string)[])[([1, 2, 3], ""), (good[..100], ""), (brief, "a recording of"), (slow, "a sample rate of 1 Hz is too low for speech")])
        {
            DataContent[] contents = [new(good, "audio/wav"), new(bytes, "audio/wav") { Name = "second.wav" }];
            var error = await Assert.ThrowsAsync<InvalidDataException>(() => model.AsContentEmbeddingGenerator().GenerateAsync(contents));
            Assert.StartsWith($"content 1 (second.wav): {what}", error.Message, StringComparison.Ordinal);
        }

        using Data2VecModel vision = BundledModels.Load("image");
        byte[] half = File.ReadAllBytes(Image("rgb.png"))[..200];
        Assert.StartsWith("content 0: ", (await Assert.ThrowsAsync<InvalidDataException>(
            () => vision.AsContentEmbeddingGenerator().GenerateAsync([new DataContent(half, "image/png")]))).Message, StringComparison.Ordinal);
    }

    private static string Image(string name) => Path.Combine(AppContext.BaseDirectory, "Images", name);
}
