using System.IO.Compression;
using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.Converters.Tests.Layouts;
using Data2Vec.Converters.Tests.Safetensors;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Speech;

/// <summary>The containers and layouts in which wav2vec 2.0 and HuBERT come, whole and damaged.</summary>
public sealed class Wav2Vec2LayoutTests : SpeechReference
{
    private const string Base = "wav2vec2/wav2vec2_base.pt", BatchNorm = "hubert/hubert_base_bn.pt";

    /// <summary>transformers' names, written down from its sources.</summary>
    private static readonly (string, string)[] s_names =
    [
        (@"^final_proj\..*|^project_q\..*|^quantizer\..*|^label_embs_concat$", ""),
        (@"^mask_emb$", "masked_spec_embed"),
        (@"conv_layers\.(\d+)\.0\.", "conv_layers.$1.conv."),
        (@"conv_layers\.(\d+)\.2\.", "conv_layers.$1.layer_norm."),
        (@"post_extract_proj", "feature_projection.projection"),
        (@"^layer_norm\.", "feature_projection.layer_norm."),
        (@"encoder\.pos_conv\.0\.", "encoder.pos_conv_embed.conv."),
        (@"self_attn_layer_norm", "layer_norm"),
        (@"self_attn\.", "attention."),
        (@"\.fc1\.", ".feed_forward.intermediate_dense."),
        (@"\.fc2\.", ".feed_forward.output_dense."),
    ];

    private static readonly (string, string)[] s_parametrized =
        [(@"conv\.weight_g$", "conv.parametrizations.weight.original0"), (@"conv\.weight_v$", "conv.parametrizations.weight.original1")];

    [Fact]
    public void The_container_of_2020_gives_the_same_bits()
    {
        string old = Path.Combine(Folder, "old.pt");
        Rewrite(Base, old, _ => File.ReadAllBytes(Fixture("wav2vec2/wav2vec2_base_args.pkl")));
        string file = ModelFile(old);
        AssertSameTensors(ModelFile(Base), file);
        using D2vFile opened = D2vFile.Open(file), cfg = D2vFile.Open(ModelFile(Base));
        Assert.Equal(cfg.Config.GetRawText(), opened.Config.GetRawText());
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Hugging_Faces_layout_gives_the_same_bits_in_both_spellings_of_weight_norm(bool isParametrized)
    {
        StateDict weights = StateDict.OfFairseq("speech", Base).Rename(isParametrized ? [.. s_names, .. s_parametrized] : s_names);
        AssertSameTensors(ModelFile(Base), ModelFile(HuggingFace(weights, _ => { })));
    }

    [Theory, InlineData("wav2vec2."), InlineData("")]
    public void A_head_for_whole_recordings_and_a_preparation_that_is_missing_are_warned_of(string prefix)
    {
        StateDict weights = StateDict.OfFairseq("speech", Base).Rename(s_names).Rename(("^", prefix));
        foreach (string name in (string[])["projector.weight", "classifier.weight", "layer_weights"])
        {
            weights[name] = ([2, 2], [1, 2, 3, 4]);
        }

        string folder = HuggingFace(weights, json => json["architectures"] = new JsonArray("Wav2Vec2ForSequenceClassification"));
        Assert.Single(CheckpointConverter.Convert(folder, Path.Combine(Folder, "headless.d2v")).Warnings);
        File.Delete(Path.Combine(folder, "preprocessor_config.json"));
        IReadOnlyList<string> warnings = CheckpointConverter.Convert(folder, Path.Combine(Folder, "headless.d2v")).Warnings;
        Assert.Contains(warnings, warning => warning.Contains(
            "the head projector, classifier, layer_weights is left out, because the architecture is Wav2Vec2ForSequenceClassification", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.Contains(
            "preprocessor_config.json is not beside config.json: recordings are read at 16000 Hz, and ", StringComparison.Ordinal));
    }

    [Fact]
    public void Weight_norm_that_was_folded_before_is_read_as_it_is()
    {
        StateDict weights = StateDict.OfFairseq("speech", Base).Rename(s_names);
        using D2vFile file = D2vFile.Open(ModelFile(Base));
        TensorInfo tensor = file.Tensor("positional_convolution.0.conv.weight");
        var values = new float[tensor.Count];
        file.Read(tensor, values);
        const string Convolution = "encoder.pos_conv_embed.conv.";
        StateDict folded = weights.Where(name => name is not (Convolution + "weight_g" or Convolution + "weight_v"));
        folded[Convolution + "weight"] = (weights[Convolution + "weight_v"].Shape, values);
        AssertSameTensors(ModelFile(Base), ModelFile(HuggingFace(folded, _ => { })));
    }

    [Fact]
    public void Weight_norm_is_computed_in_f32_also_from_f16()
    {
        StateDict weights = StateDict.OfFairseq("speech", Base).Rename(s_names);
        (long[] shape, float[] direction) = weights["encoder.pos_conv_embed.conv.weight_v"];
        float[] norms = weights["encoder.pos_conv_embed.conv.weight_g"].Values;
        string folder = HuggingFace(weights, _ => { });
        var halves = new SafetensorsBuilder();
        foreach (string name in weights.Names)
        {
            (long[] sizes, float[] values) = weights[name];
            halves.Tensor(name, "F16", sizes, [.. values.SelectMany(value => BitConverter.GetBytes((Half)value))]);
        }

        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), halves.ToArray());
        int taps = (int)shape[2];
        double[] squares = new double[taps];
        for (int i = 0; i < direction.Length; i++)
        {
            squares[i % taps] += Math.Pow((double)(Half)direction[i], 2);
        }

        using D2vFile file = D2vFile.Open(ModelFile(folder));
        TensorInfo tensor = file.Tensor("positional_convolution.0.conv.weight");
        var actual = new float[tensor.Count];
        file.Read(tensor, actual);
        for (int i = 0; i < actual.Length; i++)
        {
            double expected = (double)(Half)direction[i] * (double)(Half)norms[i % taps] / Math.Sqrt(squares[i % taps]);
            Assert.True(Math.Abs(expected - actual[i]) <= 3e-7 * Math.Abs(expected), $"{i}: {expected}, {actual[i]}");
        }
    }

    [Fact]
    public void A_head_of_pre_training_is_left_out_without_a_warning()
    {
        StateDict weights = StateDict.OfFairseq("speech", Base).Rename([.. s_names, (@"^(?=.)", "wav2vec2.")]);
        foreach (string head in (string[])["quantizer.codevectors", "quantizer.weight_proj.weight", "project_q.bias", "project_hid.weight"])
        {
            weights[head] = ([2], [1, 2]);
        }

        string file = Path.Combine(Folder, "pretraining.d2v");
        ConversionResult result = CheckpointConverter.Convert(HuggingFace(weights, config => config["architectures"] = new JsonArray("Wav2Vec2ForPreTraining")), file);
        Assert.Empty(result.Warnings);
        Assert.Equal("wav2vec 2.0 speech model, pretrained (Hugging Face wav2vec2)", result.Description);
        AssertSameTensors(ModelFile(Base), file);
    }

    [Theory]
    [InlineData("wav2vec_ctc", "wav2vec2", "wav2vec 2.0")]
    [InlineData("wav2vec_ctc", "hubert", "HuBERT")]
    [InlineData("hubert_ctc", "hubert", "HuBERT")]
    public void Ctc_models_of_fairseq_have_the_encoder_inside(string outer, string inner, string title)
    {
        // With several positional convolutions and a layer norm after each convolution, the structure is that of data2vec.
        using var conversion = new Conversion(Conversion.FineTuned, pickle => Conversion.Replace("wav2vec_ctc", outer)(Conversion.Replace("data2vec_audio", inner)(pickle)));
        ConversionResult result = conversion.Run();
        Assert.Equal($"{title} speech model with a CTC head of 32 labels (fairseq {outer})", result.Description);
        Assert.Equal(inner, result.Architecture);
        using var model = Data2VecModel.Load<SpeechModel>(conversion.Output);
        Assert.Equal((0, " "), (model.Ctc!.Blank, model.Ctc.Texts[4]));
    }

    [Fact]
    public void A_part_of_a_norm_that_is_missing_is_named()
    {
        StateDict weights = StateDict.OfFairseq("speech", Base).Rename(s_names);
        const string Convolution = "encoder.pos_conv_embed.conv.weight_";
        Refused(weights.Without(Convolution + "g"), $"{Convolution}g is missing, which belongs to {Convolution}v");
        Refused(weights.Without(Convolution + "v"), $"{Convolution}v is missing, which belongs to {Convolution}g");
        StateDict misshapen = weights.Where(_ => true);
        misshapen[Convolution + "g"] = ([1, 1, 3], [1, 2, 3]);
        Refused(misshapen, "does not fit norms of the shape [1, 1, 3]");
        StateDict both = weights.Where(_ => true);
        both["encoder.pos_conv_embed.conv.weight"] = weights[Convolution + "v"];
        Refused(both, "different tensors of the same name");
    }

    [Fact]
    public void A_configuration_of_another_structure_than_the_weights_says_what_it_was_recognised_as_and_what_is_missing()
    {
        StateDict weights = StateDict.OfFairseq("speech", Base).Rename(s_names);
        Refused(weights, "recognized as wav2vec 2.0 speech model, pretrained (Hugging Face wav2vec2), but", config => config["feat_extract_norm"] = "layer");
        Refused(weights, "feature_extractor.conv_layers.1.layer_norm.weight is missing", config => config["feat_extract_norm"] = "layer");
        Refused(weights, "feature_extractor.conv_layers.0.conv.bias is missing", config => config["conv_bias"] = true);
        Refused(weights, "has the shape", config => config["num_conv_pos_embeddings"] = 64);
        Refused(weights, "encoder.pos_conv_embed.batch_norm.weight is missing", config => (config["model_type"], config["conv_pos_batch_norm"]) = ("hubert", true));
        Refused(weights, "feature_projection.layer_norm.weight is unknown", config => (config["model_type"], config["feat_proj_layer_norm"]) = ("hubert", false));
        Refused(weights, "feat_extract_norm is 'batch'", config => config["feat_extract_norm"] = "batch");
        Refused(weights, "add_adapter is true", config => config["add_adapter"] = true);
        Refused(weights, "adapter_attn_dim is 16", config => config["adapter_attn_dim"] = 16);
        Refused(weights.Without("encoder.layers.1.attention.k_proj.bias"), "encoder.layers.1.attention.k_proj.bias is missing");
        Refused(weights.Without("feature_projection.projection.weight"), "feature_projection.projection.weight is missing");
    }

    [Theory]
    [InlineData(BatchNorm, "hubert", "wav2vec2", "recognized as wav2vec 2.0 speech model, pretrained (fairseq wav2vec2)", "label_embs_concat is unknown")]
    [InlineData(Base, "wav2vec2", "hubert", "recognized as HuBERT speech model, pretrained (fairseq hubert)", "quantizer.vars is unknown")]
    [InlineData(Base, "wav2vec2", "data2vec_audio", "recognized as data2vec speech model, pretrained (fairseq data2vec_audio)", "quantizer.vars is unknown")]
    public void Weights_of_another_model_are_refused(string checkpoint, string model, string other, string recognized, string reason)
    {
        string path = Path.Combine(Folder, "mixed.pt");
        Rewrite(checkpoint, path, Conversion.Replace(model, other));
        string message = Assert.Throws<InvalidDataException>(() => ModelFile(path)).Message;
        Assert.Contains(recognized, message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Features_of_the_size_of_hidden_states_need_no_projection_and_no_norm()
    {
        StateDict weights = StateDict.OfFairseq("speech", Base).Rename(s_names);
        string folder = HuggingFace(
            weights.Where(name => !name.StartsWith("feature_projection.layer_norm", StringComparison.Ordinal)),
            config => (config["model_type"], config["feat_proj_layer_norm"]) = ("hubert", false));
        using SpeechModel model = Model(folder);
        Assert.False(model.Config.HasFeatureNorm);
        var seen = new HashSet<string>();
        model.Observe(Read("wav2vec2/base/word/input.npy").Floats(), (name, _) => seen.Add(name));
        Assert.DoesNotContain("features_ln", seen);
    }

    private void Refused(StateDict weights, string reason, Action<JsonObject>? change = null) => Assert.Contains(
        reason, Assert.Throws<InvalidDataException>(() => ModelFile(HuggingFace(weights, change ?? (_ => { })))).Message, StringComparison.Ordinal);

    /// <summary>A folder of the base model in transformers' layout.</summary>
    private string HuggingFace(StateDict weights, Action<JsonObject> change)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Folder, Guid.NewGuid().ToString("N"))).FullName;
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), weights.ToSafetensors());
        using SpeechModel model = Model(Base);
        var config = new JsonObject
        {
            ["model_type"] = "wav2vec2",
            ["hidden_size"] = model.HiddenSize,
            ["num_hidden_layers"] = model.Layers,
            ["num_attention_heads"] = model.Config.Heads,
            ["intermediate_size"] = model.Config.FeedForwardSize,
            ["conv_dim"] = new JsonArray([.. model.Config.FeatureExtractor.Select(conv => (JsonNode)conv.OutputChannels)]),
        };
        change(config);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "preprocessor_config.json"), """{"do_normalize": true, "sampling_rate": 16000}""");
        return folder;
    }

    private void Rewrite(string checkpoint, string target, Func<byte[], byte[]> change)
    {
        using ZipArchive from = ZipFile.OpenRead(Fixture(checkpoint)), to = ZipFile.Open(target, ZipArchiveMode.Create);
        foreach (ZipArchiveEntry entry in from.Entries)
        {
            using var memory = new MemoryStream();
            using (Stream input = entry.Open())
            {
                input.CopyTo(memory);
            }

            using Stream output = to.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
            output.Write(entry.Name == "data.pkl" ? change(memory.ToArray()) : memory.ToArray());
        }
    }

    private static void AssertSameTensors(string expected, string actual)
    {
        using D2vFile one = D2vFile.Open(expected), other = D2vFile.Open(actual);
        Assert.Equal(one.Tensors.Keys, other.Tensors.Keys);
        foreach (TensorInfo tensor in one.Tensors.Values)
        {
            float[] values = new float[tensor.Count], others = new float[tensor.Count];
            one.Read(tensor, values);
            other.Read(other.Tensor(tensor.Name), others);
            Assert.Equal(values, others);
        }
    }
}
