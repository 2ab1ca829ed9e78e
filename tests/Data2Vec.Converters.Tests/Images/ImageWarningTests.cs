using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.Layouts;
using Data2Vec.Converters.Tests.Safetensors;

namespace Data2Vec.Converters.Tests.Images;

/// <summary>What is said of checkpoints of images that lack something, and of options that do not fit them.</summary>
public sealed class ImageWarningTests : IDisposable
{
    private readonly Folder _folder = new();

    private static StateDict Vit => StateDict.Of("images", "dino/dino_vit_pretrain.pth");

    [Fact]
    public void A_folder_of_timm_without_a_preparation_is_warned_of()
    {
        _folder.Add("model.safetensors", Vit.ToSafetensors());
        _folder.Add("config.json", """{"architecture": "vit_base_patch16_224", "model_args": {"num_heads": 1}}"""u8.ToArray());
        Assert.Contains("config.json does not say how images are prepared", Assert.Single(Warnings(_folder.PathOf("config.json"))), StringComparison.Ordinal);
        _folder.Add("config.json", """{"architecture": "vit_base_patch16_224", "model_args": {"num_heads": 1, "depth": 3}, "mean": [0.1, 0.2, 0.3]}"""u8.ToArray());
        Assert.Contains("the model has 2 layers, and the option model_args.depth is 3", Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
    }

    [Theory, InlineData("vit", "bilinear"), InlineData("beit", "bicubic"), InlineData("data2vec-vision", "bicubic")]
    public void A_folder_without_a_preparation_of_images_says_what_is_assumed(string type, string filter)
    {
        // The structure of the weights is checked after the preparation.
        var warnings = new List<string>();
        _folder.Add("config.json", """{"model_type": "vit", "hidden_size": 64}"""u8.ToArray());
        _folder.Add("model.safetensors", Vit.ToSafetensors());
        using var folder = Data2Vec.Converters.HuggingFace.HuggingFaceFolder.Open(_folder.PathOf("model.safetensors"));
        Data2Vec.Converters.Layouts.ImagePreparation.HuggingFace(
            32, folder, type == "vit" ? "ViTImageProcessor" : "BeitImageProcessor", type == "vit" ? Vision.Images.Interpolation.Bilinear : Vision.Images.Interpolation.Bicubic, warnings);
        Assert.Contains($"preprocessor_config.json is not beside config.json: images are resized to 32 x 32 pixels with the {filter} filter", Assert.Single(warnings), StringComparison.Ordinal);

        foreach ((string file, string content) in new[] { ("preprocessor_config.json", """{"do_resize": false}"""), ("processor_config.json", """{"image_processor": {"do_resize": false}}""") })
        {
            _folder.Add(file, System.Text.Encoding.UTF8.GetBytes(content));
            string message = Assert.Throws<InvalidDataException>(() =>
                Data2Vec.Converters.Layouts.ImagePreparation.HuggingFace(32, folder, "ViTImageProcessor", Vision.Images.Interpolation.Bilinear, warnings)).Message;
            Assert.StartsWith($"{file}: \"do_resize\"", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Labels_that_are_equal_are_warned_of()
    {
        StateDict weights = Vit;
        weights["head.weight"] = ([3, 64], new float[192]);
        weights["head.bias"] = ([3], [1, 2, 3]);
        File.WriteAllText(_folder.PathOf("labels.txt"), "cat\ndog\ncat\n");
        string path = _folder.Add("headed.pth", weights.ToTorch());
        Assert.Contains(Warnings(path, new ConversionOptions { LabelsPath = _folder.PathOf("labels.txt") }), warning => warning.StartsWith("2 labels of the head are cat; ", StringComparison.Ordinal));
        Assert.DoesNotContain(Warnings(path), warning => warning.Contains("labels of the head", StringComparison.Ordinal));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_model_that_lost_its_last_layer_is_refused_where_the_other_has_it(bool isStudent)
    {
        StateDict whole = Vit.Rename(("^", "backbone.")), cut = whole.Where(name => !name.Contains("blocks.1.", StringComparison.Ordinal));
        byte[] dino = StateDict.ToTorchOf(("student", isStudent ? cut : whole.Rename(("^", "module."))), ("teacher", isStudent ? whole : cut));
        var options = new ConversionOptions { Student = isStudent };
        Assert.Contains(
            $"the model has 1 layers, and the {(isStudent ? "teacher" : "student")} in the checkpoint has 2; is the file complete?",
            Refuse(_folder.Add("dino.pth", dino), options), StringComparison.Ordinal);

        StateDict moco = Vit.Rename(("^", "module.base_encoder."));
        foreach (string name in Vit.Names.Where(name => !name.Contains("blocks.1.", StringComparison.Ordinal)))
        {
            moco[$"module.momentum_encoder.{name}"] = Vit[name];
        }

        Assert.Contains("the momentum encoder in the checkpoint has 1", Refuse(_folder.Add("moco.pth", moco.ToTorch("state_dict"))), StringComparison.Ordinal);
        Assert.Contains("the base encoder in the checkpoint has 2", Refuse(_folder.PathOf("moco.pth"), new ConversionOptions { Teacher = true }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_that_is_missing_before_others_is_named()
    {
        StateDict weights = Vit.Rename((@"blocks\.1\.", "blocks.2."));
        Assert.Contains("blocks.1.norm1.weight is missing, and there is a layer 2", Refuse(_folder.Add("gap.pth", weights.ToTorch())), StringComparison.Ordinal);
    }

    [Fact]
    public void MaskFeat_without_a_configuration_that_can_be_read_is_warned_of()
    {
        Assert.Contains("('cfg') is missing; ", Warnings(MaskFeat(null))[0], StringComparison.Ordinal);
        Assert.Contains("('cfg') cannot be read: ", Warnings(MaskFeat("TRAIN: true"))[0], StringComparison.Ordinal);
        Assert.Contains("MVIT.DEPTH in its configuration is 5", Refuse(MaskFeat("DATA:\n  A: 1\nMVIT:\n  DEPTH: 5\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_do_not_fit_say_what_the_checkpoint_has()
    {
        StateDict encoder = Vit.Rename(("^", "module.base_encoder."));
        encoder["module.predictor.0.weight"] = ([2, 2], [1, 2, 3, 4]);
        string moco = _folder.Add("moco.pth", encoder.ToTorch("state_dict"));
        Assert.Contains("MoCo v3 has no student: its checkpoints have a base encoder", Refuse(moco, new ConversionOptions { Student = true }), StringComparison.Ordinal);

        StateDict wide = Vit;
        wide["patch_embed.proj.weight"] = ([768, 3, 8, 8], new float[768 * 3 * 64]);
        string path = _folder.Add("maskfeat.pyth", wide.ToTorch("model_state"));
        Assert.Contains(
            "--heads gives the number of attention heads 1, so that a head has 768 features; at most 256 are supported, and 12 heads are usual",
            Refuse(path, new ConversionOptions { Heads = 1 }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_that_is_null_is_named_and_so_is_a_default_that_does_not_fit()
    {
        _folder.Add("model.safetensors", Vit.ToSafetensors());
        var json = new JsonObject { ["model_type"] = "vit", ["hidden_size"] = 64, ["num_attention_heads"] = null };
        _folder.Add("config.json", System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
        Assert.Contains("num_attention_heads is null; it must be a number, or be left out for the default", Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
        json.Remove("num_attention_heads");
        _folder.Add("config.json", System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
        Assert.Contains("num_attention_heads is missing, and its default is 12, which does not divide hidden_size, 64", Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string MaskFeat(string? yaml) => _folder.Add("maskfeat.pyth", yaml is null ? Vit.ToTorch("model_state") : Vit.ToTorch(pickle => pickle.Text("cfg").Text(yaml), "model_state"));

    private IReadOnlyList<string> Warnings(string checkpoint, ConversionOptions? options = null) =>
        CheckpointConverter.Convert(checkpoint, _folder.PathOf($"{Guid.NewGuid():N}.d2v"), options).Warnings;

    private string Refuse(string checkpoint, ConversionOptions? options = null) =>
        Assert.Throws<InvalidDataException>(() => CheckpointConverter.Convert(checkpoint, _folder.PathOf("refused.d2v"), options)).Message;
}
