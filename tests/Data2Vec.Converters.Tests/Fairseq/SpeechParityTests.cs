using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.IO;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Converters.Tests.Fairseq;

/// <summary>From fairseq's checkpoints to fairseq's activations: the whole way through converter, file and encoder.</summary>
public sealed class SpeechParityTests() : ParityTests("audio")
{
    [Theory, MemberData(nameof(Levels))]
    public void Every_named_activation_of_the_encoder_is_fairseqs(string level)
    {
        using SpeechModel model = Load<SpeechModel>("audio_tiny.pt", new CpuBackend(2, Enum.Parse<CpuLevel>(level)));
        float[] source = Read("tiny/source.npy").Floats();
        var seen = new Dictionary<string, float[]>();
        model.Observe(source, (name, rows) => seen[name] = rows);

        for (int i = 0; i < 7; i++)
        {
            Close($"tiny/conv_layer{i}.npy", seen[$"conv_layer{i}"], channelsFirst: true);
        }

        Close("tiny/features_ln.npy", seen["features_ln"]);
        Close("tiny/features_proj.npy", seen["features_proj"]);
        Close("tiny/pos_conv.npy", seen["pos_conv"], channelsFirst: true);
        Close("tiny/encoder_ln.npy", seen["layer.0"]);
        float[] layers = Read("tiny/layer_x.npy").Floats();
        for (int i = 0; i < model.Layers; i++)
        {
            float[] actual = seen[$"layer.{i + 1}"];
            Close(layers[(i * actual.Length)..((i + 1) * actual.Length)], actual, $"layer {i + 1}");
        }

        Close("tiny/x.npy", seen[$"layer.{model.Layers}"]);
    }

    [Fact]
    public void Ctc_logits_are_fairseqs()
    {
        using SpeechModel model = Load<SpeechModel>("audio_tiny_ctc.pt");
        Close("tiny_ctc/logits.npy", model.Scores([Read("tiny_ctc/source.npy").Floats()])[0]);
    }

    [Fact]
    public void Recordings_of_different_length_give_the_same_bits_together_and_alone_on_one_thread_and_on_two()
    {
        string file = Convert("audio_tiny.pt");
        using SpeechModel one = Data2VecModel.Load<SpeechModel>(file, new ModelOptions { Threads = 1 });
        using SpeechModel two = Data2VecModel.Load<SpeechModel>(file, new ModelOptions { Threads = 2 });
        float[] source = Read("tiny/source.npy").Floats();
        ReadOnlyMemory<float>[] batch = [source, source.AsMemory(100, 400), source.AsMemory(0, 9000), source.AsMemory(5000)];
        var rows = new EmbeddingOptions { Pooling = Pooling.None };
        float[][] together = two.Embed([.. batch.Select(samples => Recording(samples.ToArray()))], rows);
        for (int i = 0; i < batch.Length; i++)
        {
            Assert.Equal(one.Embed(Recording(batch[i].ToArray()), rows), together[i]);
            Assert.Equal(two.Embed(Recording(batch[i].ToArray()), rows), together[i]);
        }
    }

    [Fact]
    public void A_long_recording_in_pieces_gives_the_features_of_the_whole()
    {
        // Longer than the feature extractor takes at a time: the first frames must not know what follows.
        using SpeechModel model = Load<SpeechModel>("audio_tiny.pt");
        float[] source = Read("tiny/source.npy").Floats();
        float[] longer = [.. source, .. source, .. source];
        float[]? whole = null, part = null;
        model.Observe(longer, (name, rows) => whole = name == "features_proj" ? rows : whole);
        int samples = model.Config.SamplesFor(56);
        model.Observe(longer.AsMemory(320 * 90, samples), (name, rows) => part = name == "features_proj" ? rows : part);
        Assert.Equal(part!, whole.AsSpan(90 * model.HiddenSize, 56 * model.HiddenSize).ToArray());
    }

    [Fact]
    public void A_layer_alone_is_that_layer_of_all()
    {
        using SpeechModel model = Load<SpeechModel>("audio_tiny.pt");
        float[] source = Read("tiny/source.npy").Floats();
        float[][] all = model.EmbedLayers(Recording(source));
        Assert.Equal(model.Layers + 1, all.Length);
        for (int layer = 0; layer <= model.Layers; layer++)
        {
            Assert.Equal(all[layer], model.Embed(Recording(source), new EmbeddingOptions { Layer = layer }));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => model.Embed(Recording(source), new EmbeddingOptions { Layer = model.Layers + 1 }));
    }

    [Fact]
    public void A_recording_too_short_for_a_frame_is_refused_and_says_how_long_it_must_be()
    {
        using SpeechModel model = Load<SpeechModel>("audio_tiny.pt");
        Assert.Contains("400", Assert.Throws<InvalidDataException>(() => model.Embed(Recording(new float[399]))).Message, StringComparison.Ordinal);
        Assert.Equal(model.HiddenSize, model.Embed(Recording(new float[400])).Length);
    }

    [Fact]
    public void No_recordings_give_no_vectors()
    {
        using SpeechModel model = Load<SpeechModel>("audio_tiny_ctc.pt");
        Assert.Empty(model.Embed([]));
        Assert.Empty(model.Transcribe([]));
    }

    [Fact]
    public void A_file_whose_tensors_and_configuration_disagree_is_refused()
    {
        string file = Convert("audio_tiny_ctc.pt");
        Refused(_ => { }, groups: 1, "groups");
        Refused(config => config["labels"]!.AsArray()[0] = 1, 16, "label");
        Refused(config => config["heads"] = 3, 16, "divide");
        Refused(config => config["layers"] = 5, 16, "encoder.4");
        Refused(config => config["hidden_size"] = 128, 16, "shape");
        Refused(config => config.Remove("normalize"), 16, "normalize");
        Refused(config => config["feature_extractor"]!.AsArray().ToList().ForEach(conv => conv!["stride"] = 65536), 16, "strides");

        void Refused(Action<JsonObject> change, int groups, string reason)
        {
            string changed = ModelFiles.WithConfig(file, change, groups);
            string message = Assert.Throws<InvalidDataException>(() => Data2VecModel.Load(changed)).Message;
            Assert.Contains("changed.d2v", message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_disposed_model_refuses_work_and_a_cancelled_call_stops()
    {
        SpeechModel model = Load<SpeechModel>("audio_tiny.pt");
        Assert.ThrowsAny<OperationCanceledException>(() => model.Embed(Recording(new float[4000]), cancellationToken: new CancellationToken(true)));
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Embed(Recording(new float[4000])));
    }

    [Theory]
    [InlineData(ElementType.F16, 0.9995)]
    [InlineData(ElementType.BF16, 0.9995)]
    [InlineData(ElementType.I8, 0.995)]
    public void Other_number_formats_stay_close_to_f32(ElementType type, double bound)
    {
        float[] source = Read("tiny/source.npy").Floats();
        using SpeechModel exact = Load<SpeechModel>("audio_tiny.pt");
        float[] expected = exact.Embed(Recording(source));
        exact.Dispose();
        using SpeechModel stored = Load<SpeechModel>("audio_tiny.pt", options: new ConversionOptions { Type = type });
        float[] actual = stored.Embed(Recording(source));
        Assert.NotEqual(expected, actual);
        double cosine = expected.Zip(actual, (a, b) => (double)a * b).Sum()
            / Math.Sqrt(expected.Sum(a => (double)a * a) * actual.Sum(a => (double)a * a));
        TestContext.Current.TestOutputHelper?.WriteLine($"{type}: {cosine}");
        Assert.True(cosine >= bound, $"{type}: cosine {cosine}");
    }

    private static Waveform Recording(float[] samples) => new(samples, 16_000);

    private void Close(string name, float[] actual, bool channelsFirst)
    {
        NpyArray expected = Read(name);
        float[] values = expected.Floats();
        if (channelsFirst)
        {
            int channels = (int)expected.Shape[1], rows = (int)expected.Shape[2];
            values = [.. Enumerable.Range(0, values.Length).Select(i => values[i % channels * rows + i / channels])];
        }

        // fairseq's early convolutions also make rows at the end that no frame looks at; the engine leaves them out.
        int unused = values.Length - actual.Length;
        Assert.InRange(unused, 0, name.Contains("conv_layer", StringComparison.Ordinal) ? values.Length / 100 : 0);
        Close(values[..actual.Length], actual, name);
    }
}
