using Data2Vec.Converters;
using Data2Vec.Kernels.Tests;
using static Data2Vec.Kernels.Gpu.Tests.GpuFixture;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>The small models of all kinds: what they give on a device, against what they give on the processor.</summary>
public sealed class ModelTests : IDisposable
{
    private const double Bound = 1e-5;

    private static readonly EmbeddingOptions s_rows = new() { Pooling = Pooling.None };

    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    public static IEnumerable<TheoryDataRow<string, ElementType>> Float16Kinds => GpuFixture.Float16Kinds;

    public static IEnumerable<TheoryDataRow<string>> RealKinds => GpuFixture.RealKinds;

    [Theory, MemberData(nameof(RealKinds))]
    public void Speech_models_give_what_they_give_on_the_processor(string kind)
    {
        Backend backend = Backend(kind);
        ReadOnlyMemory<float>[] recordings = [.. new[] { 5000, 400, 7001 }.Select((length, i) => (ReadOnlyMemory<float>)TestData.Numbers(i, length, 0.1f))];
        foreach (string model in new[] { Shipped("speech.d2v"), Shipped("speech-ctc.d2v"), Converted("audio.pt") })
        {
            Compare(backend, model, model => model.EmbedAudio(recordings, s_rows));
        }

        // More frames than the feature extractor makes at a time.
        Compare(backend, Shipped("speech.d2v"), model => model.EmbedAudio([TestData.Numbers(9, 340_000, 0.1f), recordings[0]]));
    }

    [Fact]
    public void A_simulated_device_gives_what_the_processor_gives()
    {
        Compare(Backend(Simulator), Shipped("text.d2v"), model => model.EmbedTokens([new int[] { 0, 31, 2 }], s_rows with { Layer = 1 }));
        Compare(Backend(Simulator), Converted("audio.pt"), model => model.EmbedAudio([TestData.Numbers(1, 800)], s_rows with { Layer = 1 }));
        Compare(Backend(Simulator), Converted("image.pt"), model => model.EmbedPixels([Pixels(model, 1)], s_rows with { Layer = 1 }));
    }

    /// <summary>Weights and activations of 16 bits, against f32 on the processor.</summary>
    [Theory, MemberData(nameof(Float16Kinds))]
    public void Models_of_16_bits_point_the_same_way(string kind, ElementType type)
    {
        Backend backend = Backend(kind, type);
        int samples = kind == Simulator ? 800 : 8000;
        Check("text.pt", model => model.EmbedTokens([new int[] { 0, 9, 30, 4, 2 }, new int[] { 0, 31, 2 }]));
        Check("audio.pt", model => model.EmbedAudio([TestData.Numbers(1, samples), TestData.Numbers(2, 400)]));
        Check("image.pt", model => model.EmbedPixels([Pixels(model, 1), Pixels(model, 2)]));
        Check("image.pt", model => model.EmbedPixelLayers(Pixels(model, 3)));

        void Check(string checkpoint, Func<Data2VecModel, float[][]> run)
        {
            float[][] expected = On(null, Converted(checkpoint), run), actual = On(backend, Converted(checkpoint, type), run);
            foreach ((float[] first, float[] second) in expected.Zip(actual))
            {
                double cosine = first.Zip(second, (a, b) => (double)a * b).Sum() / Math.Sqrt(first.Sum(a => (double)a * a) * second.Sum(b => (double)b * b));
                TestContext.Current.TestOutputHelper?.WriteLine($"{checkpoint}: 1 - {1 - cosine}");
                Assert.InRange(1 - cosine, 1e-9, type == ElementType.F16 ? 1e-5 : 5e-4);
            }
        }
    }

    [Fact, Trait("device", "cuda")]
    public void Models_of_f32_with_products_of_tf32_are_near()
    {
        using GpuBackend backend = GpuFixture.OpenTensorCores();
        backend.UsesTf32 = true;
        Check(Shipped("text.d2v"), model => model.EmbedTokens([new int[] { 0, 9, 30, 4, 2 }, new int[] { 0, 31, 2 }], s_rows));
        Check(Shipped("speech.d2v"), model => model.EmbedAudio([TestData.Numbers(1, 8000, 0.1f), TestData.Numbers(2, 400)]));
        Check(Shipped("image.d2v"), model => model.EmbedPixels([Pixels(model, 1), Pixels(model, 2)]));

        void Check(string path, Func<Data2VecModel, float[][]> run) => Assert.All(
            On(null, path, run).Zip(On(backend, path, run)), pair => Assert.InRange(Distance(pair.First, pair.Second), 1.5e-5, 2e-3));
    }

    [Theory, MemberData(nameof(RealKinds))]
    public void A_speech_model_hears_the_same_words(string kind)
    {
        Backend backend = Backend(kind);
        float[] samples = TestData.Numbers(1, 8000, 0.1f);
        Assert.Equal(
            On(null, Shipped("speech-ctc.d2v"), model => model.Transcribe([samples])),
            On(backend, Shipped("speech-ctc.d2v"), model => model.Transcribe([samples])));
    }

    [Theory, MemberData(nameof(RealKinds))]
    public void Text_models_give_what_they_give_on_the_processor(string kind)
    {
        Backend backend = Backend(kind);
        string[] texts = ["a", "A gripping, funny and beautifully acted film.", string.Join(' ', Enumerable.Repeat("dull", 70)), "😀"];
        foreach (string model in new[] { Shipped("text.d2v"), Shipped("text-sentiment.d2v"), Converted("text.pt") })
        {
            Compare(backend, model, model => model.EmbedTokens([new int[] { 0, 9, 30, 4, 2 }, new int[] { 0, 2 }], s_rows));
        }

        Compare(backend, Shipped("text.d2v"), model => model.EmbedTexts(texts));
        Compare(backend, Shipped("text-sentiment.d2v"), model => [.. model.ClassifyTexts(texts).Select(labels => labels.Select(label => label.Probability).ToArray())]);
    }

    [Theory, MemberData(nameof(RealKinds))]
    public void Vision_models_give_what_they_give_on_the_processor(string kind)
    {
        Backend backend = Backend(kind);
        foreach (string model in new[] { Shipped("image.d2v"), Shipped("image-cifar10.d2v"), Converted("image.pt") })
        {
            Compare(backend, model, model => model.EmbedPixels([Pixels(model, 1), Pixels(model, 2)], s_rows));
            Compare(backend, model, model => model.EmbedPixelLayers(Pixels(model, 3)));
        }

        Compare(backend, Shipped("image-cifar10.d2v"), model =>
            [.. model.ClassifyPixels([Pixels(model, 1), Pixels(model, 2)]).Select(labels => labels.Select(label => label.Probability).ToArray())]);
    }

    [Theory, MemberData(nameof(RealKinds))]
    public void An_input_gives_in_a_batch_what_it_gives_alone_and_threads_do_not_disturb_each_other(string kind)
    {
        string[] texts = [.. Enumerable.Range(0, 5).Select(i => string.Join(' ', Enumerable.Range(0, 1 + 5 * i).Select(word => word * i)))];
        using Data2VecModel model = Data2VecModel.Load(Shipped("text.d2v"), new ModelOptions { Backend = Backend(kind) });
        float[][] together = model.EmbedTexts(texts);
        Parallel.For(0, 3 * texts.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            float[] alone = model.EmbedTexts([texts[i % texts.Length]])[0];
            Assert.InRange(Distance(together[i % texts.Length], alone), 0, 1e-6);
        });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Shipped(string name) => Path.Combine(AppContext.BaseDirectory, "models", name);

    private string Converted(string checkpoint, ElementType type = ElementType.F32)
    {
        string model = Path.Combine(_folder, Path.ChangeExtension(checkpoint, $"{type}.d2v"));
        if (!File.Exists(model))
        {
            CheckpointConverter.Convert(Path.Combine(AppContext.BaseDirectory, "Fixtures", checkpoint), model, new ConversionOptions { Type = type });
        }

        return model;
    }

    private static ReadOnlyMemory<float> Pixels(Data2VecModel model, int seed) =>
        TestData.Numbers(seed, 3 * model.Vision!.ImageSize * model.Vision.ImageSize);

    private static void Compare(Backend backend, string path, Func<Data2VecModel, float[][]> run)
    {
        float[][] expected = On(null, path, run), actual = On(backend, path, run);
        Assert.Equal(expected.Length, actual.Length);
        foreach ((float[] first, float[] second) in expected.Zip(actual))
        {
            Assert.InRange(Distance(first, second), 0, Bound);
        }
    }

    private static T On<T>(Backend? backend, string path, Func<Data2VecModel, T> run)
    {
        using Data2VecModel model = Data2VecModel.Load(path, new ModelOptions { Backend = backend });
        return run(model);
    }

    /// <summary>The relative L2 distance.</summary>
    private static double Distance(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return Math.Sqrt(expected.Zip(actual, (a, b) => Math.Pow((double)a - b, 2)).Sum() / expected.Sum(a => (double)a * a));
    }
}
