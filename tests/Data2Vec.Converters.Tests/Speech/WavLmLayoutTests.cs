using System.Text.Json.Nodes;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Converters.Tests.Layouts;
using Data2Vec.Converters.Tests.PyTorch;
using Data2Vec.Converters.Tests.Safetensors;

namespace Data2Vec.Converters.Tests.Speech;

/// <summary>How WavLM's checkpoints are recognized, and which are refused.</summary>
public sealed class WavLmLayoutTests : IDisposable
{
    private const string Base = "wavlm_base.pt";

    private static readonly (string, string)[] s_huggingFaceNames =
    [
        ("^mask_emb$", "masked_spec_embed"), (@"conv_layers\.(\d+)\.0\.", "conv_layers.$1.conv."), (@"conv_layers\.(\d+)\.2\.", "conv_layers.$1.layer_norm."),
        (@"^layer_norm\.", "feature_projection.layer_norm."), (@"^post_extract_proj\.", "feature_projection.projection."),
        (@"^encoder\.pos_conv\.0\.", "encoder.pos_conv_embed.conv."), (@"\.final_layer_norm\.", ".FINAL."), (@"\.self_attn_layer_norm\.", ".layer_norm."), ("FINAL", "final_layer_norm"),
        (@"\.self_attn\.relative_attention_bias\.", ".attention.rel_attn_embed."), (@"\.self_attn\.grep_linear\.", ".attention.gru_rel_pos_linear."),
        (@"\.self_attn\.grep_a$", ".attention.gru_rel_pos_const"), (@"\.self_attn\.", ".attention."), (@"\.fc1\.", ".feed_forward.intermediate_dense."),
        (@"\.fc2\.", ".feed_forward.output_dense."),
    ];

    private readonly Folder _folder = new();

    [Theory, InlineData(""), InlineData("wavlm.")]
    public void Hugging_Faces_names_give_the_bits_of_Microsofts(string prefix)
    {
        StateDict weights = Weights();
        float[] expected = Embed(_folder.Add("base.pt", weights.ToTorch(Cfg(), "model")));
        WriteConfig(_ => { });
        Assert.Equal(expected, Embed(_folder.Add("model.safetensors", weights.Rename([.. s_huggingFaceNames, ("^", prefix)]).ToSafetensors())));
    }

    [Theory]
    [InlineData("relative_position_embedding"), InlineData("gru_rel_pos"), InlineData("dropout")]
    public void An_option_or_a_tensor_of_its_own_tells_the_model(string missing)
    {
        // The defaults of the options are those of a model without the bias.
        string file = _folder.Add("base.pt", Weights().ToTorch(Cfg((missing, null)), "model"));
        if (missing == "dropout")
        {
            Assert.StartsWith("WavLM speech model, pretrained (microsoft)", Convert(file).Description, StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains("recognized as WavLM speech model, pretrained (microsoft), but the tensors do not match the configuration", Refuse(file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_model_without_gates_or_without_the_bias_is_read_too()
    {
        StateDict plain = Weights().Where(name => !name.Contains("grep_", StringComparison.Ordinal));
        string ungated = _folder.Add("ungated.pt", plain.ToTorch(Cfg(("gru_rel_pos", false)), "model"));
        string unbiased = _folder.Add("unbiased.pt", plain.Without("encoder.layers.0.self_attn.relative_attention_bias.weight")
            .ToTorch(Cfg(("gru_rel_pos", false), ("relative_position_embedding", false)), "model"));
        float[] all = Embed(_folder.Add("base.pt", Weights().ToTorch(Cfg(), "model")));
        Assert.NotEqual(all, Embed(ungated));
        Assert.NotEqual(Embed(ungated), Embed(unbiased));
    }

    [Theory]
    [InlineData("num_buckets", 3L, "num_buckets is 3"), InlineData("num_buckets", 160L, "is 40; it must be more than a quarter of the 160 buckets")]
    [InlineData("max_distance", 0L, "max_distance is 0"), InlineData("max_distance", 1L << 40, "max_distance"), InlineData("num_buckets", 32L, "relative_attention_bias.weight has the shape [24, 4] instead of [32, 4]")]
    [InlineData("encoder_layers", 3L, "encoder.layers.2.self_attn.grep_linear.weight is missing"), InlineData("encoder_attention_heads", 8L, "grep_a has the shape [1, 4, 1, 1] instead of [1, 8, 1, 1]")]
    public void Options_out_of_range_and_those_of_another_model_are_refused(string option, long value, string reason) =>
        Assert.Contains(reason, Refuse(_folder.Add("base.pt", Weights().ToTorch(Cfg((option, value)), "model"))), StringComparison.Ordinal);

    [Theory]
    [InlineData("encoder.layers.0.self_attn.relative_attention_bias.weight"), InlineData("encoder.layers.1.self_attn.grep_a"), InlineData("encoder.layers.0.self_attn.grep_linear.bias")]
    [InlineData("encoder.pos_conv.0.weight_g"), InlineData("layer_norm.weight")]
    public void A_missing_tensor_is_named(string name)
    {
        string message = Refuse(_folder.Add("base.pt", Weights().Without(name).ToTorch(Cfg(), "model")));
        Assert.Contains($"{name} is missing", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_without_a_configuration_are_recognized_and_refused()
    {
        string message = Refuse(_folder.Add("base.pt", Weights().ToTorch("model")));
        Assert.Contains("recognized as a WavLM speech model by its tensors, but its configuration is missing", message, StringComparison.Ordinal);
    }

    [Fact]
    public void WavLMs_tensors_in_a_folder_of_wav2vec_2_and_the_other_way_round_are_refused()
    {
        _folder.Add("model.safetensors", Weights().Rename(s_huggingFaceNames).ToSafetensors());
        WriteConfig(config => config["model_type"] = "wav2vec2");
        string message = Refuse(_folder.PathOf("model.safetensors"));
        Assert.Contains("recognized as wav2vec 2.0 speech model", message, StringComparison.Ordinal);
        Assert.Contains("encoder.layers.0.attention.rel_attn_embed.weight is unknown", message, StringComparison.Ordinal);

        WriteConfig(_ => { });
        _folder.Add("model.safetensors", Weights().Where(name => !name.Contains("grep_", StringComparison.Ordinal)).Rename(s_huggingFaceNames).ToSafetensors());
        message = Refuse(_folder.PathOf("model.safetensors"));
        Assert.Contains("recognized as WavLM speech model, pretrained (Hugging Face wavlm)", message, StringComparison.Ordinal);
        Assert.Contains("encoder.layers.1.attention.gru_rel_pos_const is missing", message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static StateDict Weights() => StateDict.OfFairseq("speech/wavlm", Base);

    /// <summary>Writes the configuration of the fixture with changes; an option that becomes null is left out.</summary>
    private static Action<PickleBuilder> Cfg(params (string Name, object? Value)[] changes)
    {
        using PyTorchFile file = PyTorchFile.Open(Path.Combine(AppContext.BaseDirectory, "Fixtures", "speech", "wavlm", Base));
        var options = ((PickleDictionary)((PickleDictionary)file.Root!)["cfg"]!).Where(entry => entry.Value is string or long or bool)
            .ToDictionary(entry => (string)entry.Key!, entry => entry.Value);
        foreach ((string name, object? value) in changes)
        {
            options[name] = value;
        }

        return pickle =>
        {
            pickle.Text("cfg").EmptyDict().Mark();
            foreach ((string name, object? value) in options.Where(option => option.Value is not null))
            {
                _ = value switch
                {
                    string text => pickle.Text(name).Text(text),
                    bool flag => pickle.Text(name).Raw((byte)(flag ? 0x88 : 0x89)),
                    _ => pickle.Text(name).Long((long)value!),
                };
            }

            pickle.Op("u");
        };
    }

    private void WriteConfig(Action<JsonObject> change)
    {
        string hugging = Path.Combine(AppContext.BaseDirectory, "Fixtures", "speech", "wavlm", "hf_base_ctc");
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(hugging, "config.json")))!.AsObject();
        config["architectures"] = new JsonArray("WavLMModel");
        change(config);
        File.WriteAllText(_folder.PathOf("config.json"), config.ToJsonString());
        File.Copy(Path.Combine(hugging, "preprocessor_config.json"), _folder.PathOf("preprocessor_config.json"), overwrite: true);
    }

    private ConversionResult Convert(string checkpoint) => CheckpointConverter.Convert(checkpoint, _folder.PathOf("model.d2v"));

    private string Refuse(string checkpoint) => Assert.Throws<InvalidDataException>(() => Convert(checkpoint)).Message;

    private float[] Embed(string checkpoint)
    {
        Convert(checkpoint);
        using SpeechModel model = Data2VecModel.Load<SpeechModel>(_folder.PathOf("model.d2v"));
        var random = new Random(5);
        return model.EmbedPrepared([Enumerable.Range(0, 20_000).Select(_ => random.NextSingle() - 0.5f).ToArray()])[0];
    }
}
