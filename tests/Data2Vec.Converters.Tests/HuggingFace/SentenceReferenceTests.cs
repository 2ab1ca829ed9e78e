using System.Text.Json.Nodes;
using Data2Vec.Converters.PyTorch;
using Data2Vec.IO;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>Folders of sentence-transformers as they declare themselves. The vectors and ids are those of the Python package 2.7.0.</summary>
public sealed class SentenceReferenceTests() : FolderTests(null)
{
    private static readonly Pooling[] s_order = [Pooling.Class, Pooling.Max, Pooling.Mean, Pooling.MeanSqrtLength, Pooling.WeightedMean, Pooling.Last];

    [Theory]
    [InlineData("bert_mean_normalize", "bert", 32)]
    [InlineData("bert_cls_mean_max", "bert", 96)]
    [InlineData("bert_max_dense", "bert", 20)]
    [InlineData("bert_mean_sqrt_len", "bert", 32)]
    [InlineData("bert_weightedmean", "bert", 32)]
    [InlineData("bert_lasttoken", "bert", 32)]
    [InlineData("old_layout", "old_layout", 32)]
    [InlineData("no_modules", "no_modules", 32)]
    [InlineData("roberta_mean", "roberta_mean", 32)]
    [InlineData("xlmr_mean_prompts", "xlmr_mean_prompts", 32)]
    public void Ids_and_vectors_are_those_of_the_package(string name, string folder, int size)
    {
        CopyModel(name, folder);
        (TextModel model, IReadOnlyList<string> warnings) = Convert<TextModel>();
        using TextModel used = model;
        Assert.Equal(name == "xlmr_mean_prompts" ? 1 : 0, warnings.Count);
        JsonNode[] texts = Expected(File.Exists(Act($"{name}.json")) ? name : "bert_mean_normalize");
        foreach (JsonNode text in texts)
        {
            Assert.Equal(text["ids"]!.AsArray().Select(id => (int)id!), model.Tokenize((string)text["text"]!).Windows.Single().Ids);
        }

        float[][] vectors = model.Embed([.. texts.Select(text => (string)text["text"]!)]);
        Assert.Equal(size, model.EmbeddingSize);
        Assert.All(vectors, vector => Assert.Equal(size, vector.Length));
        Close(Vectors(name), [.. vectors.SelectMany(vector => vector)]);
    }

    [Fact]
    public async Task Prompts_are_chosen_by_name_or_given()
    {
        CopyModel("xlmr_mean_prompts", "xlmr_mean_prompts");
        using TextModel model = Convert<TextModel>().Model;
        string text = (string)Expected("xlmr_mean_prompts")[0]["text"]!;
        foreach (string name in (string[])["query", "passage"])
        {
            // The package encoded the text with its line.
            Assert.Contains(name, model.Config.Preparation.Prompts.Keys);
            Close(Vectors($"prompt_{name}"), model.Embed(text, new EmbeddingOptions { PromptName = name }));
            Close(Vectors($"prompt_{name}"), model.Embed(text, new EmbeddingOptions { Prompt = $"{name}: ", PromptName = "other" }));
        }

        Assert.Contains("no prompt 'other'; it has passage, query", Assert.Throws<ArgumentException>(() => model.Embed(text, new EmbeddingOptions { PromptName = "other" })).Message, StringComparison.Ordinal);
        Edit("config_sentence_transformers.json", json => json["default_prompt_name"] = "query");
        using TextModel prompted = Load<TextModel>();
        Close(Vectors("prompt_query"), prompted.Embed(text));
        Assert.Equal(model.Embed(text), prompted.Embed(text, new EmbeddingOptions { Prompt = "" }));
        Assert.Equal(prompted.Embed(text), await prompted.EmbedAsync(text, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Every_pooling_is_what_a_scalar_loop_gives_with_and_without_the_rows_of_a_prompt()
    {
        CopyModel("xlmr_mean_prompts", "xlmr_mean_prompts");
        foreach (bool isIncluded in (bool[])[true, false])
        {
            Edit("1_Pooling/config.json", json => json["include_prompt"] = isIncluded);
            using TextModel model = Convert<TextModel>().Model;
            var options = new EmbeddingOptions { PromptName = "query", Normalize = false };
            int skip = isIncluded ? 0 : model.Tokenizer!.Encode("query:").Length - 1;
            foreach (string text in (string[])["where is the harbour", "a", "the people in the office remembered"])
            {
                double[][] rows = [.. model.Embed(text, options with { Pooling = Pooling.None }).Chunk(32).Select(row => row.Select(value => (double)value).ToArray())];
                foreach (Pooling pooling in s_order)
                {
                    double[] expected = [.. Enumerable.Range(0, 32).Select(k => Scalar(pooling, [.. rows.Select(row => row[k])], skip))];
                    Close([.. expected.Select(value => (float)value)], model.Embed(text, options with { Pooling = pooling }));
                }

                float[] all = model.Embed(text, options with { Pooling = s_order.Aggregate((a, b) => a | b) });
                Assert.Equal(s_order.SelectMany(pooling => model.Embed(text, options with { Pooling = pooling })), all);
                Assert.Equal(all.Length, model.Config.EmbeddingSizeOf(options with { Pooling = s_order.Aggregate((a, b) => a | b) }));
                Assert.Equal(all, model.EmbedLayers(text, options with { Pooling = s_order.Aggregate((a, b) => a | b) })[^1]);
            }

            if (!isIncluded)
            {
                string large = string.Join(' ', Enumerable.Repeat("people", 60));
                Assert.Contains("truncate", Assert.Throws<ArgumentException>(() => model.Embed(large, options with { LongTexts = Data2Vec.Text.LongTextPolicy.Chunk })).Message, StringComparison.Ordinal);
                Assert.Contains("shorten the prompt", Assert.Throws<ArgumentException>(() => model.Embed("a", new EmbeddingOptions { Prompt = large })).Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("torch.nn.modules.linear.Identity", true)]
    [InlineData("torch.nn.modules.activation.Tanh", false)]
    [InlineData("torch.nn.modules.activation.ReLU", true)]
    [InlineData("torch.nn.modules.activation.GELU", false)]
    [InlineData(null, true)]
    public void A_dense_layer_is_what_a_scalar_loop_gives(string? activation, bool hasBias)
    {
        CopyModel("bert_max_dense", "bert");
        float[] weights = DenseTensor("linear.weight"), biases = DenseTensor("linear.bias");
        WriteDense(hasBias ? new() { ["linear.weight"] = ([20, 32], weights), ["linear.bias"] = ([20], biases) } : new() { ["linear.weight"] = ([20, 32], weights) });
        Edit("2_Dense/config.json", json => (json["activation_function"], json["bias"]) = (activation, hasBias));
        using TextModel model = Load<TextModel>();
        float[] pooled = model.Embed("the harbour", new EmbeddingOptions { Layer = model.Layers });
        Assert.Equal(32, pooled.Length);
        Assert.Equal(pooled, model.EmbedLayers("the harbour")[^1]);
        Assert.Equal(32, model.Embed("the harbour", new EmbeddingOptions { Pooling = Pooling.Mean }).Length);
        Assert.Equal(model.Embed("the harbour"), model.Embed("the harbour", new EmbeddingOptions { Pooling = Pooling.Max }));
        float[] expected = [.. Enumerable.Range(0, 20).Select(o => (float)Activate(
            activation, weights.AsSpan(o * 32, 32).ToArray().Select((weight, i) => (double)weight * pooled[i]).Sum() + (hasBias ? biases[o] : 0)))];
        Close(expected, model.Embed("the harbour"));
    }

    [Fact]
    public void Dense_layers_follow_on_each_other_and_both_kinds_of_files_give_equal_bits()
    {
        CopyModel("bert_max_dense", "bert");
        using TextModel expected = Load<TextModel>();
        float[] weights = DenseTensor("linear.weight"), biases = DenseTensor("linear.bias");
        WriteDense(new() { ["linear.weight"] = ([20, 32], weights), ["linear.bias"] = ([20], biases) });
        using TextModel same = Load<TextModel>();
        Assert.Equal(expected.Embed("the harbour"), same.Embed("the harbour"));

        Edit("3_Dense/config.json", json => (json["in_features"], json["out_features"], json["bias"], json["activation_function"]) = (20, 2, false, "torch.nn.modules.linear.Identity"));
        File.WriteAllBytes(PathOf("3_Dense/model.safetensors"), SafetensorsOf(new() { ["linear.weight"] = ([2, 20], [.. Enumerable.Range(0, 40).Select(i => i is 3 or 25 ? 2f : 0f)]) }));
        Write("modules.json", File.ReadAllText(PathOf("modules.json")).TrimEnd().TrimEnd(']') + """, {"type": "sentence_transformers.models.Dense", "path": "3_Dense"}, {"type": "sentence_transformers.models.Normalize", "path": "4"}]""");
        using TextModel two = Load<TextModel>();
        float[] one = expected.Embed("the harbour"), vector = two.Embed("the harbour", new EmbeddingOptions { Normalize = false });
        Close([2 * one[3], 2 * one[5]], vector);
        Assert.Equal(1, two.Embed("the harbour").Sum(value => value * value), 1e-5f);
    }

    [Theory]
    [InlineData("activation_function", "\"torch.nn.modules.activation.Sigmoid\"", "2_Dense/config.json: activation_function is torch.nn.modules.activation.Sigmoid, which is not supported; Identity, Tanh, ")]
    [InlineData("activation_function", "\"my_code.Tanh\"", "activation_function is my_code.Tanh, which is not supported")]
    [InlineData("in_features", "64", "2_Dense/config.json: in_features is 64, but what comes before it gives 32 features")]
    [InlineData("out_features", "21", "2_Dense/linear.weight has the shape [20, 32] instead of [21, 32]")]
    [InlineData("out_features", "null", "out_features is missing")]
    [InlineData("bias", "false", "2_Dense/linear.bias is unknown")]
    [InlineData("module_input_name", "\"token_embeddings\"", "module_input_name is token_embeddings")]
    public void A_dense_layer_that_does_not_fit_is_refused(string name, string value, string reason)
    {
        CopyModel("bert_max_dense", "bert");
        Edit("2_Dense/config.json", json => json[name] = JsonNode.Parse(value));
        Refuse(reason);
    }

    [Fact]
    public void Files_of_a_dense_layer_that_are_missing_or_damaged_are_named()
    {
        CopyModel("bert_max_dense", "bert");
        byte[] bytes = File.ReadAllBytes(PathOf("2_Dense/pytorch_model.bin"));
        File.WriteAllBytes(PathOf("2_Dense/pytorch_model.bin"), bytes[..2000]);
        Refuse("2_Dense: ");
        Delete("2_Dense/pytorch_model.bin");
        Refuse("2_Dense: neither model.safetensors nor pytorch_model.bin");
        WriteDense(new() { ["linear.weight"] = ([20, 32], new float[640]) });
        Refuse("2_Dense/linear.bias is missing");
        Delete("2_Dense/config.json");
        Refuse("2_Dense/config.json, which modules.json lists, is missing");
    }

    [Theory]
    [InlineData("albert"), InlineData("t5"), InlineData("xlnet")]
    public void Other_bases_are_refused_by_name(string type)
    {
        CopyModel("bert_mean_normalize", "bert");
        Edit("config.json", json => json["model_type"] = type);
        Refuse($"model_type is '{type}', which is not supported; ");
    }

    [Fact]
    public void The_pooling_of_another_model_is_warned_of_and_options_win()
    {
        CopyModel("bert_cls_mean_max", "bert");
        Edit("1_Pooling/config.json", json => json["word_embedding_dimension"] = 768);
        (TextModel model, IReadOnlyList<string> warnings) = Convert<TextModel>();
        using TextModel used = model;
        Assert.Contains("word_embedding_dimension is 768", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(Pooling.Class | Pooling.Mean | Pooling.Max, model.Config.Embedding.Pooling);
        Assert.Equal(model.Embed("harbour", new EmbeddingOptions { Pooling = Pooling.Max }), model.Embed("harbour")[32..64]);
        Write("1_Pooling/config.json", """{"word_embedding_dimension": 32, "pooling_mode": ["mean", "cls", "max"]}""");
        using TextModel listed = Load<TextModel>();
        Assert.Equal(model.Embed("harbour"), listed.Embed("harbour"));
    }

    private static double Scalar(Pooling pooling, double[] rows, int skip)
    {
        double[] kept = rows[skip..];
        return pooling switch
        {
            Pooling.Class => rows[0],
            Pooling.Last => rows[^1],
            Pooling.Max => kept.Max(),
            Pooling.Mean => kept.Sum() / kept.Length,
            Pooling.MeanSqrtLength => kept.Sum() / Math.Sqrt(kept.Length),
            _ => kept.Select((row, i) => row * (skip + i + 1)).Sum() / kept.Select((_, i) => skip + i + 1.0).Sum(),
        };
    }

    private static double Activate(string? activation, double x) => activation?.Split('.')[^1] switch
    {
        "Identity" => x,
        "ReLU" => Math.Max(x, 0),
        "GELU" => x * Normal(x),
        _ => Math.Tanh(x),
    };

    // The integral of the normal distribution, by small steps.
    private static double Normal(double x)
    {
        const int Steps = 20_000;
        double width = x / Steps;
        return 0.5 + (Enumerable.Range(0, Steps).Sum(i => Math.Exp(-Math.Pow((i + 0.5) * width, 2) / 2)) * width / Math.Sqrt(2 * Math.PI));
    }

    private static string Act(string file) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "sentences", "act", file);

    private static JsonNode[] Expected(string name) => [.. JsonNode.Parse(File.ReadAllText(Act($"{name}.json")))!.AsArray().Select(text => text!)];

    private static float[] Vectors(string name) => NpyFile.Read(Act($"{name}.npy")).Floats();

    private static void Close(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.InRange(expected.Zip(actual, (a, b) => MathF.Abs(a - b)).Max(), 0, 1e-5f);
    }

    private void CopyModel(string name, string folder)
    {
        Copy($"sentences/{folder}");
        if (name != folder && Directory.Exists(Path.Combine(AppContext.BaseDirectory, "Fixtures", "sentences", name)))
        {
            Copy($"sentences/{name}");
        }
    }

    private float[] DenseTensor(string name)
    {
        using PyTorchFile file = PyTorchFile.Open(PathOf("2_Dense/pytorch_model.bin"));
        var tensor = Assert.IsType<PyTorchTensor>(Assert.IsType<PickleDictionary>(file.Root)[name]);
        float[] values = new float[tensor.Count];
        tensor.Read(0, values);
        return values;
    }

    private void WriteDense(Dictionary<string, (int[] Shape, float[] Values)> tensors)
    {
        Delete("2_Dense/pytorch_model.bin");
        File.WriteAllBytes(PathOf("2_Dense/model.safetensors"), SafetensorsOf(tensors));
    }

    private static byte[] SafetensorsOf(Dictionary<string, (int[] Shape, float[] Values)> tensors)
    {
        var header = new JsonObject();
        var data = new List<byte>();
        foreach ((string name, (int[] shape, float[] values)) in tensors)
        {
            int start = data.Count;
            data.AddRange(values.SelectMany(BitConverter.GetBytes));
            header[name] = new JsonObject { ["dtype"] = "F32", ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]), ["data_offsets"] = new JsonArray(start, data.Count) };
        }

        byte[] json = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        return [.. BitConverter.GetBytes((long)json.Length), .. json, .. data];
    }
}
