using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Fairseq;

public class AudioConversionTests
{
    private const string Labels = "| E T A O N I H S R D L U M W C F G Y P B V K ' X J Q Z";

    [Theory]
    [InlineData("feature_extractor.0.conv.weight", "feature_extractor.conv_layers.0.0.weight")]
    [InlineData("feature_extractor.6.norm.weight", "feature_extractor.conv_layers.6.2.1.weight")]
    [InlineData("feature_extractor.6.norm.bias", "feature_extractor.conv_layers.6.2.1.bias")]
    [InlineData("feature_projection.norm.weight", "layer_norm.weight")]
    [InlineData("feature_projection.norm.bias", "layer_norm.bias")]
    [InlineData("feature_projection.linear.weight", "post_extract_proj.weight")]
    [InlineData("feature_projection.linear.bias", "post_extract_proj.bias")]
    [InlineData("positional_convolution.4.conv.weight", "encoder.pos_conv.4.0.weight")]
    [InlineData("positional_convolution.4.conv.bias", "encoder.pos_conv.4.0.bias")]
    [InlineData("encoder.norm.weight", "encoder.layer_norm.weight")]
    [InlineData("encoder.norm.bias", "encoder.layer_norm.bias")]
    [InlineData("encoder.3.attention.query.weight", "encoder.layers.3.self_attn.q_proj.weight")]
    [InlineData("encoder.3.attention.key.weight", "encoder.layers.3.self_attn.k_proj.weight")]
    [InlineData("encoder.3.attention.value.weight", "encoder.layers.3.self_attn.v_proj.weight")]
    [InlineData("encoder.3.attention.output.weight", "encoder.layers.3.self_attn.out_proj.weight")]
    [InlineData("encoder.3.attention.query.bias", "encoder.layers.3.self_attn.q_proj.bias")]
    [InlineData("encoder.3.attention.output.bias", "encoder.layers.3.self_attn.out_proj.bias")]
    [InlineData("encoder.3.attention_norm.weight", "encoder.layers.3.self_attn_layer_norm.weight")]
    [InlineData("encoder.3.feed_forward.intermediate.weight", "encoder.layers.3.fc1.weight")]
    [InlineData("encoder.3.feed_forward.output.weight", "encoder.layers.3.fc2.weight")]
    [InlineData("encoder.3.feed_forward.output.bias", "encoder.layers.3.fc2.bias")]
    [InlineData("encoder.3.feed_forward_norm.bias", "encoder.layers.3.final_layer_norm.bias")]
    public void Each_tensor_has_the_numbers_of_its_source(string name, string source)
    {
        using var conversion = new Conversion(Conversion.Pretrained);
        conversion.Run();
        Assert.Equal(conversion.Source(source), conversion.Converted(name));
    }

    [Fact]
    public void Pretrained_models_have_the_structure_that_fairseq_wrote_down()
    {
        using var conversion = new Conversion(Conversion.Pretrained);
        ConversionResult result = conversion.Run();
        using D2vFile file = conversion.Open();
        AudioConfig config = AudioConfig.FromJson(file.Config);
        Assert.Equal("data2vec-audio", file.Architecture);
        Assert.Equal((64, 4, 4, 128), (config.HiddenSize, config.Layers, config.Heads, config.FeedForwardSize));
        Assert.True(config.Normalize);
        Assert.Null(config.Labels);
        Assert.Equal(
            [(1, 32, 10, 5), (32, 32, 3, 2), (32, 32, 3, 2), (32, 32, 3, 2), (32, 32, 3, 2), (32, 32, 2, 2), (32, 32, 2, 2)],
            config.FeatureExtractor.Select(conv => (conv.InputChannels, conv.OutputChannels, conv.Kernel, conv.Stride)));
        Assert.Equal(Enumerable.Repeat(new Conv1dShape(64, 64, 19, 1, 9, 16), 5), config.PositionalConvolution);

        // fairseq counts 182208; mask_emb (64) and final_proj (64 x 64 + 64) are for pre-training only.
        Assert.Equal(182_208 - 64 - 64 * 64 - 64, result.Parameters);
        Assert.Equal(result.Parameters, file.Tensors.Values.Sum(tensor => tensor.Count));
        Assert.Equal(new FileInfo(conversion.Output).Length, result.Bytes);
        Assert.Equal(Conversion.Pretrained, file.Provenance.GetProperty("source").GetString());
    }

    [Fact]
    public void Fine_tuned_models_have_their_head_and_the_labels_of_their_dictionary()
    {
        using var conversion = new Conversion(Conversion.FineTuned);
        conversion.Run();
        using D2vFile file = conversion.Open();
        Assert.Equal(["<s>", "<pad>", "</s>", "<unk>", .. Labels.Split(' ')], AudioConfig.FromJson(file.Config).Labels!);
        Assert.Equal(conversion.Source("w2v_encoder.proj.weight"), conversion.Converted("ctc.weight"));
        Assert.Equal(conversion.Source("w2v_encoder.proj.bias"), conversion.Converted("ctc.bias"));
        Assert.Equal(
            conversion.Source("w2v_encoder.w2v_model.encoder.layers.1.fc1.weight"),
            conversion.Converted("encoder.1.feed_forward.intermediate.weight"));
    }

    [Fact]
    public void The_teacher_gives_the_transformer_and_the_student_the_rest()
    {
        using var conversion = new Conversion(Conversion.Pretrained);
        conversion.Run(new ConversionOptions { Teacher = true });
        float[] query = conversion.Converted("encoder.2.attention.query.weight");
        Assert.Equal(conversion.Source("_ema/layers.2.self_attn.q_proj.weight"), query);
        Assert.NotEqual(conversion.Source("encoder.layers.2.self_attn.q_proj.weight"), query);
        Assert.Equal(conversion.Source("_ema/layer_norm.bias"), conversion.Converted("encoder.norm.bias"));
        Assert.Equal(conversion.Source("_ema/pos_conv.1.0.bias"), conversion.Converted("positional_convolution.1.conv.bias"));
        Assert.Equal(conversion.Source("layer_norm.bias"), conversion.Converted("feature_projection.norm.bias"));
    }

    [Fact]
    public void Fine_tuned_checkpoints_have_no_teacher()
    {
        using var conversion = new Conversion(Conversion.FineTuned);
        Assert.Contains("no teacher", conversion.Refuse(new ConversionOptions { Teacher = true }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ElementType.F32, ElementType.F32, ElementType.F32)]
    [InlineData(ElementType.F16, ElementType.F16, ElementType.F16)]
    [InlineData(ElementType.BF16, ElementType.BF16, ElementType.BF16)]
    [InlineData(ElementType.I8, ElementType.F32, ElementType.BF16)]
    public void The_number_format_is_that_of_the_weights_and_vectors_stay_f32(ElementType type, ElementType projection, ElementType convolutions)
    {
        using var conversion = new Conversion(Conversion.FineTuned);
        conversion.Run(new ConversionOptions { Type = type });
        using D2vFile file = conversion.Open();
        Assert.All(file.Tensors.Values, tensor => Assert.Equal(
            tensor.Shape.Count switch
            {
                1 => (ElementType.F32, WeightLayout.Rows),
                2 => (tensor.Name == "feature_projection.linear.weight" ? projection : type, WeightLayout.Panels),
                _ => (convolutions, WeightLayout.Panels),
            },
            (tensor.Type, tensor.Layout)));
        Assert.Equal(16, file.Tensor("positional_convolution.0.conv.weight").Groups);
    }

    [Fact]
    public void Progress_counts_every_tensor_once()
    {
        using var conversion = new Conversion(Conversion.Pretrained);
        var progress = new Recorder();
        conversion.Run(null, progress);
        using D2vFile file = conversion.Open();
        Assert.Equal(Enumerable.Range(1, file.Tensors.Count), progress.Reports.Select(report => report.Done));
        Assert.All(progress.Reports, report => Assert.Equal(file.Tensors.Count, report.Total));
        Assert.Equal(file.Tensors.Keys.Order(), progress.Reports.Select(report => report.Tensor).Order());
    }

    [Fact]
    public void Missing_and_unknown_tensors_are_told_in_one_error()
    {
        using var conversion = new Conversion(
            Conversion.Pretrained, Conversion.Replace("post_extract_proj.bias", "somebody.elses"));
        string message = conversion.Refuse();
        Assert.StartsWith(Conversion.Pretrained + ": ", message, StringComparison.Ordinal);
        Assert.Contains("post_extract_proj.bias is missing", message, StringComparison.Ordinal);
        Assert.Contains("somebody.elses is unknown", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_structure_of_other_sizes_is_refused_with_ten_tensors_and_a_count()
    {
        using var conversion = new Conversion(Conversion.Pretrained, Conversion.Replace(
            "[(32, 10, 5)] + [(32, 3, 2)] * 4 + [(32,2,2)] + [(32,2,2)]", "[(16, 10, 5)] + [(16, 3, 2)] * 6"));

        // Seven convolutions and their norms, the projection and its norm: 3 x 7 + 3.
        string message = conversion.Refuse();
        Assert.Contains("has the shape [32, 1, 10] instead of [16, 1, 10]", message, StringComparison.Ordinal);
        Assert.EndsWith("; and 14 more", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_come_from_a_dictionary_file_where_one_is_given()
    {
        using var conversion = new Conversion(Conversion.FineTuned);
        string path = conversion.WriteDictionary(string.Concat(Enumerable.Range(0, 28).Select(i => $"label{i} 7\n")));
        conversion.Run(new ConversionOptions { DictionaryPath = path });
        using D2vFile file = conversion.Open();
        IReadOnlyList<string> labels = AudioConfig.FromJson(file.Config).Labels!;
        Assert.Equal(["<s>", "<pad>", "</s>", "<unk>", "label0"], labels.Take(5));
        Assert.Equal(32, labels.Count);
    }

    [Theory]
    [InlineData(" ")]
    [InlineData(" \t ")]
    [InlineData(" #fairseq:overwrite")]
    public void White_space_at_line_ends_and_fairseqs_flag_do_not_change_the_labels(string end)
    {
        using var conversion = new Conversion(Conversion.FineTuned);
        string path = conversion.WriteDictionary(string.Concat(Labels.Split(' ').Index().Select(label => $"{label.Item} 7{(label.Index == 1 ? end : "")}\n")));
        conversion.Run(new ConversionOptions { DictionaryPath = path });
        using D2vFile file = conversion.Open();
        Assert.Equal(Labels, string.Join(' ', AudioConfig.FromJson(file.Config).Labels!.Skip(4)));
    }

    [Theory]
    [InlineData("| 3\nE 2\n", "the dictionary has 6 labels, the four special ones included, and the CTC head 32 outputs")]
    [InlineData("| 3\nE\n", "dict.ltr.txt: line 2 is not a label, a space and a count")]
    [InlineData("| 3\n| 2\n", "dict.ltr.txt: line 2 repeats a label")]
    public void A_dictionary_that_does_not_fit_is_refused(string text, string reason)
    {
        using var conversion = new Conversion(Conversion.FineTuned);
        string path = conversion.WriteDictionary(text);
        Assert.Contains(reason, conversion.Refuse(new ConversionOptions { DictionaryPath = path }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_dictionary_for_a_pretrained_model_is_refused()
    {
        using var conversion = new Conversion(Conversion.Pretrained);
        string path = conversion.WriteDictionary("| 1\n");
        Assert.Contains("no CTC head", conversion.Refuse(new ConversionOptions { DictionaryPath = path }), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_change_the_structure()
    {
        using var biased = new Conversion(Conversion.Pretrained, Conversion.SetBoolean("conv_bias", true));
        Assert.Contains("feature_extractor.conv_layers.0.0.bias is missing", biased.Refuse(), StringComparison.Ordinal);
        using var grouped = new Conversion(Conversion.Pretrained, Conversion.Replace("layer_norm", "default"));
        Assert.Contains("feature_extractor.conv_layers.1.2.1.weight is unknown", grouped.Refuse(), StringComparison.Ordinal);
        using var preNorm = new Conversion(Conversion.Pretrained, Conversion.SetBoolean("layer_norm_first", true));
        preNorm.Run();
        using var model = Data2VecModel.Load<SpeechModel>(preNorm.Output);
        Assert.True(model.Config.NormalizesFirst);
        Assert.False(model.Config.IsData2Vecs);
        float[][] layers = model.EmbedPreparedLayers(Enumerable.Range(0, 4000).Select(i => MathF.Sin(i * i)).ToArray());
        Assert.All(layers, layer => Assert.True(layer.All(float.IsFinite)));
    }

    [Theory]
    [InlineData("extractor_mode", "layer_norm", "batch_norm")]
    [InlineData("activation_fn", "gelu", "relu")]
    [InlineData("layer_type", "transformer", "conformer")]
    public void Other_choices_than_data2vecs_are_refused_by_name(string option, string value, string other)
    {
        using var conversion = new Conversion(Conversion.Pretrained, Conversion.Replace(value, other));
        Assert.Contains($"the option {option} is '{other}'", conversion.Refuse(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wav2vec", "not known here (fairseq wav2vec)")]
    [InlineData("transformer_xyz", "not known here (fairseq transformer_xyz)")]
    public void Other_models_are_called_what_they_are(string name, string words)
    {
        using var pretrained = new Conversion(Conversion.Pretrained, Conversion.Replace("data2vec_audio", name));
        Assert.Contains(words, pretrained.Refuse(), StringComparison.Ordinal);
        using var fineTuned = new Conversion(Conversion.FineTuned, Conversion.Replace("data2vec_audio", name));
        string message = fineTuned.Refuse();
        Assert.Contains("a CTC model around", message, StringComparison.Ordinal);
        Assert.Contains(words, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_CTC_model_around_another_encoder_is_refused()
    {
        using var conversion = new Conversion(Conversion.FineTuned, Conversion.Replace("data2vec_audio", "roberta"));
        Assert.Contains("a CTC model around a RoBERTa model (fairseq roberta)", conversion.Refuse(), StringComparison.Ordinal);
    }

    private sealed class Recorder : IProgress<ConversionProgress>
    {
        public List<ConversionProgress> Reports { get; } = [];

        public void Report(ConversionProgress value) => Reports.Add(value);
    }
}
