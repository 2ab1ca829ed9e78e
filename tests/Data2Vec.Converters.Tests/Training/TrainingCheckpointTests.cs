using Data2Vec.Converters.PyTorch;
using Data2Vec.Converters.Tests.Layouts;
using Data2Vec.Converters.Training;
using Data2Vec.Parameters;

namespace Data2Vec.Converters.Tests.Training;

public sealed class TrainingCheckpointTests
{
    private static readonly string[] s_buffers = [".version", ".relative_position_index"];

    [Theory]
    [InlineData("audio/audio_tiny.pt", "mask_embedding", "mask_emb", null, 0, 1)]
    [InlineData("audio/audio_tiny.pt", "predictor.weight", "final_proj.weight", null, 0, 1)]
    [InlineData("audio/audio_tiny.pt", "encoder.norm.bias", "encoder.layer_norm.bias", "_ema/layer_norm.bias", 0, 1)]
    [InlineData("audio/audio_tiny.pt", "feature_projection.norm.bias", "layer_norm.bias", null, 0, 1)]
    [InlineData("audio/audio_tiny.pt", "positional_convolution.4.conv.weight", "encoder.pos_conv.4.0.weight", "_ema/pos_conv.4.0.weight", 0, 1)]
    [InlineData("audio/audio_tiny_fp16.pt", "encoder.2.attention.key.bias", "encoder.layers.2.self_attn.k_proj.bias", "_ema/layers.2.self_attn.k_proj.bias", 0, 1)]
    [InlineData("audio/audio_tiny_ctc.pt", "ctc.weight", "w2v_encoder.proj.weight", null, 0, 1)]
    [InlineData("audio/audio_tiny_ctc.pt", "mask_embedding", "w2v_encoder.w2v_model.mask_emb", null, 0, 1)]
    [InlineData("audio/audio_tiny_ctc.pt", "encoder.0.attention_norm.weight", "w2v_encoder.w2v_model.encoder.layers.0.self_attn_layer_norm.weight", null, 0, 1)]
    [InlineData("text/text_tiny.pt", "predictor.0.weight", "encoder.regression_head.0.weight", null, 0, 1)]
    [InlineData("text/text_tiny.pt", "predictor.1.bias", "encoder.regression_head.2.bias", null, 0, 1)]
    [InlineData("text/text_tiny.pt", "token_embedding.weight", "encoder.sentence_encoder.embed_tokens.weight", "encoder._ema/embed_tokens.weight", 0, 1)]
    [InlineData("text/text_tiny_cls.pt", "classifier.output.bias", "classification_heads.sentence_classification_head.out_proj.bias", null, 0, 1)]
    [InlineData("vision/vision_tiny.pt", "mask_embedding", "mask_emb", null, 0, 1)]
    [InlineData("vision/vision_tiny.pt", "predictor.bias", "final_proj.bias", null, 0, 1)]
    [InlineData("vision/vision_tiny.pt", "relative_position_bias.weight", "encoder.rel_pos_bias.relative_position_bias_table", "_ema/rel_pos_bias.relative_position_bias_table", 0, 1)]
    [InlineData("vision/vision_tiny.pt", "encoder.3.attention.query.weight", "encoder.blocks.3.attn.qkv.weight", "_ema/blocks.3.attn.qkv.weight", 0, 3)]
    [InlineData("vision/vision_tiny.pt", "encoder.3.attention.value.weight", "encoder.blocks.3.attn.qkv.weight", "_ema/blocks.3.attn.qkv.weight", 2, 3)]
    [InlineData("vision/vision_tiny.pt", "encoder.1.attention.value.bias", "encoder.blocks.1.attn.v_bias", "_ema/blocks.1.attn.v_bias", 0, 1)]
    [InlineData("vision/vision_tiny.pt", "encoder.1.feed_forward_scale", "encoder.blocks.1.gamma_2", "_ema/blocks.1.gamma_2", 0, 1)]
    [InlineData("vision/vision_tiny_cls.pt", "classifier.output.weight", "head.weight", null, 0, 1)]
    [InlineData("vision/vision_tiny_cls.pt", "class_token", "model.cls_emb", null, 0, 1)]
    public void ReadsStudentAndTeacherByFairseqsNames(string file, string name, string student, string? teacher, int part, int parts)
    {
        using TrainingCheckpoint checkpoint = Open(file);
        Parameter parameter = checkpoint.Parameters.Single(parameter => parameter.Name == name);

        Assert.Equal(new FairseqTensor(student, part, parts), checkpoint.FairseqName(parameter));
        float[] expected = Source(file, student, part, parts);
        Assert.Equal(expected, checkpoint.Read(parameter));
        if (teacher is not null)
        {
            float[] teachers = Source(file, teacher, part, parts);
            Assert.NotEqual(expected, teachers);
            Assert.Equal(teachers, checkpoint.ReadTeacher(parameter));
        }
        else if (checkpoint.HasTeacher)
        {
            Assert.Equal(expected, checkpoint.ReadTeacher(parameter));
        }
    }

    [Theory]
    [InlineData("audio/audio_tiny.pt", 3, true, null)]
    [InlineData("audio/audio_tiny_ctc.pt", 2, false, 32)]
    [InlineData("text/text_tiny.pt", 2, true, null)]
    [InlineData("vision/vision_tiny.pt", 2, true, null)]
    [InlineData("vision/vision_tiny_cls.pt", 0, false, 10)]
    public void EveryTensorOfTheStudentIsTheValueOfOneParameter(string file, long updates, bool hasTeacher, int? labels)
    {
        using TrainingCheckpoint checkpoint = Open(file);
        FairseqTensor[] places = [.. checkpoint.Parameters.Select(checkpoint.FairseqName)];

        Assert.Equal(places.Length, places.Distinct().Count());
        Assert.Equal(StateDict.OfFairseq(Path.GetDirectoryName(file)!, Path.GetFileName(file)).Names.Where(name => !s_buffers.Any(name.EndsWith)).Order(),
            places.Select(place => place.Name).Distinct().Order());
        Assert.All(places, place => Assert.Equal(place.Parts, places.Count(other => other.Name == place.Name)));
        Assert.Equal((updates, hasTeacher, labels), (checkpoint.Updates, checkpoint.HasTeacher, checkpoint.Config.Labels?.Count));
        Assert.All(checkpoint.Config.ListParameters().Where(parameter => !parameter.IsOptional), parameter => Assert.True(checkpoint.Has(parameter)));
    }

    [Fact]
    public void ReadsThePredictorOfPublishedSpeechModels()
    {
        using var file = new TemporaryFile(Rewritten("audio/audio_tiny.pt", names => names.Rename(("^final_proj\\.", "final_proj.0."))));
        using var checkpoint = TrainingCheckpoint.Open(file.Path);
        Parameter predictor = checkpoint.Parameters.Single(parameter => parameter.Name == "predictor.weight");
        Assert.Equal("final_proj.0.weight", checkpoint.FairseqName(predictor).Name);
        Assert.Equal(Source("audio/audio_tiny.pt", "final_proj.weight", 0, 1), checkpoint.Read(predictor));
    }

    [Theory]
    [InlineData("mask_emb", 7)]
    [InlineData("final_proj.bias", 63)]
    public void RefusesTensorsOfTrainingThatDoNotFit(string name, int size)
    {
        using var file = new TemporaryFile(Rewritten("audio/audio_tiny.pt", names =>
        {
            names[name] = ([size], new float[size]);
            return names;
        }));
        string message = Assert.Throws<InvalidDataException>(() => TrainingCheckpoint.Open(file.Path)).Message;
        Assert.Contains($"{name} has the shape [{size}] instead of [64]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesWhatTheCheckpointDoesNotHave()
    {
        using TrainingCheckpoint checkpoint = Open("audio/audio_tiny_ctc.pt");
        var absent = new Parameter("predictor.weight", [64, 64], ParameterRole.Product);
        Assert.False(checkpoint.Has(absent));
        Assert.Contains("has no 'predictor.weight'", Assert.Throws<InvalidDataException>(() => checkpoint.Read(absent)).Message, StringComparison.Ordinal);
        Parameter known = checkpoint.Parameters[0];
        Assert.Contains("no teacher", Assert.Throws<InvalidDataException>(() => checkpoint.ReadTeacher(known)).Message, StringComparison.Ordinal);
        Assert.Contains("instead of [3]", Assert.Throws<InvalidDataException>(() => checkpoint.Read(known with { Shape = [3] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesCheckpointsOfOtherPrograms() => Assert.Contains(
        "convert it", Assert.Throws<InvalidDataException>(() => Open("bert/hf/pytorch_model.bin")).Message, StringComparison.Ordinal);

    private static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "Fixtures", file);

    private static TrainingCheckpoint Open(string file) => TrainingCheckpoint.Open(PathOf(file));

    /// <summary>A part of the rows of a tensor of a file; a slash leads into a dictionary.</summary>
    private static float[] Source(string file, string name, int part, int parts)
    {
        using PyTorchFile source = PyTorchFile.Open(PathOf(file));
        object? value = Assert.IsType<PickleDictionary>(source.Root)["model"];
        foreach (string key in name.Split('/'))
        {
            value = Assert.IsType<PickleDictionary>(value)[key];
        }

        PyTorchTensor tensor = PyTorchTensor.Require(value, name);
        float[] values = new float[tensor.Count / parts];
        tensor.Read(values.Length * part, values);
        return values;
    }

    // The weights alone are rewritten; the options are those of the data2vec speech model.
    private static byte[] Rewritten(string file, Func<StateDict, StateDict> change) =>
        change(StateDict.OfFairseq(Path.GetDirectoryName(file)!, Path.GetFileName(file))).ToTorch(pickle => pickle
            .Text("cfg").EmptyDict().Mark().Text("model").EmptyDict().Mark()
            .Text("_name").Text("data2vec_audio").Text("extractor_mode").Text("layer_norm")
            .Text("conv_feature_layers").Text("[(32,10,5)] + [(32,3,2)] * 4 + [(32,2,2)] * 2")
            .Text("encoder_layers").Int(4).Text("encoder_embed_dim").Int(64).Text("encoder_ffn_embed_dim").Int(128)
            .Text("encoder_attention_heads").Int(4).Text("conv_pos").Int(95).Text("conv_pos_groups").Int(16).Text("pos_conv_depth").Int(5)
            .Op("u").Text("task").EmptyDict().Mark().Text("normalize").Raw(0x88).Op("u").Op("u"), "model");

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(byte[] bytes) => File.WriteAllBytes(Path, bytes);

        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"data2vec-{Guid.NewGuid():N}.pt");

        public void Dispose() => File.Delete(Path);
    }
}
