using System.Text.Json.Nodes;
using Data2Vec.Converters.Exports;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Converters.Tests.PyTorch;
using Data2Vec.Converters.Training;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Exports;

public sealed class FairseqExportTests
{
    // The fixtures that are f32 in fairseq's own order. text_tiny_cls.pt was put together from two files.
    [Theory]
    [InlineData("audio/audio_tiny.pt")]
    [InlineData("audio/audio_tiny_ctc.pt")]
    [InlineData("text/text_tiny.pt")]
    [InlineData("vision/vision_tiny.pt")]
    [InlineData("vision/vision_tiny_cls.pt")]
    public void GivesBackTheCheckpointThatTrainingBeganWith(string file)
    {
        using var model = new TrainedModel(file);
        string path = Path.Combine(model.Folder, "exported.pt");
        FairseqExport.Write(path, model.Student, model.Teacher, new FairseqRun { SourcePath = model.Source, Updates = model.Updates });

        using PyTorchFile before = PyTorchFile.Open(model.Source), after = PyTorchFile.Open(path);
        PickleDictionary expected = (PickleDictionary)before.Root!, actual = (PickleDictionary)after.Root!;
        string[] optional = ["last_optimizer_state"];
        Assert.Equal(expected.Keys.Except(optional), actual.Keys);
        AssertEqual(expected["cfg"], actual["cfg"], "cfg");
        AssertEqual(expected["model"], actual["model"], "model");
    }

    [Theory]
    [InlineData("audio/audio_tiny.pt")]
    [InlineData("audio/audio_tiny_ctc.pt")]
    [InlineData("text/text_tiny.pt")]
    [InlineData("text/text_tiny_cls.pt")]
    [InlineData("vision/vision_tiny.pt")]
    [InlineData("vision/vision_tiny_cls.pt")]
    public void ReadsBackWithoutASourceToo(string file)
    {
        using var model = new TrainedModel(file);
        string path = Path.Combine(model.Folder, "exported.pt"), converted = Path.Combine(model.Folder, "converted.d2v");
        FairseqExport.Write(path, model.Student, model.Teacher, new FairseqRun { Updates = 7 });

        using (var checkpoint = TrainingCheckpoint.Open(path))
        {
            Assert.Equal(7, checkpoint.Updates);
            Assert.Equal(model.Config.ToJson().ToJsonString(), checkpoint.Config.ToJson().ToJsonString());
            Assert.Equal(model.Student.Tensors.Keys.Order(), checkpoint.Parameters.Select(parameter => parameter.Name).Order());
            Assert.All(checkpoint.Parameters, parameter => Assert.Equal(TrainedModel.Read(model.Student, parameter.Name), checkpoint.Read(parameter)));
            if (model.Teacher is { } teacher)
            {
                Assert.All(checkpoint.Parameters, parameter => Assert.Equal(TrainedModel.Read(teacher, parameter.Name), checkpoint.ReadTeacher(parameter)));
            }
        }

        CheckpointConverter.Convert(path, converted);
        model.AssertIsEncoderOf(converted);
    }

    [Fact]
    public void NumbersTheMomentsAsFairseqsOptimizerDoes()
    {
        // The first tensors of the model that torch prints for named_parameters() of fairseq's model for images.
        using var model = new TrainedModel("vision/vision_tiny.pt");
        string path = Path.Combine(model.Folder, "exported.pt");
        FairseqExport.Write(path, model.Student, model.Teacher, new FairseqRun
        {
            Adam = new FairseqAdam
            {
                Rate = 0.5,
                Mean = name => TrainedModel.Read(model.Student, name),
                Square = name => [.. TrainedModel.Read(model.Student, name).Select(value => value * value)],
                Steps = model.Student.Tensors.Keys.ToDictionary(name => name, name => name == "patch_embedding.weight" ? 0L : 20L),
            },
        });

        using PyTorchFile file = PyTorchFile.Open(path);
        var root = (PickleDictionary)file.Root!;
        var weights = (PickleDictionary)root["model"]!;
        var optimizer = (PickleDictionary)root["last_optimizer_state"]!;
        var state = (PickleDictionary)optimizer["state"]!;
        Assert.False(state.ContainsKey(2L));
        foreach ((long index, string name) in (ReadOnlySpan<(long, string)>)
        [
            (0, "cls_emb"), (1, "mask_emb"), (3, "patch_embed.conv.bias"), (4, "encoder.rel_pos_bias.relative_position_bias_table"), (5, "encoder.blocks.0.gamma_1"),
            (6, "encoder.blocks.0.gamma_2"), (7, "encoder.blocks.0.norm1.weight"), (9, "encoder.blocks.0.attn.q_bias"), (11, "encoder.blocks.0.attn.qkv.weight"),
        ])
        {
            Assert.True(state.TryGetValue(index, out object? moments));
            var mean = Assert.IsType<PyTorchTensor>(((PickleDictionary)moments!)["exp_avg"]);
            var weight = Assert.IsType<PyTorchTensor>(weights[name]);
            Assert.Equal(weight.Shape, mean.Shape);
            Assert.Equal(Checkpoint.ReadAll(weight), Checkpoint.ReadAll(mean));
            Assert.Equal(20L, ((PickleDictionary)moments)["step"]);
        }

        var group = (PickleDictionary)((PickleList)optimizer["param_groups"]!)[0]!;
        Assert.Equal(69, ((PickleList)group["params"]!).Count);
        Assert.Equal(0.5, group["lr"]);
    }

    [Fact]
    public void OptionsCanBeSet()
    {
        using var model = new TrainedModel("audio/audio_tiny.pt");
        string path = Path.Combine(model.Folder, "exported.pt");
        var options = new JsonObject { ["model"] = new JsonObject { ["ema_decay"] = 0.5, ["average_top_k_layers"] = 3 }, ["optimizer"] = new JsonObject { ["_name"] = "adam" } };
        FairseqExport.Write(path, model.Student, model.Teacher, new FairseqRun { SourcePath = model.Source, Options = options });
        using PyTorchFile file = PyTorchFile.Open(path);
        var cfg = (PickleDictionary)((PickleDictionary)file.Root!)["cfg"]!;
        var given = (PickleDictionary)cfg["model"]!;
        Assert.Equal<object?>([0.5, 3L, "data2vec_audio"], [given["ema_decay"], given["average_top_k_layers"], given["_name"]]);
    }

    [Fact]
    public void AHeadIsPutAroundTheModelOfTheSource()
    {
        using var pretrained = new TrainedModel("audio/audio_tiny.pt");
        using var tuned = new TrainedModel("audio/audio_tiny_ctc.pt");
        string path = Path.Combine(tuned.Folder, "exported.pt");
        FairseqExport.Write(path, tuned.Student, null, new FairseqRun { SourcePath = pretrained.Source });
        using PyTorchFile file = PyTorchFile.Open(path);
        var model = (PickleDictionary)((PickleDictionary)((PickleDictionary)file.Root!)["cfg"]!)["model"]!;
        Assert.Equal("wav2vec_ctc", model["_name"]);
        Assert.Equal("data2vec_audio", ((PickleDictionary)((PickleDictionary)model["w2v_args"]!)["model"]!)["_name"]);
        using var checkpoint = TrainingCheckpoint.Open(path);
        Assert.Equal(tuned.Config.Labels, checkpoint.Config.Labels);
    }

    [Fact]
    public void RefusesAPretrainedModelWithoutThePartsOfTraining()
    {
        using var model = new TrainedModel("audio/audio_tiny.pt");
        string converted = Path.Combine(model.Folder, "converted.d2v"), path = Path.Combine(model.Folder, "exported.pt");
        CheckpointConverter.Convert(model.Source, converted);
        using D2vFile file = D2vFile.Open(converted);
        string message = Assert.Throws<InvalidDataException>(() => FairseqExport.Write(path, file)).Message;
        Assert.Contains("converted.d2v: the model has no 'mask_embedding'", message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void RefusesASourceWhoseOptionsContainThemselves()
    {
        using var model = new TrainedModel("audio/audio_tiny.pt");
        string source = Path.Combine(model.Folder, "source.pt"), path = Path.Combine(model.Folder, "exported.pt");
        File.WriteAllBytes(source, Checkpoint.Zip(PickleBuilder.Start().EmptyDict().Mark()
            .Text("cfg").EmptyDict().Put(1).Mark().Text("model").Get(1).Op("u").Op("u").Stop()));
        string message = Assert.Throws<InvalidDataException>(() => FairseqExport.Write(path, model.Student, null, new FairseqRun { SourcePath = source })).Message;
        Assert.Contains("source.pt: the checkpoint has more options than any model", message, StringComparison.Ordinal);
    }

    private static void AssertEqual(object? expected, object? actual, string place)
    {
        switch (expected)
        {
            case PickleDictionary dictionary:
                var other = Assert.IsType<PickleDictionary>(actual);
                Assert.Equal(dictionary.Keys, other.Keys);
                foreach ((object? key, object? value) in dictionary)
                {
                    AssertEqual(value, other[(string)key!], $"{place}/{key}");
                }

                break;
            case PickleList list:
                Assert.Equal(list, Assert.IsType<PickleList>(actual));
                break;
            case PyTorchTensor tensor:
                PyTorchTensor written = Assert.IsType<PyTorchTensor>(actual);
                Assert.Equal((tensor.Type, place), (written.Type, place));
                Assert.Equal(tensor.Shape, written.Shape);
                Assert.Equal(Checkpoint.ReadAll(tensor), Checkpoint.ReadAll(written));
                break;
            default:
                Assert.Equal((expected, place), (actual, place));
                break;
        }
    }
}
