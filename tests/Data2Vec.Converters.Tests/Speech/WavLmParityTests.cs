using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Converters.Tests.Speech;

/// <summary>From Microsoft's checkpoints of WavLM, and Hugging Face's, to their activations.</summary>
public sealed class WavLmParityTests : SpeechReference
{
    private static readonly EmbeddingOptions s_rows = new() { Pooling = Pooling.None };

    public static TheoryData<string, string, string> Cases => new(
        from level in Levels
        from source in new[] { ("wavlm_base.pt", "base/word"), ("wavlm_base.pt", "base/frame"), ("wavlm_base.pt", "base/second"), ("wavlm_large.pt", "large/word"), ("hf_large", "large/word") }
        select (level.Data, source.Item1, source.Item2));

    [Theory, MemberData(nameof(Cases))]
    public void Every_named_activation_is_that_of_the_reference(string level, string checkpoint, string input)
    {
        using SpeechModel model = Model($"wavlm/{checkpoint}", new ModelOptions { Backend = new CpuBackend(2, Enum.Parse<CpuLevel>(level)) });
        Assert.InRange(Compare(model, $"wavlm/{input}"), 2, 10);
        if (!File.Exists(Fixture($"wavlm/{input}/position_bias.npy")))
        {
            return;
        }

        float[] samples = Read($"wavlm/{input}/input.npy").Floats(), byDistance = [];
        model.Observe(samples, (name, rows) => byDistance = name == "distance_bias" ? rows : byDistance);
        int heads = model.Config.Heads, rows = model.Config.Frames(samples.Length), distances = byDistance.Length / heads, reach = distances / 2;
        float[] ofAllPairs =
        [
            .. from head in Enumerable.Range(0, heads)
               from query in Enumerable.Range(0, rows)
               from key in Enumerable.Range(0, rows)
               select byDistance[head * distances + reach + Math.Clamp(key - query, -reach, reach)],
        ];
        Close($"wavlm/{input}/position_bias.npy", ofAllPairs);
    }

    [Fact]
    public void Ctc_logits_are_those_of_the_reference()
    {
        using SpeechModel model = Model("wavlm/hf_base_ctc");
        foreach (string input in new[] { "word", "second" })
        {
            Close($"wavlm/base_ctc/{input}/logits.npy", model.Scores([Read($"wavlm/base/{input}/input.npy").Floats()])[0]);
        }
    }

    [Fact]
    public void Hugging_Faces_layout_gives_the_bits_of_Microsofts()
    {
        float[] samples = Read("wavlm/large/word/input.npy").Floats();
        using SpeechModel microsoft = Model("wavlm/wavlm_large.pt"), huggingFace = Model("wavlm/hf_large");
        Assert.Equal(new DistanceBuckets(320, 800, true), microsoft.Config.DistanceBuckets);
        Assert.Equal(microsoft.Config.DistanceBuckets, huggingFace.Config.DistanceBuckets);
        Assert.Equal(microsoft.EmbedPrepared([samples]), huggingFace.EmbedPrepared([samples]));
    }

    [Fact]
    public void Recordings_of_different_length_give_the_same_bits_together_and_alone_on_one_thread_and_on_two()
    {
        string file = ModelFile("wavlm/wavlm_base.pt");
        using SpeechModel one = Data2VecModel.Load<SpeechModel>(file, new ModelOptions { Threads = 1 });
        using SpeechModel two = Data2VecModel.Load<SpeechModel>(file, new ModelOptions { Threads = 2 });
        float[] source = Read("wavlm/base/second/input.npy").Floats();
        Waveform[] batch = [.. new[] { source, source[100..500], [.. source, .. source, .. source], source[5000..] }.Select(samples => new Waveform(samples, 16_000))];
        float[][] together = two.Embed(batch, s_rows);
        for (int i = 0; i < batch.Length; i++)
        {
            Assert.Equal(one.Embed(batch[i], s_rows), together[i]);
            Assert.Equal(two.Embed(batch[i], s_rows), together[i]);
        }
    }

    [Theory, InlineData(ElementType.F16, 0.9995), InlineData(ElementType.BF16, 0.9995), InlineData(ElementType.I8, 0.995)]
    public void Other_number_formats_stay_close_to_f32(ElementType type, double bound)
    {
        float[] source = Read("wavlm/large/word/input.npy").Floats();
        string file = Path.Combine(Folder, "stored.d2v");
        CheckpointConverter.Convert(Fixture("wavlm/wavlm_large.pt"), file, new ConversionOptions { Type = type });
        using SpeechModel exact = Model("wavlm/wavlm_large.pt"), stored = Data2VecModel.Load<SpeechModel>(file);
        float[] expected = exact.EmbedPrepared([source])[0], actual = stored.EmbedPrepared([source])[0];
        double cosine = expected.Zip(actual, (a, b) => (double)a * b).Sum() / Math.Sqrt(expected.Sum(a => (double)a * a) * actual.Sum(a => (double)a * a));
        Assert.True(cosine >= bound, $"{type}: cosine {cosine}");
    }

    [Fact]
    public void A_file_whose_buckets_are_out_of_range_is_refused()
    {
        string file = ModelFile("wavlm/wavlm_base.pt");
        Refused(buckets => buckets["count"] = 3, "distance_buckets.count");
        Refused(buckets => buckets["farthest"] = 6, "more than 6, a quarter of the buckets");
        Refused(buckets => buckets["farthest"] = 70_000, "distance_buckets.farthest");
        Refused(buckets => buckets.Remove("gated"), "distance_buckets.gated");
        Refused(buckets => buckets["count"] = 26, "encoder.relative_position_bias.weight");

        void Refused(Action<JsonObject> change, string reason)
        {
            string changed = ModelFiles.WithConfig(file, config => change(config["distance_buckets"]!.AsObject()), 16);
            Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Data2VecModel.Load(changed)).Message, StringComparison.Ordinal);
        }
    }
}
