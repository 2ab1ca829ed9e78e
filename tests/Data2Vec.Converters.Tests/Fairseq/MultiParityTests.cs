using Data2Vec.Converters.Tests.Layouts;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Transformer;

namespace Data2Vec.Converters.Tests.Fairseq;

/// <summary>data2vec 2.0 models of all three kinds, from fairseq's checkpoints to fairseq's activations.</summary>
public sealed class MultiParityTests() : ParityTests("data2vec2")
{
    private static readonly EmbeddingOptions s_rows = new() { Pooling = Pooling.None };

    public static TheoryData<string, string> KindsAndLevels
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string kind in new[] { "audio", "image", "text" })
            {
                foreach (string level in Enum.GetValues<CpuLevel>().Where(level => level <= CpuLevels.Best).Select(level => level.ToString()))
                {
                    data.Add(kind, level);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(KindsAndLevels))]
    public void Every_named_activation_is_fairseqs(string kind, string level)
    {
        using Data2VecModel model = Load<Data2VecModel>($"{kind}.pt", new CpuBackend(2, Enum.Parse<CpuLevel>(level)));
        Dictionary<string, float[]> seen = Observe(model);
        int hidden = model.HiddenSize, prenet = kind == "text" ? 0 : 2, blocks = model.Layers - prenet;
        switch (kind)
        {
            case "audio":
                Close("audio/local_features.npy", seen["features_proj"]);
                break;
            case "image":
                Close("image/ctx_in.npy", seen["embeddings"]);
                break;
            default:
                Close("text/local_features.npy", seen["layer.0"]);
                Close("text/ctx_in.npy", seen["layer.0"]);
                break;
        }

        Close($"{kind}/ctx_out.npy", seen[$"layer.{prenet}"]);
        float[] layers = Read($"{kind}/layer_x.npy").Floats();
        int length = layers.Length / blocks;
        for (int i = 0; i < blocks; i++)
        {
            Close(layers[(i * length)..((i + 1) * length)], seen[$"layer.{prenet + 1 + i}"], $"block {i}");
        }

        // The class token is taken off at the end.
        Close($"{kind}/x.npy", seen[$"layer.{model.Layers}"][(kind == "image" ? hidden : 0)..]);
    }

    [Fact]
    public void Images_have_a_class_token_and_their_mean_leaves_it_out()
    {
        using VisionModel model = Load<VisionModel>("image.pt");
        ReadOnlyMemory<float>[] pixels = [Read("image/source.npy").Floats()];
        int hidden = model.HiddenSize;
        float[] rows = model.EmbedPrepared(pixels, s_rows)[0];
        float[] mean = [.. Enumerable.Range(0, hidden).Select(i => Enumerable.Range(1, 16).Average(row => rows[row * hidden + i]))];
        Close(mean, model.EmbedPrepared(pixels)[0], "mean");
        Assert.Equal(rows[..hidden], model.EmbedPrepared(pixels, new EmbeddingOptions { Pooling = Pooling.Class })[0]);
    }

    [Theory, InlineData("audio"), InlineData("image"), InlineData("text")]
    public void The_teacher_is_taken_when_asked_for(string kind)
    {
        // The fixture's teacher has the student's three last blocks in the opposite order.
        string student = Convert($"{kind}.pt");
        int prenet = kind == "text" ? 0 : 2;
        float[] expected = Tensor(student, $"encoder.{prenet}.feed_forward.output.weight");
        string teacher = Convert($"{kind}.pt", new ConversionOptions { Teacher = true });
        Assert.Equal(expected, Tensor(teacher, $"encoder.{prenet + 2}.feed_forward.output.weight"));
        Assert.NotEqual(expected, Tensor(teacher, $"encoder.{prenet}.feed_forward.output.weight"));
    }

    [Fact]
    public void Positions_are_made_anew_for_another_image_size_where_they_are_sines_and_cosines()
    {
        string file = Convert("image.pt");
        float[] positions = Tensor(file, "position_embedding.weight");
        var larger = new ModelOptions { ImageSize = 48 };
        string made = ModelFiles.WithTables(
            file,
            config =>
            {
                config["image_size"] = 48;
                config["preprocessing"]!["crop_size"] = 48;
            },
            (name, values) => name == "position_embedding.weight" ? Vision.SinusoidalPositions.Create(6, 64) : values);
        float[] pixels = [.. Enumerable.Range(0, 3 * 48 * 48).Select(i => MathF.Sin(i * 0.37f))];
        using (VisionModel expected = Data2VecModel.Load<VisionModel>(made))
        using (VisionModel actual = Data2VecModel.Load<VisionModel>(file, larger))
        {
            Assert.Equal(expected.EmbedPrepared([pixels], s_rows)[0], actual.EmbedPrepared([pixels], s_rows)[0]);
        }

        // What stands in the first row and column is the same in every grid.
        float[] six = Vision.SinusoidalPositions.Create(6, 64);
        Close(positions[..(4 * 64)], six[..(4 * 64)], "first row");
        Close(positions[(12 * 64)..(13 * 64)], six[(18 * 64)..(19 * 64)], "first column");

        string learned = ModelFiles.WithTables(file, _ => { }, (name, values) => name == "position_embedding.weight" ? [.. values.Select(value => value + 0.01f)] : values);
        Assert.Contains("sines", Assert.Throws<InvalidDataException>(() => Data2VecModel.Load(learned, larger)).Message, StringComparison.Ordinal);
        Data2VecModel.Load(learned).Dispose();
    }

    [Theory, InlineData("audio", "recordings"), InlineData("text", "texts")]
    public void An_image_size_is_refused_by_models_that_see_none(string kind, string takes) =>
        Assert.Contains(takes, Assert.Throws<ArgumentException>(() => Data2VecModel.Load(Convert($"{kind}.pt"), new ModelOptions { ImageSize = 32 })).Message, StringComparison.Ordinal);

    [Fact]
    public void A_tuned_speech_model_has_its_CTC_head()
    {
        string dictionary = Path.Combine(Folder, "dict.ltr.txt");
        File.WriteAllLines(dictionary, Enumerable.Range(0, 28).Select(i => $"label{i} 1"));
        using SpeechModel model = Load<SpeechModel>("audio_tuned.pt", null, new ConversionOptions { DictionaryPath = dictionary });
        ReadOnlyMemory<float>[] samples = [Read("audio/source.npy").Floats()];
        float[] rows = model.EmbedPrepared(samples, s_rows)[0];
        CheckNear("audio/x.npy", rows);
        StateDict weights = StateDict.OfFairseq("data2vec2", "audio_tuned.pt");
        float[] logits = model.Scores(samples)[0];
        float[] last = Linear(weights, "w2v_encoder.proj", [.. rows[^model.HiddenSize..].Select(value => (double)value)]);
        Close(last, logits[^32..], "logits");
    }

    [Fact]
    public void A_tuned_image_model_has_its_head()
    {
        using VisionModel model = Load<VisionModel>("image_tuned.pt");
        ReadOnlyMemory<float>[] pixels = [Read("image/source.npy").Floats()];
        int hidden = model.HiddenSize;
        float[] rows = model.EmbedPrepared(pixels, s_rows)[0];
        CheckNear("image/x.npy", rows[hidden..]);
        StateDict weights = StateDict.OfFairseq("data2vec2", "image_tuned.pt");
        double[] mean = [.. Enumerable.Range(0, hidden).Select(i => Enumerable.Range(1, 16).Average(row => (double)rows[row * hidden + i]))];
        double centre = mean.Average(), deviation = Math.Sqrt(mean.Average(value => (value - centre) * (value - centre)) + 1e-6);
        float[] gain = weights["fc_norm.weight"].Values, bias = weights["fc_norm.bias"].Values;
        Close(Linear(weights, "head", [.. mean.Select((value, i) => (value - centre) / deviation * gain[i] + bias[i])]), model.Scores(pixels)[0], "scores");
    }

    [Fact]
    public void A_tuned_text_model_has_its_head()
    {
        using TextModel model = Load<TextModel>("text_tuned.pt");
        ReadOnlyMemory<int>[] tokens = [Ids()];
        float[] rows = model.EmbedPrepared(tokens, s_rows)[0];
        CheckNear("text/x.npy", rows);
        StateDict weights = StateDict.OfFairseq("data2vec2", "text_tuned.pt");
        const string Head = "classification_heads.sentence_classification_head";
        float[] inner = Linear(weights, $"{Head}.dense", [.. rows[..model.HiddenSize].Select(value => (double)value)]);
        Close(Linear(weights, $"{Head}.out_proj", [.. inner.Select(value => Math.Tanh(value))]), model.Scores(tokens)[0], "scores");
    }

    [Fact]
    public void A_scale_below_0_counts_as_0_and_one_of_each_layer_as_one_for_all()
    {
        string file = Convert("audio.pt");
        Assert.Equal(Embed(scale => 0), Embed(scale => -1.5f));
        Assert.NotEqual(Embed(scale => 0), Embed(scale => scale));
        float[] layered = Embed(scale => scale, layers: 5);
        Assert.Equal(Embed(scale => scale), layered);

        float[] Embed(Func<float, float> change, int layers = 1)
        {
            string copy = ModelFiles.WithTables(file, _ => { }, (name, values) =>
                name == "encoder.alibi_scale" ? [.. Enumerable.Repeat(values.Select(change), layers).SelectMany(scales => scales)] : values);
            using SpeechModel model = Data2VecModel.Load<SpeechModel>(copy);
            return model.EmbedPrepared(Read("audio/source.npy").Floats());
        }
    }

    [Theory]
    [InlineData(4, new[] { 0.25f, 0.0625f, 0.015625f, 0.00390625f })]
    [InlineData(3, new[] { 0.0625f, 0.00390625f, 0.25f })]
    [InlineData(1, new[] { 0.00390625f })]
    public void Slopes_are_those_of_the_paper(int heads, float[] slopes) => Assert.Equal(slopes, Alibi.Slopes(heads));

    private static float[] Linear(StateDict weights, string name, double[] x)
    {
        float[] matrix = weights[$"{name}.weight"].Values, bias = weights[$"{name}.bias"].Values;
        return [.. bias.Select((offset, row) => (float)(offset + x.Select((value, i) => value * matrix[row * x.Length + i]).Sum()))];
    }

    private static float[] Tensor(string path, string name)
    {
        using ModelFile.D2vFile file = ModelFile.D2vFile.Open(path);
        var values = new float[file.Tensor(name).Count];
        file.Read(file.Tensor(name), values);
        return values;
    }

    /// <summary>The weights of tuned models are rounded to half precision.</summary>
    private void CheckNear(string expected, float[] actual) =>
        Assert.True(Read(expected).Floats().Zip(actual, (a, b) => Math.Abs(a - b)).Max() < 0.05, expected);

    private int[] Ids() => [.. Read("text/source.npy").Int64s().Select(id => (int)id)];

    private Dictionary<string, float[]> Observe(Data2VecModel model)
    {
        var seen = new Dictionary<string, float[]>();
        switch (model)
        {
            case SpeechModel speech:
                speech.Observe(Read("audio/source.npy").Floats(), (name, rows) => seen[name] = rows);
                break;
            case VisionModel vision:
                vision.Observe(Read("image/source.npy").Floats(), (name, rows) => seen[name] = rows);
                break;
            case TextModel text:
                text.Observe(Ids(), (name, rows) => seen[name] = rows);
                break;
        }

        return seen;
    }
}
