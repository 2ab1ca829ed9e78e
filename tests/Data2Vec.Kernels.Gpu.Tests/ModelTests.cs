using Data2Vec.Audio;
using Data2Vec.Converters;
using Data2Vec.Kernels.Tests;
using static Data2Vec.Kernels.Gpu.Tests.GpuFixture;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>Compares small models of all kinds on devices with the CPU.</summary>
public sealed class ModelTests : IDisposable
{
    private const double Bound = 1e-5;

    private static readonly EmbeddingOptions s_rows = new() { Pooling = Pooling.None };

    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    public static IEnumerable<TheoryDataRow<string, ElementType>> Float16Kinds => GpuFixture.Float16Kinds;

    public static IEnumerable<TheoryDataRow<string>> RealKinds => GpuFixture.RealKinds;

    [Theory, MemberData(nameof(RealKinds))]
    public void Speech_models_match_the_CPU(string kind)
    {
        Backend backend = Backend(kind);
        Waveform[] recordings = [.. new[] { 5000, 400, 7001 }.Select((length, i) => Recording(i, length))];
        foreach (string model in new[] { Shipped("speech.d2v"), Shipped("speech-ctc.d2v"), Converted("audio.pt") })
        {
            Compare(backend, model, (SpeechModel model) => model.Embed(recordings, s_rows));
        }

        // More frames than the feature extractor makes at a time.
        Compare(backend, Shipped("speech.d2v"), (SpeechModel model) => model.Embed([Recording(9, 340_000), recordings[0]]));
    }

    [Fact]
    public void Models_on_the_simulated_device_match_the_CPU()
    {
        Compare(Backend(Simulator), Shipped("text.d2v"), (TextModel model) => model.EmbedPrepared([new int[] { 0, 31, 2 }], s_rows with { Layer = 1 }));
        Compare(Backend(Simulator), Converted("audio.pt"), (SpeechModel model) => model.Embed([Recording(1, 800, 1)], s_rows with { Layer = 1 }));
        Compare(Backend(Simulator), Converted("image.pt"), (VisionModel model) => model.EmbedPrepared([Pixels(model, 1)], s_rows with { Layer = 1 }));
    }

    /// <summary>16-bit weights and activations against f32 on the CPU.</summary>
    [Theory, MemberData(nameof(Float16Kinds))]
    public void Models_in_16_bits_have_nearly_the_same_vectors(string kind, ElementType type)
    {
        Backend backend = Backend(kind, type);
        int samples = kind == Simulator ? 800 : 8000;
        Check("text.pt", (TextModel model) => model.EmbedPrepared([new int[] { 0, 9, 30, 4, 2 }, new int[] { 0, 31, 2 }]));
        Check("audio.pt", (SpeechModel model) => model.Embed([Recording(1, samples, 1), Recording(2, 400, 1)]));
        Check("image.pt", (VisionModel model) => model.EmbedPrepared([Pixels(model, 1), Pixels(model, 2)]));
        Check("image.pt", (VisionModel model) => model.EmbedPreparedLayers(Pixels(model, 3)));

        void Check<TModel>(string checkpoint, Func<TModel, float[][]> run)
            where TModel : Data2VecModel
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
    public void Models_with_products_in_tf32_are_close_to_f32()
    {
        using GpuBackend backend = GpuFixture.OpenTensorCores();
        backend.UsesTf32 = true;
        Check(Shipped("text.d2v"), (TextModel model) => model.EmbedPrepared([new int[] { 0, 9, 30, 4, 2 }, new int[] { 0, 31, 2 }], s_rows));
        Check(Shipped("speech.d2v"), (SpeechModel model) => model.Embed([Recording(1, 8000), Recording(2, 400, 1)]));
        Check(Shipped("image.d2v"), (VisionModel model) => model.EmbedPrepared([Pixels(model, 1), Pixels(model, 2)]));

        void Check<TModel>(string path, Func<TModel, float[][]> run)
            where TModel : Data2VecModel => Assert.All(
            On(null, path, run).Zip(On(backend, path, run)), pair => Assert.InRange(Distance(pair.First, pair.Second), 1.5e-5, 2e-3));
    }

    [Theory, MemberData(nameof(RealKinds))]
    public void A_speech_model_transcribes_as_on_the_CPU(string kind)
    {
        Backend backend = Backend(kind);
        Assert.Equal(
            On(null, Shipped("speech-ctc.d2v"), (SpeechModel model) => model.Transcribe([Recording(1, 8000)])),
            On(backend, Shipped("speech-ctc.d2v"), (SpeechModel model) => model.Transcribe([Recording(1, 8000)])));
    }

    [Theory, MemberData(nameof(RealKinds))]
    public void Text_models_match_the_CPU(string kind)
    {
        Backend backend = Backend(kind);
        string[] texts = ["a", "A gripping, funny and beautifully acted film.", string.Join(' ', Enumerable.Repeat("dull", 70)), "😀"];
        foreach (string model in new[] { Shipped("text.d2v"), Shipped("text-sentiment.d2v"), Converted("text.pt") })
        {
            Compare(backend, model, (TextModel model) => model.EmbedPrepared([new int[] { 0, 9, 30, 4, 2 }, new int[] { 0, 2 }], s_rows));
        }

        Compare(backend, Shipped("text.d2v"), (TextModel model) => model.Embed(texts));
        Compare(backend, Shipped("text-sentiment.d2v"), (TextModel model) => [.. model.Classify(texts).Select(labels => labels.Select(label => label.Probability).ToArray())]);
    }

    [Theory, MemberData(nameof(RealKinds))]
    public void Vision_models_match_the_CPU(string kind)
    {
        Backend backend = Backend(kind);
        foreach (string model in new[] { Shipped("image.d2v"), Shipped("image-cifar10.d2v"), Converted("image.pt") })
        {
            Compare(backend, model, (VisionModel model) => model.EmbedPrepared([Pixels(model, 1), Pixels(model, 2)], s_rows));
            Compare(backend, model, (VisionModel model) => model.EmbedPreparedLayers(Pixels(model, 3)));
        }

        Compare(backend, Shipped("image-cifar10.d2v"), (VisionModel model) =>
            [.. model.ClassifyPrepared([Pixels(model, 1), Pixels(model, 2)]).Select(labels => labels.Select(label => label.Probability).ToArray())]);
    }

    [Theory, MemberData(nameof(RealKinds))]
    public void Vectors_depend_neither_on_the_batch_nor_on_other_threads(string kind)
    {
        string[] texts = [.. Enumerable.Range(0, 5).Select(i => string.Join(' ', Enumerable.Range(0, 1 + 5 * i).Select(word => word * i)))];
        using TextModel model = Data2VecModel.Load<TextModel>(Shipped("text.d2v"), new ModelOptions { Backend = Backend(kind) });
        float[][] together = model.Embed(texts);
        Parallel.For(0, 3 * texts.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            float[] alone = model.Embed(texts[i % texts.Length]);
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

    private static Waveform Recording(int seed, int length, float scale = 0.1f) => new(TestData.Numbers(seed, length, scale), 16000);

    private static ReadOnlyMemory<float> Pixels(VisionModel model, int seed) => TestData.Numbers(seed, model.Preprocessing.OutputLength);

    private static void Compare<TModel>(Backend backend, string path, Func<TModel, float[][]> run)
        where TModel : Data2VecModel
    {
        float[][] expected = On(null, path, run), actual = On(backend, path, run);
        Assert.Equal(expected.Length, actual.Length);
        foreach ((float[] first, float[] second) in expected.Zip(actual))
        {
            Assert.InRange(Distance(first, second), 0, Bound);
        }
    }

    private static T On<TModel, T>(Backend? backend, string path, Func<TModel, T> run)
        where TModel : Data2VecModel
    {
        using TModel model = Data2VecModel.Load<TModel>(path, new ModelOptions { Backend = backend });
        return run(model);
    }

    /// <summary>The relative L2 distance.</summary>
    private static double Distance(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return Math.Sqrt(expected.Zip(actual, (a, b) => Math.Pow((double)a - b, 2)).Sum() / expected.Sum(a => (double)a * a));
    }
}
