using System.Text.Json;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Text;

namespace Data2Vec.Converters.Tests.Fairseq;

/// <summary>Text models, from fairseq's checkpoints to fairseq's activations.</summary>
public sealed class TextParityTests() : ParityTests("text")
{
    [Theory, MemberData(nameof(Levels))]
    public void Every_named_activation_of_the_encoder_is_fairseqs(string level)
    {
        using TextModel model = Load<TextModel>("text_tiny.pt", new CpuBackend(2, Enum.Parse<CpuLevel>(level)));
        var seen = new Dictionary<string, float[]>();
        model.Observe(Tokens("tiny/tokens.npy")[0], (name, rows) => seen[name] = rows);

        Close("tiny/emb_ln.npy", seen["layer.0"]);
        float[] layers = Read("tiny/layer_x.npy").Floats();
        for (int i = 0; i <= model.Layers; i++)
        {
            float[] actual = seen[$"layer.{i}"];
            Close(layers[(i * actual.Length)..((i + 1) * actual.Length)], actual, $"layer {i}");
        }

        Close("tiny/x.npy", seen[$"layer.{model.Layers}"]);
    }

    [Fact]
    public void Scores_of_a_classification_head_are_fairseqs()
    {
        // fairseq's batch is padded; here each text has its own length.
        using TextModel model = Load<TextModel>("text_tiny_cls.pt");
        ReadOnlyMemory<int>[] tokens = Tokens("tiny_cls/tokens.npy");
        Assert.True(tokens.Select(text => text.Length).Distinct().Count() > 1);
        float[] expected = Read("tiny_cls/logits.npy").Floats();
        Close(expected, [.. model.Scores(tokens).SelectMany(row => row)], "logits");

        LabelProbability[] first = model.ClassifyPrepared(tokens)[0];
        double sum = expected[..3].Sum(score => Math.Exp(score));
        foreach (LabelProbability label in first)
        {
            double probability = Math.Exp(expected[int.Parse(label.Label, null)]) / sum;
            Assert.Equal(probability, label.Probability, 1e-4);
        }

        Assert.True(first[0].Probability >= first[1].Probability && first[1].Probability >= first[2].Probability);
    }

    [Fact]
    public void The_teacher_is_another_model_than_the_student()
    {
        ReadOnlyMemory<int>[] tokens = Tokens("tiny/tokens.npy");
        using TextModel student = Load<TextModel>("text_tiny.pt");
        float[] ofStudent = student.EmbedPrepared(tokens)[0];
        using TextModel teacher = Load<TextModel>("text_tiny.pt", options: new ConversionOptions { Teacher = true });
        Assert.NotEqual(ofStudent, teacher.EmbedPrepared(tokens)[0]);
    }

    [Fact]
    public void Texts_of_different_length_give_the_same_bits_together_and_alone_on_one_thread_and_on_two()
    {
        string file = Convert("text_tiny_cls.pt");
        using TextModel one = Data2VecModel.Load<TextModel>(file, new ModelOptions { Threads = 1 });
        using TextModel two = Data2VecModel.Load<TextModel>(file, new ModelOptions { Threads = 2 });
        ReadOnlyMemory<int> tokens = Tokens("tiny/tokens.npy")[0];
        ReadOnlyMemory<int>[] batch = [tokens, tokens[..2], tokens[3..17], tokens[..1]];
        foreach (Pooling pooling in Enum.GetValues<Pooling>().Where(pooling => pooling != Pooling.Pooler))
        {
            var options = new EmbeddingOptions { Pooling = pooling };
            float[][] together = two.EmbedPrepared(batch, options);
            for (int i = 0; i < batch.Length; i++)
            {
                Assert.Equal(one.EmbedPrepared([batch[i]], options)[0], together[i]);
            }
        }

        Assert.Equal(one.Scores([batch[2]])[0], two.Scores(batch)[2]);
    }

    [Fact]
    public void Pooling_takes_the_first_row_or_the_mean_and_layers_alone_are_those_of_all()
    {
        using TextModel model = Load<TextModel>("text_tiny.pt");
        ReadOnlyMemory<int>[] tokens = Tokens("tiny/tokens.npy");
        float[] x = Read("tiny/x.npy").Floats();
        int hidden = model.HiddenSize, rows = x.Length / hidden;
        Close(x[..hidden], model.EmbedPrepared(tokens, new EmbeddingOptions { Pooling = Pooling.Class })[0], "class");
        float[] mean = [.. Enumerable.Range(0, hidden).Select(i => Enumerable.Range(0, rows).Average(row => x[row * hidden + i]))];
        Close(mean, model.EmbedPrepared(tokens)[0], "mean");
        float length = MathF.Sqrt(mean.Sum(value => value * value));
        Close([.. mean.Select(value => value / length)], model.EmbedPrepared(tokens, new EmbeddingOptions { Normalize = true })[0], "normalized");
        float[][] layers = model.EmbedPreparedLayers(tokens[0]);
        for (int layer = 0; layer <= model.Layers; layer++)
        {
            Assert.Equal(layers[layer], model.EmbedPrepared(tokens, new EmbeddingOptions { Layer = layer })[0]);
        }
    }

    [Fact]
    public void A_text_longer_than_the_model_is_averaged_over_windows_truncated_or_refused()
    {
        using TextModel model = Load<TextModel>("text_tiny.pt", options: WithTokenizer());
        string text = string.Concat(Enumerable.Range(0, 25).Select(i => $"word {i} ")).TrimEnd();
        TextWindows windows = model.Tokenizer!.EncodeWindows(text, 64, LongTextPolicy.Chunk);
        Assert.True(windows.Windows.Count > 2);
        float[][] each = model.EmbedPrepared([.. windows.Windows.Select(window => (ReadOnlyMemory<int>)window.Ids)]);
        float[] mean = [.. Enumerable.Range(0, model.HiddenSize).Select(i => (float)windows.Windows.Select((window, w) => window.Weight * each[w][i]).Sum())];
        Close(mean, model.Embed([text])[0], "average");
        float length = MathF.Sqrt(mean.Sum(value => value * value));
        Close([.. mean.Select(value => value / length)], model.Embed([text], new EmbeddingOptions { Normalize = true })[0], "normalized");
        Assert.Equal(model.EmbedLayers(text)[^1], model.Embed(["other", text, ""])[1]);

        var truncate = new EmbeddingOptions { LongTexts = LongTextPolicy.Truncate };
        Assert.Equal(each[0], model.Embed([text], truncate)[0]);
        Assert.Throws<TextTooLongException>(() => model.Embed([text], new EmbeddingOptions { LongTexts = LongTextPolicy.Error }));
        Assert.Throws<ArgumentException>(() => model.Embed([text], new EmbeddingOptions { Pooling = Pooling.None }));
        Assert.Equal(64 * model.HiddenSize, model.Embed([text], truncate with { Pooling = Pooling.None })[0].Length);
    }

    [Fact]
    public void Labels_of_a_file_name_the_outputs()
    {
        string labels = Path.Combine(Folder, "labels.txt");
        File.WriteAllText(labels, "no\nmaybe\nyes\n");
        using TextModel model = Load<TextModel>("text_tiny_cls.pt", options: WithTokenizer() with { LabelsPath = labels });
        Assert.Equal(["no", "maybe", "yes"], model.Labels!);
        LabelProbability[][] found = model.Classify(["a text", new string('x', 200)]);
        Assert.All(found, text => Assert.Equal(1, text.Sum(label => label.Probability), 1e-5));
        Assert.Equal(["maybe", "no", "yes"], found[0].Select(label => label.Label).Order());

        File.WriteAllText(labels, "no\nyes\n");
        Assert.Contains("3 outputs", Refused(() => Convert("text_tiny_cls.pt", new ConversionOptions { LabelsPath = labels })), StringComparison.Ordinal);
        Assert.Contains("no classification head", Refused(() => Convert("text_tiny.pt", new ConversionOptions { LabelsPath = labels })), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_model_cannot_take_is_refused_by_name()
    {
        using TextModel model = Load<TextModel>("text_tiny.pt");
        Assert.Contains("padding", Refused(() => model.EmbedPrepared([new int[] { 0, 5, 2, 1 }])), StringComparison.Ordinal);
        Assert.Contains("100", Refused(() => model.EmbedPrepared([new int[] { 0, 100, 2 }])), StringComparison.Ordinal);
        Assert.Contains("-1", Refused(() => model.EmbedPrepared([new int[] { 0, -1, 2 }])), StringComparison.Ordinal);
        Assert.Contains("1 to 64", Refused(() => model.EmbedPrepared([new int[65]])), StringComparison.Ordinal);
        Assert.Contains("1 to 64", Refused(() => model.EmbedPrepared([Array.Empty<int>()])), StringComparison.Ordinal);
        Assert.Equal(64, model.EmbedPrepared([new int[64]])[0].Length);
        Assert.Contains("tokenizer", Assert.Throws<InvalidOperationException>(() => model.Embed(["text"])).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => model.ClassifyPrepared([new int[] { 0, 2 }]));
    }

    [Fact]
    public void Tokenizer_files_that_do_not_fit_the_model_are_refused()
    {
        ConversionOptions files = WithTokenizer();
        Assert.Contains("dictionary", Refused(() => Convert("text_tiny.pt", files with { DictionaryPath = null })), StringComparison.Ordinal);
        Assert.Contains("encoder.json", Refused(() => Convert("text_tiny.pt", files with { BytePairFiles = null })), StringComparison.Ordinal);
        File.AppendAllText(files.DictionaryPath!, "200 1\n");
        Assert.Contains("101 token ids", Refused(() => Convert("text_tiny.pt", files)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vocabulary_size", 99), InlineData("max_tokens", 65), InlineData("hidden_size", 32), InlineData("layers", 5)]
    [InlineData("heads", 3), InlineData("feed_forward_size", 127), InlineData("layer_norm_epsilon", -1), InlineData("layer_norm_epsilon", "x")]
    public void A_configuration_that_its_tensors_contradict_is_refused(string field, object value)
    {
        string file = Convert("text_tiny.pt");
        string changed = ModelFiles.WithConfig(file, config => config[field] = JsonSerializer.SerializeToNode(value));
        Assert.Contains(changed, Refused(() => Data2VecModel.Load(changed)), StringComparison.Ordinal);
    }

    [Theory, InlineData(ElementType.F16, 0.9995), InlineData(ElementType.BF16, 0.9995), InlineData(ElementType.I8, 0.995)]
    public void Smaller_number_formats_give_nearly_the_same_vectors(ElementType type, double cosine)
    {
        ReadOnlyMemory<int>[] tokens = Tokens("tiny/tokens.npy");
        using TextModel exact = Load<TextModel>("text_tiny.pt");
        float[] expected = exact.EmbedPrepared(tokens, new EmbeddingOptions { Normalize = true })[0];
        using TextModel model = Load<TextModel>("text_tiny.pt", options: new ConversionOptions { Type = type });
        float[] actual = model.EmbedPrepared(tokens, new EmbeddingOptions { Normalize = true })[0];
        Assert.InRange(expected.Zip(actual, (a, b) => (double)a * b).Sum(), cosine, 1.00001);
    }

    private static string Refused(Action action) => Assert.Throws<InvalidDataException>(action).Message;

    /// <summary>Texts without the padding of a batch.</summary>
    private ReadOnlyMemory<int>[] Tokens(string name)
    {
        IO.NpyArray array = Read(name);
        return [.. array.Int64s().Chunk((int)array.Shape[1]).Select(text =>
            (ReadOnlyMemory<int>)text.Select(id => (int)id).Where(id => id != 1).ToArray())];
    }

    /// <summary>A tokenizer of single bytes, of which 95 have an id: the model has a hundred.</summary>
    private ConversionOptions WithTokenizer()
    {
        string encoder = Path.Combine(Folder, "encoder.json"), merges = Path.Combine(Folder, "vocab.bpe"), dictionary = Path.Combine(Folder, "dict.txt");
        File.WriteAllText(encoder, JsonSerializer.Serialize(
            Enumerable.Range(0, 256).ToDictionary(i => ByteAlphabet.CharacterOf((byte)i).ToString(), i => i)));
        File.WriteAllText(merges, "#version: 0.2\n");
        File.WriteAllLines(dictionary, Enumerable.Range(32, 95).Select(i => $"{i} 1"));
        return new ConversionOptions { BytePairFiles = (encoder, merges), DictionaryPath = dictionary };
    }
}
