using System.Text;
using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.Converters.Tests.Safetensors;
using Data2Vec.Vision;

namespace Data2Vec.Converters.Tests.Layouts;

/// <summary>
/// The same small weights in fairseq's layout and in others: the names are those of the transformers and BEiT sources, written down here
/// by hand; where the options are the same too, the results must be equal bit for bit.
/// </summary>
public sealed class LayoutTests : IDisposable
{
    /// <summary>Hugging Face's names of a speech model.</summary>
    internal static readonly (string, string)[] AudioNames =
    [
        (@"^w2v_encoder\.proj\.", "lm_head."),
        (@"^w2v_encoder\.w2v_model\.", "data2vec_audio."),
        (@"(^|\.)final_proj\..*", ""),
        (@"(^|\.)mask_emb$", "$1masked_spec_embed"),
        (@"conv_layers\.(\d+)\.0\.", "conv_layers.$1.conv."),
        (@"conv_layers\.(\d+)\.2\.1\.", "conv_layers.$1.layer_norm."),
        (@"post_extract_proj", "feature_projection.projection"),
        (@"(^|data2vec_audio\.)layer_norm", "$1feature_projection.layer_norm"),
        (@"pos_conv\.(\d+)\.0\.", "pos_conv_embed.layers.$1.conv."),
        (@"self_attn_layer_norm", "layer_norm"),
        (@"self_attn\.", "attention."),
        (@"\.fc1\.", ".feed_forward.intermediate_dense."),
        (@"\.fc2\.", ".feed_forward.output_dense."),
    ];

    private static readonly (string, string)[] s_textNames =
    [
        (@"^encoder\.regression_head\..*|.*\.version$", ""),
        (@"^classification_heads\.sentence_classification_head\.", "classifier."),
        (@"^encoder\.sentence_encoder\.layers\.", "encoder.layer."),
        (@"^encoder\.sentence_encoder\.embed_tokens", "embeddings.word_embeddings"),
        (@"^encoder\.sentence_encoder\.embed_positions", "embeddings.position_embeddings"),
        (@"^encoder\.sentence_encoder\.layernorm_embedding", "embeddings.LayerNorm"),
        (@"self_attn\.q_proj", "attention.self.query"),
        (@"self_attn\.k_proj", "attention.self.key"),
        (@"self_attn\.v_proj", "attention.self.value"),
        (@"self_attn\.out_proj", "attention.output.dense"),
        (@"self_attn_layer_norm", "attention.output.LayerNorm"),
        (@"\.fc1\.", ".intermediate.dense."),
        (@"\.fc2\.", ".output.dense."),
        (@"final_layer_norm", "output.LayerNorm"),
    ];

    private static readonly (string, string)[] s_visionNames =
    [
        (@"^mask_emb$|^final_proj\..*|^model\.mask_emb$", ""),
        (@"^model\.", "data2vec_vision."),
        (@"^fc_norm\.", "data2vec_vision.pooler.layernorm."),
        (@"^head\.", "classifier."),
        (@"patch_embed\.conv", "embeddings.patch_embeddings.projection"),
        (@"cls_emb", "embeddings.cls_token"),
        (@"encoder\.rel_pos_bias\.", "encoder.relative_position_bias."),
        (@"encoder\.norm\.", "layernorm."),
        (@"encoder\.blocks\.", "encoder.layer."),
        (@"attn\.proj\.", "attention.output.dense."),
        (@"attn\.q_bias", "attention.attention.query.bias"),
        (@"attn\.v_bias", "attention.attention.value.bias"),
        (@"norm1\.", "layernorm_before."),
        (@"norm2\.", "layernorm_after."),
        (@"gamma_", "lambda_"),
        (@"mlp\.0\.", "intermediate.dense."),
        (@"mlp\.2\.", "output.dense."),
    ];

    /// <summary>BEiT's names of a vision model.</summary>
    internal static readonly (string, string)[] BeitNames =
    [
        (@"^final_proj\..*", ""),
        (@"^model\.", ""),
        (@"^mask_emb$", "mask_token"),
        (@"patch_embed\.conv", "patch_embed.proj"),
        (@"cls_emb", "cls_token"),
        (@"^encoder\.", ""),
        (@"mlp\.0\.", "mlp.fc1."),
        (@"mlp\.2\.", "mlp.fc2."),
    ];

    private readonly Folder _folder = new();

    [Theory, InlineData("model.safetensors"), InlineData("pytorch_model.bin"), InlineData("sharded")]
    public void A_Hugging_Face_speech_model_gives_the_bits_of_fairseqs(string container)
    {
        Save(StateDict.OfFairseq("audio", "audio_tiny_fp16.pt").Rename(AudioNames), container);
        using SpeechModel expected = LoadFairseq<SpeechModel>("audio", "audio_tiny_fp16.pt");
        AudioConfigOf(expected);
        using SpeechModel model = LoadFolder<SpeechModel>("data2vec speech model, pretrained (Hugging Face");
        float[] samples = Noise(8000);
        Assert.Equal(expected.EmbedPreparedLayers(samples), model.EmbedPreparedLayers(samples));
    }

    [Fact]
    public void A_Hugging_Face_CTC_model_gives_the_bits_and_the_text_of_fairseqs()
    {
        Save(StateDict.OfFairseq("audio", "audio_tiny_ctc.pt").Rename(AudioNames));
        using SpeechModel expected = LoadFairseq<SpeechModel>("audio", "audio_tiny_ctc.pt");
        AudioConfigOf(expected);
        IReadOnlyList<string> labels = expected.Config.Labels!;
        // Beyond the head's outputs there may be more.
        Write("vocab.json", new JsonObject([.. labels.Append("<extra>").Select((label, i) => KeyValuePair.Create(label, (JsonNode?)i))]));
        using SpeechModel model = LoadFolder<SpeechModel>($"CTC head of {labels.Count} labels (Hugging Face");
        ReadOnlyMemory<float>[] samples = [Noise(8000)];
        Assert.Equal(expected.Scores(samples), model.Scores(samples));
        Assert.Equal(expected.TranscribePrepared(samples), model.TranscribePrepared(samples));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_Hugging_Face_text_model_gives_the_bits_of_fairseqs(bool hasTypes)
    {
        StateDict weights = StateDict.OfFairseq("text", "text_tiny.pt").Rename(s_textNames);
        using TextModel expected = LoadFairseq<TextModel>("text", "text_tiny.pt");
        int hidden = expected.HiddenSize;
        float[] type = new float[hidden];
        if (hasTypes)
        {
            // The type's vector is moved out of the positions', in numbers that add up exactly.
            (long[] shape, float[] positions) = weights["embeddings.position_embeddings.weight"];
            Array.Fill(type, 0.5f);
            weights["embeddings.position_embeddings.weight"] = (shape, [.. positions.Select(value => value - 0.5f)]);
        }

        weights["embeddings.token_type_embeddings.weight"] = ([1, hidden], type);
        Save(weights);
        TextConfigOf(expected);
        using TextModel model = LoadFolder<TextModel>("data2vec text model, pretrained, without tokenizer (Hugging Face");
        ReadOnlyMemory<int>[] tokens = [new[] { 0, 5, 77, 4, 4, 2 }];
        float[] wanted = expected.EmbedPrepared(tokens, new EmbeddingOptions { Pooling = Pooling.None })[0];
        float[] given = model.EmbedPrepared(tokens, new EmbeddingOptions { Pooling = Pooling.None })[0];
        if (hasTypes)
        {
            Assert.All(wanted.Zip(given), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
        else
        {
            Assert.Equal(wanted, given);
        }
    }

    [Fact]
    public void A_Hugging_Face_text_model_with_a_head_has_its_labels_and_tokenizer()
    {
        StateDict weights = StateDict.OfFairseq("text", "text_tiny_cls.pt").Rename([.. s_textNames, ("^(encoder|embeddings)", "data2vec_text.$1")]);
        using TextModel expected = LoadFairseq<TextModel>("text", "text_tiny_cls.pt");
        weights["data2vec_text.embeddings.token_type_embeddings.weight"] = ([1, expected.HiddenSize], new float[expected.HiddenSize]);
        Save(weights);
        int classes = expected.Labels!.Count;
        TextConfigOf(expected, config => config["id2label"] = new JsonObject([.. Enumerable.Range(0, classes).Select(i => KeyValuePair.Create($"{i}", (JsonNode?)$"label {i}"))]));
        // RoBERTa's order: special tokens, then what the merges need.
        string[] tokens = ["<s>", "<pad>", "</s>", "<unk>", .. Enumerable.Range('!', 94).Select(letter => $"{(char)letter}"), "Ġ", "<mask>"];
        Write("vocab.json", new JsonObject([.. tokens.Select((token, i) => KeyValuePair.Create(token, (JsonNode?)i))]));
        _folder.Add("merges.txt", "#version: 0.2\n"u8.ToArray());
        using TextModel model = LoadFolder<TextModel>($"classification head of {classes} labels (Hugging Face");
        ReadOnlyMemory<int>[] ids = [new[] { 0, 5, 77, 4, 4, 2 }];
        Assert.Equal(expected.Scores(ids), model.Scores(ids));
        Assert.Equal("label 1", model.Labels![1]);
        Assert.Equal([0, 4, 98, 5, 2], model.Tokenizer!.Encode("! \""));
    }

    [Theory, InlineData("model.safetensors"), InlineData("pytorch_model.bin")]
    public void A_Hugging_Face_vision_model_gives_the_bits_of_fairseqs(string container)
    {
        Save(StateDict.OfFairseq("vision", "vision_tiny.pt").Split("attn.qkv.weight", [.. Parts("attn.attention.attention")])
            .Rename([("attn.attention.attention", "attention.attention"), .. s_visionNames]), container);
        using VisionModel expected = LoadFairseq<VisionModel>("vision", "vision_tiny.pt");
        VisionConfigOf(expected, config => config["use_mean_pooling"] = false);
        using VisionModel model = LoadFolder<VisionModel>("data2vec vision model, pretrained (Hugging Face");
        ReadOnlyMemory<float>[] pixels = [Noise(3 * model.Preprocessing.CropSize * model.Preprocessing.CropSize)];
        Assert.Equal(expected.EmbedPrepared(pixels, s_rows), model.EmbedPrepared(pixels, s_rows));
        Assert.Equal(0.5f, model.Preprocessing.Mean[0]); // where no preprocessor_config.json says otherwise
    }

    [Fact]
    public void A_Hugging_Face_vision_model_with_a_head_takes_the_mean_of_all_patches()
    {
        StateDict fairseq = StateDict.OfFairseq("vision", "vision_tiny_cls.pt");
        Save(fairseq.Split("attn.qkv.weight", [.. Parts("attn.attention.attention")])
            .Rename([("attn.attention.attention", "attention.attention"), .. s_visionNames]));
        using VisionModel expected = LoadFairseq<VisionModel>("vision", "vision_tiny_cls.pt");
        VisionConfigOf(expected);
        Write("preprocessor_config.json", JsonNode.Parse(
            $$"""{"image_processor_type":"BeitImageProcessor","size":{{expected.Preprocessing.CropSize}},"do_center_crop":false,"image_mean":[0.1,0.2,0.3],"image_std":[0.4,0.5,0.6]}""")!.AsObject());
        using VisionModel model = LoadFolder<VisionModel>($"classification head of {expected.Labels!.Count} labels (Hugging Face");
        Assert.Equal(0.2f, model.Preprocessing.Mean[1]);
        CheckHead(expected, model, fairseq);
    }

    [Theory, InlineData("model"), InlineData("module"), InlineData(null)]
    public void A_BEiT_checkpoint_gives_the_bits_of_fairseqs(string? place)
    {
        StateDict weights = StateDict.OfFairseq("vision", "vision_tiny.pt").Rename(BeitNames);
        weights["lm_head.weight"] = ([2, 2], [1, 2, 3, 4]);
        string checkpoint = _folder.Add("checkpoint.pth", weights.ToTorch(place is null ? [] : [place]));
        using VisionModel expected = LoadFairseq<VisionModel>("vision", "vision_tiny.pt", config => config["layer_norm_epsilon"] = 1e-6);
        using VisionModel model = Load<VisionModel>(checkpoint, "data2vec vision model, pretrained (BEiT's layout");
        ReadOnlyMemory<float>[] pixels = [Noise(3 * model.Preprocessing.CropSize * model.Preprocessing.CropSize)];
        Assert.Equal(expected.EmbedPrepared(pixels, s_rows), model.EmbedPrepared(pixels, s_rows));
        Assert.Equal(0.485f, model.Preprocessing.Mean[0]);
    }

    [Theory, InlineData(0.25), InlineData(null)]
    public void The_norm_of_the_head_can_have_another_epsilon_than_the_layers(double? epsilon)
    {
        using VisionModel expected = LoadFairseq<VisionModel>("vision", "vision_tiny_cls.pt");
        using VisionModel model = LoadFairseq<VisionModel>("vision", "vision_tiny_cls.pt", config =>
        {
            config["pool_skips_first_patch"] = false;
            if (epsilon is not null)
            {
                config["classifier_norm_epsilon"] = epsilon;
            }
        });
        Assert.Equal((float?)epsilon, ((VisionConfig)model.Config).ClassifierEpsilon);
        CheckHead(expected, model, StateDict.OfFairseq("vision", "vision_tiny_cls.pt"));
    }

    [Fact]
    public void The_width_of_a_fairseq_vision_model_is_that_of_its_weights()
    {
        using VisionModel expected = LoadFairseq<VisionModel>("vision", "vision_tiny.pt");
        var config = (VisionConfig)expected.Config;
        byte[] checkpoint = StateDict.OfFairseq("vision", "vision_tiny.pt").ToTorch(
            pickle => pickle.Text("cfg").EmptyDict().Mark()
                .Text("model").EmptyDict().Mark()
                .Text("_name").Text("data2vec_vision")
                .Text("embed_dim").Int(config.HiddenSize)
                .Text("depth").Int(config.Layers)
                .Text("num_heads").Int(config.Heads)
                .Text("image_size").Int(config.ImageSize)
                .Text("patch_size").Int(config.PatchSize)
                .Text("mlp_ratio").Int(7)
                .Op("u").Op("u"),
            "model");
        using VisionModel model = Load<VisionModel>(_folder.Add("ratio.pt", checkpoint), "(fairseq data2vec_vision)");
        Assert.Equal(config.FeedForwardSize, ((VisionConfig)model.Config).FeedForwardSize);
        ReadOnlyMemory<float>[] pixels = [Noise(3 * config.ImageSize * config.ImageSize)];
        Assert.Equal(expected.EmbedPrepared(pixels, s_rows), model.EmbedPrepared(pixels, s_rows));
    }

    [Fact]
    public void A_BEiT_checkpoint_with_a_head_takes_the_mean_of_all_patches()
    {
        StateDict fairseq = StateDict.OfFairseq("vision", "vision_tiny_cls.pt");
        string checkpoint = _folder.Add("mp_rank_00_model_states.pt", fairseq.Rename(BeitNames).ToTorch("module"));
        using VisionModel expected = LoadFairseq<VisionModel>("vision", "vision_tiny_cls.pt", config => config["layer_norm_epsilon"] = 1e-6);
        using VisionModel model = Load<VisionModel>(checkpoint, "(BEiT's layout, under 'module')");
        Assert.Equal(0.5f, model.Preprocessing.Mean[0]);
        CheckHead(expected, model, fairseq);
    }

    [Theory]
    [InlineData("blocks.1.gamma_1", "blocks.1.gamma_1 is missing, which other layers have")]
    [InlineData("rel_pos_bias.relative_position_bias_table", "relative_position_bias_table is missing")]
    [InlineData("blocks.1.attn.q_bias", "blocks.1.attn.q_bias is missing")]
    public void What_one_layer_has_all_have(string name, string reason)
    {
        StateDict weights = StateDict.OfFairseq("vision", "vision_tiny.pt").Rename(BeitNames).Without(name);
        Assert.Contains(reason, Refuse(_folder.Add("checkpoint.pth", weights.ToTorch("model"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("use_shared_relative_position_bias", "false")]
    [InlineData("use_relative_position_bias", "true")]
    [InlineData("layer_scale_init_value", "0")]
    public void Options_of_a_vision_model_and_its_weights_must_agree(string option, string value)
    {
        Save(StateDict.OfFairseq("vision", "vision_tiny.pt").Split("attn.qkv.weight", [.. Parts("attn.attention.attention")])
            .Rename([("attn.attention.attention", "attention.attention"), .. s_visionNames]));
        using VisionModel fairseq = LoadFairseq<VisionModel>("vision", "vision_tiny.pt");
        VisionConfigOf(fairseq, config =>
        {
            config["use_mean_pooling"] = false;
            config[option] = JsonNode.Parse(value);
        });
        Assert.Contains($"config.json: {option} asks for", Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_file_never_replaces_a_file_of_the_folder()
    {
        SaveText();
        byte[] before = File.ReadAllBytes(_folder.PathOf("model.safetensors"));
        string folder = Path.GetDirectoryName(_folder.PathOf("x"))!;
        foreach (string source in new[] { folder, _folder.PathOf("config.json") })
        {
            foreach (string name in new[] { "model.safetensors", "config.json" })
            {
                Assert.Throws<InvalidDataException>(() => CheckpointConverter.Convert(source, _folder.PathOf(name)));
            }
        }

        Assert.Equal(before, File.ReadAllBytes(_folder.PathOf("model.safetensors")));
        CheckpointConverter.Convert(folder, _folder.PathOf("model.d2v"));
        CheckpointConverter.Convert(folder, _folder.PathOf("model.d2v"));
    }

    [Fact]
    public void A_table_of_each_block_is_added_to_the_shared_one()
    {
        StateDict weights = StateDict.OfFairseq("vision", "vision_tiny.pt").Rename(BeitNames);
        (long[] shape, float[] shared) = weights["rel_pos_bias.relative_position_bias_table"];
        // Halves add up exactly.
        float[] half = [.. shared.Select(value => value / 2)];
        StateDict both = weights.Rename();
        both["rel_pos_bias.relative_position_bias_table"] = (shape, half);
        StateDict own = weights.Without("rel_pos_bias.relative_position_bias_table");
        for (int i = 0; i < LayersOf(weights); i++)
        {
            both[$"blocks.{i}.attn.relative_position_bias_table"] = (shape, half);
            own[$"blocks.{i}.attn.relative_position_bias_table"] = (shape, shared);
        }

        using VisionModel expected = Load<VisionModel>(_folder.Add("shared.pth", weights.ToTorch("model")), "BEiT");
        ReadOnlyMemory<float>[] pixels = [Noise(3 * expected.Preprocessing.CropSize * expected.Preprocessing.CropSize)];
        foreach ((string name, StateDict tables) in new[] { ("both", both), ("own", own) })
        {
            using VisionModel model = Load<VisionModel>(_folder.Add($"{name}.pth", tables.ToTorch("model")), "BEiT");
            Assert.Equal(expected.EmbedPrepared(pixels, s_rows), model.EmbedPrepared(pixels, s_rows));
        }
    }

    [Theory]
    [InlineData("model_type", "\"albert\"", "config.json: model_type is 'albert', which is not supported")]
    [InlineData("hidden_act", "\"relu\"", "config.json: hidden_act is 'relu'")]
    [InlineData("hidden_size", "\"many\"", "config.json: hidden_size is not a whole number")]
    [InlineData("hidden_size", "-1", "config.json: hidden_size is -1")]
    [InlineData("num_attention_heads", "7", "config.json: num_attention_heads is 7, which does not divide hidden_size")]
    [InlineData("num_hidden_layers", "5", "is missing")]
    [InlineData("num_hidden_layers", "1", "is unknown")]
    [InlineData("intermediate_size", "8", "instead of [8,")]
    [InlineData("layer_norm_eps", "0", "must be a number between 0 and 1")]
    [InlineData("max_position_embeddings", "4", "max_position_embeddings is 4")]
    [InlineData("pad_token_id", "0", "pad_token_id is 0")]
    [InlineData("position_embedding_type", "\"relative_key\"", "position_embedding_type is 'relative_key'")]
    public void Wrong_options_are_refused_by_name(string option, string value, string reason)
    {
        SaveText(config => config[option] = JsonNode.Parse(value));
        Assert.Contains(reason, Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{\"a\":1,\"a\":2}", "not valid JSON")]
    [InlineData("{\"\\ud800\":1}", "not valid JSON")]
    [InlineData("{\"model_type\":[\"\\ud800\"]}", "not valid JSON")]
    [InlineData("{}", "model_type")]
    public void A_broken_config_is_refused(string json, string reason)
    {
        SaveText();
        _folder.Add("config.json", Encoding.UTF8.GetBytes(json));
        string message = Refuse(_folder.PathOf("model.safetensors"));
        Assert.Contains("config.json", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_and_huge_configs_are_refused()
    {
        SaveText();
        _folder.Add("config.json", Encoding.UTF8.GetBytes(new string('[', 100_000)));
        Assert.Contains("config.json: not valid JSON", Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
        _folder.Add("config.json", new byte[(16 << 20) + 1]);
        Assert.Contains("config.json: 16777217 bytes", Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_model_is_refused_and_said_to_be_so()
    {
        string folder = Path.GetDirectoryName(_folder.PathOf("x"))!;
        Assert.Contains("a folder without model.safetensors", Refuse(folder), StringComparison.Ordinal);
        StateDict weights = StateDict.OfFairseq("text", "text_tiny.pt").Rename(s_textNames);
        Assert.Contains("config.json, which says what model it is", Refuse(_folder.Add("model.safetensors", weights.ToSafetensors())), StringComparison.Ordinal);
        Assert.Contains("its config.json must be in the same folder", Refuse(_folder.Add("pytorch_model.bin", weights.ToTorch())), StringComparison.Ordinal);
        Assert.Contains("unknown layout", Refuse(_folder.Add("other.pt", weights.Rename(("^embeddings", "inputs"), ("^", "x.")).ToTorch())), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static readonly EmbeddingOptions s_rows = new() { Pooling = Pooling.None };

    private static IEnumerable<string> Parts(string place) => new[] { "query", "key", "value" }.Select(part => $"{place}.{part}.weight");

    private static int LayersOf(StateDict beit) => beit.Names.Count(name => name.EndsWith("norm1.weight", StringComparison.Ordinal));

    private static float[] Noise(int count)
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    /// <summary>Hidden states equal to fairseq's, and the head as the layout has it, computed here in double precision.</summary>
    private static void CheckHead(VisionModel fairseq, VisionModel model, StateDict weights)
    {
        ReadOnlyMemory<float>[] pixels = [Noise(3 * model.Preprocessing.CropSize * model.Preprocessing.CropSize)];
        float[] rows = model.EmbedPrepared(pixels, s_rows)[0];
        Assert.Equal(fairseq.EmbedPrepared(pixels, s_rows)[0], rows);
        int hidden = model.HiddenSize, patches = rows.Length / hidden - 1;
        double[] mean = [.. Enumerable.Range(0, hidden).Select(i => Enumerable.Range(1, patches).Average(row => (double)rows[row * hidden + i]))];
        double centre = mean.Average(), deviation = Math.Sqrt(mean.Average(value => (value - centre) * (value - centre)) + (((VisionConfig)model.Config).ClassifierEpsilon ?? ((VisionConfig)model.Config).Epsilon));
        float[] gain = weights["fc_norm.weight"].Values, bias = weights["fc_norm.bias"].Values, matrix = weights["head.weight"].Values, offset = weights["head.bias"].Values;
        double[] normed = [.. mean.Select((value, i) => (value - centre) / deviation * gain[i] + bias[i])];
        float[] scores = model.Scores(pixels)[0];
        Assert.Equal(offset.Length, scores.Length);
        for (int label = 0; label < scores.Length; label++)
        {
            Assert.Equal(offset[label] + normed.Select((value, i) => value * matrix[label * hidden + i]).Sum(), scores[label], 1e-5);
        }
    }

    private void Save(StateDict weights, string container = "model.safetensors")
    {
        switch (container)
        {
            case "pytorch_model.bin":
                _folder.Add(container, weights.ToTorch());
                break;
            case "sharded":
                string Shard(string name) => name.Contains("encoder.", StringComparison.Ordinal) ? "model-00002-of-00002.safetensors" : "model-00001-of-00002.safetensors";
                _folder.Add("model.safetensors.index.json", Encoding.UTF8.GetBytes(weights.ToIndex(Shard)));
                foreach (string file in new[] { "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors" })
                {
                    _folder.Add(file, weights.Where(name => Shard(name) == file).ToSafetensors());
                }

                break;
            default:
                _folder.Add(container, weights.ToSafetensors());
                break;
        }
    }

    private void SaveText(Action<JsonObject>? change = null)
    {
        StateDict weights = StateDict.OfFairseq("text", "text_tiny.pt").Rename(s_textNames);
        using TextModel fairseq = LoadFairseq<TextModel>("text", "text_tiny.pt");
        weights["embeddings.token_type_embeddings.weight"] = ([1, fairseq.HiddenSize], new float[fairseq.HiddenSize]);
        Save(weights);
        TextConfigOf(fairseq, change);
    }

    private void AudioConfigOf(SpeechModel model) => Write("config.json", AudioConfigJson(model.Config));

    /// <summary>Hugging Face's options of a speech model.</summary>
    internal static JsonObject AudioConfigJson(Audio.AudioConfig config)
    {
        JsonNode List(Func<Kernels.Conv1dShape, int> value) => new JsonArray([.. config.FeatureExtractor.Select(conv => (JsonNode)value(conv))]);
        return new JsonObject
        {
            ["model_type"] = "data2vec-audio",
            ["hidden_size"] = config.HiddenSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["intermediate_size"] = config.FeedForwardSize,
            ["layer_norm_eps"] = 1e-5,
            ["conv_dim"] = List(conv => conv.OutputChannels),
            ["conv_kernel"] = List(conv => conv.Kernel),
            ["conv_stride"] = List(conv => conv.Stride),
            ["num_conv_pos_embeddings"] = config.PositionalConvolution.Count,
            ["conv_pos_kernel_size"] = config.PositionalConvolution[0].Kernel,
            ["num_conv_pos_embedding_groups"] = config.PositionalConvolution[0].Groups,
        };
    }

    private void TextConfigOf(TextModel model, Action<JsonObject>? change = null)
    {
        var config = model.Config;
        var json = new JsonObject
        {
            ["model_type"] = "data2vec-text",
            ["vocab_size"] = config.VocabularySize,
            ["max_position_embeddings"] = config.MaxTokens + 2,
            ["type_vocab_size"] = 1,
            ["hidden_size"] = config.HiddenSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["intermediate_size"] = config.FeedForwardSize,
            ["layer_norm_eps"] = 1e-5,
        };
        change?.Invoke(json);
        Write("config.json", json);
    }

    private void VisionConfigOf(VisionModel model, Action<JsonObject>? change = null)
    {
        var config = (VisionConfig)model.Config;
        var json = new JsonObject
        {
            ["model_type"] = "data2vec-vision",
            ["use_shared_relative_position_bias"] = true,
            ["image_size"] = config.ImageSize,
            ["patch_size"] = config.PatchSize,
            ["hidden_size"] = config.HiddenSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["intermediate_size"] = config.FeedForwardSize,
            ["layer_norm_eps"] = 1e-5,
        };
        change?.Invoke(json);
        Write("config.json", json);
    }

    private void Write(string name, JsonObject json) => _folder.Add(name, Encoding.UTF8.GetBytes(json.ToJsonString()));

    private TModel LoadFairseq<TModel>(string folder, string name, Action<JsonObject>? change = null)
        where TModel : Data2VecModel
    {
        string path = _folder.PathOf("fairseq.d2v");
        CheckpointConverter.Convert(Path.Combine(AppContext.BaseDirectory, "Fixtures", folder, name), path);
        return Data2VecModel.Load<TModel>(change is null ? path : ModelFiles.WithConfig(path, change));
    }

    private TModel LoadFolder<TModel>(string description)
        where TModel : Data2VecModel => Load<TModel>(Path.GetDirectoryName(_folder.PathOf("x"))!, description);

    private TModel Load<TModel>(string checkpoint, string description)
        where TModel : Data2VecModel
    {
        string path = _folder.PathOf("other.d2v");
        Assert.Contains(description, CheckpointConverter.Convert(checkpoint, path).Description, StringComparison.Ordinal);
        return Data2VecModel.Load<TModel>(path);
    }

    private string Refuse(string checkpoint)
    {
        string path = _folder.PathOf("refused.d2v");
        string message = Assert.Throws<InvalidDataException>(() => CheckpointConverter.Convert(checkpoint, path)).Message;
        Assert.False(File.Exists(path));
        return message;
    }
}
