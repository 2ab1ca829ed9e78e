using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.Layouts;
using Data2Vec.Converters.Tests.Safetensors;
using Data2Vec.Vision;

namespace Data2Vec.Converters.Tests.Images;

/// <summary>The same small weights of vision transformers in the layouts of all projects, written down here as their sources name them.</summary>
public sealed class ImageLayoutTests : IDisposable
{
    private static readonly (string, string)[] s_torchvision =
    [
        ("^cls_token$", "class_token"), (@"^patch_embed\.proj", "conv_proj"), ("^pos_embed$", "encoder.pos_embedding"), (@"^norm\.", "encoder.ln."),
        (@"^blocks\.(\d+)\.", "encoder.layers.encoder_layer_$1."), ("norm([12])", "ln_$1"), (@"attn\.qkv\.(weight|bias)", "self_attention.in_proj_$1"),
        (@"attn\.proj", "self_attention.out_proj"), (@"^head\.", "heads.head."),
    ];

    private static readonly (string, string)[] s_huggingFace =
    [
        ("^cls_token$", "embeddings.cls_token"), (@"^patch_embed\.proj", "embeddings.patch_embeddings.projection"), ("^pos_embed$", "embeddings.position_embeddings"),
        (@"^norm\.", "layernorm."), (@"^blocks\.", "encoder.layer."), (@"norm1\.", "layernorm_before."), (@"norm2\.", "layernorm_after."),
        (@"attn\.proj", "attention.output.dense"), (@"mlp\.fc1", "intermediate.dense"), (@"mlp\.fc2", "output.dense"), ("gamma_", "lambda_"),
        (@"attn\.(q|v)_bias", "attention.attention.$1.bias"), (@"attention\.q\.", "attention.query."), (@"attention\.v\.", "attention.value."),
        (@"attn\.relative_position_bias_table", "attention.attention.relative_position_bias.relative_position_bias_table"),
        ("^fc_norm", "pooler.layernorm"), ("^head", "classifier"),
    ];

    private readonly Folder _folder = new();

    private static StateDict Vit => StateDict.Of("images", "dino/dino_vit_pretrain.pth");

    private static StateDict Beit => StateDict.Of("images", "beit/beit_finetuned.pth", "model");

    public static TheoryData<string> Names => new("mlp.fc", "mlp.", "mlp.linear_");

    [Theory, InlineData(null, "DINO"), InlineData("model", "DINO"), InlineData("state_dict", "DINO")]
    public void A_backbone_of_DINO_may_be_under_a_key(string? key, string title) => SameAsPlain(Vit.ToTorch(key is null ? [] : [key]), title);

    [Fact]
    public void A_safetensors_file_without_a_configuration_tells_its_structure_too()
    {
        string path = _folder.Add("dino.safetensors", Vit.ToSafetensors());
        Assert.Equal(Vector(Plain()), Vector(Convert(path)));
        Assert.Contains("registers", Refuse(_folder.Add("other.safetensors", With(Vit, "reg_token").ToSafetensors())), StringComparison.Ordinal);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void The_teacher_of_DINO_is_taken_unless_the_student_is_asked_for(bool wantsStudent)
    {
        StateDict teacher = Vit.Rename(("^", "backbone."));
        teacher["head.mlp.0.weight"] = ([2, 2], [1, 2, 3, 4]);
        StateDict student = Vit.Rename(("^", "module.backbone."));
        (long[] shape, float[] values) = student["module.backbone.cls_token"];
        student["module.backbone.cls_token"] = (shape, [.. values.Select(value => value + 1)]);
        byte[] file = StateDict.ToTorchOf(("student", student), ("teacher", teacher));
        string path = _folder.Add("checkpoint.pth", file);
        ConversionResult result = CheckpointConverter.Convert(path, _folder.PathOf("dino.d2v"), new ConversionOptions { Student = wantsStudent });
        Assert.Contains(wantsStudent ? "the student" : "the teacher", result.Description, StringComparison.Ordinal);
        float[] expected = Vector(Plain());
        Assert.Equal(!wantsStudent, expected.SequenceEqual(Vector(_folder.PathOf("dino.d2v"))));
        if (!wantsStudent)
        {
            // That it is a teacher may be said too.
            CheckpointConverter.Convert(path, _folder.PathOf("same.d2v"), new ConversionOptions { Teacher = true });
            Assert.Equal(expected, Vector(_folder.PathOf("same.d2v")));
        }

        string lone = _folder.Add("student.pth", StateDict.ToTorchOf(("student", student)));
        Assert.Contains("--student", Refuse(lone), StringComparison.Ordinal);
    }

    [Theory, InlineData("vit_base", 64), InlineData("vit_small", 32)]
    public void MoCos_encoder_is_taken_with_the_heads_of_its_architecture(string architecture, int size)
    {
        StateDict weights = Vit.Rename(("^", "module.base_encoder."));
        weights["module.base_encoder.head.0.weight"] = ([2, 2], [1, 2, 3, 4]);
        weights["module.predictor.0.weight"] = ([2, 2], [1, 2, 3, 4]);
        string path = _folder.Add("moco.pth.tar", weights.ToTorch(pickle => pickle.Text("arch").Text(architecture), "state_dict"));
        ConversionResult result = CheckpointConverter.Convert(path, _folder.PathOf("moco.d2v"));
        Assert.Contains("MoCo v3 vision transformer, pretrained", result.Description, StringComparison.Ordinal);
        using VisionModel model = Data2VecModel.Load<VisionModel>(_folder.PathOf("moco.d2v"));
        Assert.Equal(64 / size, ((VitConfig)model.Config).Heads);
        Assert.Equal(size == 64, Vector(Plain()).SequenceEqual(Vector(_folder.PathOf("moco.d2v"))));
        Assert.Contains("momentum", Refuse(path, new ConversionOptions { Teacher = true }), StringComparison.Ordinal);
    }

    [Theory, InlineData(false, "MAE"), InlineData(true, "MoCo v3")]
    public void Fixed_positions_tell_whose_a_file_is_that_holds_an_encoder_alone(bool rowFirst, string title)
    {
        StateDict weights = Vit;
        weights["pos_embed"] = (weights["pos_embed"].Shape, [.. new float[64], .. SinusoidalPositions.Create(4, 64, rowFirst)]);
        ConversionResult result = CheckpointConverter.Convert(_folder.Add("encoder.pth", weights.ToTorch("model")), _folder.PathOf("encoder.d2v"));
        Assert.StartsWith($"{title} vision transformer, pretrained", result.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void MAEs_decoder_is_left_out()
    {
        StateDict weights = Vit;
        foreach (string name in (string[])["mask_token", "decoder_pos_embed", "decoder_embed.weight", "decoder_blocks.0.norm1.weight", "decoder_norm.bias", "decoder_pred.weight"])
        {
            weights[name] = ([2], [1, 2]);
        }

        SameAsPlain(weights.ToTorch("model"), "MAE vision transformer, pretrained");
    }

    [Theory, MemberData(nameof(Names))]
    public void Torchvisions_names_of_today_and_of_the_published_files_give_the_same_bits(string feedForward)
    {
        StateDict weights = Vit.Rename([.. s_torchvision, (@"mlp\.fc1", feedForward == "mlp." ? "mlp.0" : $"{feedForward}1"), (@"mlp\.fc2", feedForward == "mlp." ? "mlp.3" : $"{feedForward}2")]);
        if (feedForward == "mlp.fc")
        {
            Assert.Contains("mlp.0.weight is missing", Refuse(_folder.Add("odd.pth", weights.ToTorch())), StringComparison.Ordinal);
            return;
        }

        SameAsPlain(weights.ToTorch(), "torchvision's vision transformer");
        weights["heads.pre_logits.weight"] = ([2, 2], [1, 2, 3, 4]);
        Assert.Contains("heads.pre_logits", Refuse(_folder.Add("odd.pth", weights.ToTorch())), StringComparison.Ordinal);
    }

    [Theory, InlineData("vit", "ViTModel", ""), InlineData("vit_mae", "ViTMAEForPreTraining", "vit."), InlineData("vit", "ViTForMaskedImageModeling", "vit.")]
    public void Hugging_Faces_names_give_the_same_bits(string type, string architecture, string prefix)
    {
        StateDict weights = Split(Vit).Rename(s_huggingFace).Rename(("^", prefix));
        weights["decoder.mask_token"] = ([1, 1, 2], [1, 2]);
        SaveFolder(prefix.Length > 0 ? weights : weights.Without("decoder.mask_token"), VitJson(type, architecture));
        Assert.Equal(Vector(Plain()), Vector(Convert(_folder.PathOf("config.json"))));
    }

    [Fact]
    public void Sizes_may_be_pairs_of_height_and_width_if_they_are_equal()
    {
        JsonObject json = VitJson("vit", "ViTModel");
        (json["image_size"], json["patch_size"]) = (new JsonArray(32, 32), new JsonArray(8, 8));
        SaveFolder(Split(Vit).Rename(s_huggingFace), json);
        Assert.Equal(Vector(Plain()), Vector(Convert(_folder.PathOf("config.json"))));
        json["image_size"] = new JsonArray(32, 64);
        SaveFolder(Split(Vit).Rename(s_huggingFace), json);
        Assert.Contains("image_size is [32, 64]; only squares are supported", Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pooler_is_a_linear_layer_and_tanh_after_the_class_token()
    {
        StateDict weights = Split(Vit).Rename(s_huggingFace);
        float[] matrix = [.. Enumerable.Range(0, 64 * 64).Select(i => MathF.Sin(i) / 8)], bias = [.. Enumerable.Range(0, 64).Select(i => MathF.Cos(i))];
        weights["pooler.dense.weight"] = ([64, 64], matrix);
        weights["pooler.dense.bias"] = ([64], bias);
        SaveFolder(weights, VitJson("vit", "ViTModel"));
        float[] token = Vector(Plain()), pooled = Vector(Convert(_folder.PathOf("config.json")));
        for (int i = 0; i < 64; i++)
        {
            Assert.Equal(Math.Tanh(bias[i] + token.Select((value, j) => (double)value * matrix[i * 64 + j]).Sum()), pooled[i], 1e-5);
        }
    }

    [Fact]
    public void The_mean_of_the_patches_is_normalized_where_a_file_has_fc_norm()
    {
        StateDict weights = Vit.Rename((@"^norm\.", "fc_norm."));
        weights["head.weight"] = ([2, 64], [.. Enumerable.Range(0, 128).Select(i => MathF.Sin(i))]);
        weights["head.bias"] = ([2], [1, 2]);
        string[] titles = ["timm's", "MAE"];
        foreach (string title in titles)
        {
            ConversionResult result = CheckpointConverter.Convert(_folder.Add("tuned.pth", title == "MAE" ? weights.ToTorch("model") : weights.ToTorch()), _folder.PathOf("tuned.d2v"));
            Assert.StartsWith($"{title} vision transformer, with a classification head of 2 labels", result.Description, StringComparison.Ordinal);
            using VisionModel model = Data2VecModel.Load<VisionModel>(_folder.PathOf("tuned.d2v"));
            double[] mean = [.. model.EmbedPrepared(Pixels, new EmbeddingOptions { Pooling = Pooling.Mean }).Select(value => (double)value)];
            double centre = mean.Average(), deviation = Math.Sqrt(mean.Average(value => (value - centre) * (value - centre)) + 1e-6);
            float[] pooled = model.EmbedPrepared(Pixels), scores = model.Scores([Pixels])[0];
            Assert.All(mean.Select((value, i) => (value - centre) / deviation * weights["fc_norm.weight"].Values[i] + weights["fc_norm.bias"].Values[i]).Zip(pooled), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
            Assert.Equal(2 + pooled.Select((value, i) => value * MathF.Sin(64 + i)).Sum(), scores[1], 1e-4);
        }
    }

    [Fact]
    public void Files_of_MaskFeat_say_the_number_of_heads_in_YAML()
    {
        StateDict weights = Vit.Rename((@"^norm\.", "pred_head.transforms.0.0."));
        weights["pred_head.projections.0.weight"] = ([2], [1, 2]);
        weights["hogs.0.weight_x"] = ([2], [1, 2]);
        ConversionResult Run(string yaml)
        {
            File.WriteAllBytes(_folder.PathOf("maskfeat.pyth"), weights.ToTorch(pickle => pickle.Text("cfg").Text(yaml), "model_state"));
            return CheckpointConverter.Convert(_folder.PathOf("maskfeat.pyth"), _folder.PathOf("maskfeat.d2v"));
        }

        Assert.StartsWith("MaskFeat vision transformer, pretrained, 1 attention head", Run("DATA:\n  MEAN:\n  - 0.1\n  - 0.2\n  - 0.3\nMVIT:\n  NUM_HEADS: 1\n  POOL_Q_STRIDE: []\n").Description, StringComparison.Ordinal);
        using (VisionModel model = Data2VecModel.Load<VisionModel>(_folder.PathOf("maskfeat.d2v")))
        {
            Assert.Equal(0.2f, model.Preprocessing.Mean.Green);
            Assert.Equal(Vector(Plain()), model.EmbedPrepared(Pixels, new EmbeddingOptions { Pooling = Pooling.Class }));
        }

        Assert.Contains("2 attention heads", Run("MVIT:\n  NUM_HEADS: 2\n").Description, StringComparison.Ordinal);
        Assert.Contains("MVIT.POOL_Q_STRIDE", Assert.Throws<InvalidDataException>(() => Run("MVIT:\n  POOL_Q_STRIDE:\n  - - 1\n    - 2\n")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_timm_is_read_as_its_configuration_says()
    {
        StateDict weights = Vit;
        weights["head.weight"] = ([2, 64], new float[128]);
        weights["head.bias"] = ([2], [1, 2]);
        var json = JsonNode.Parse(
            """
            {"architecture":"vit_base_patch16_224","num_classes":2,"global_pool":"token","label_names":["cat","dog"],"model_args":{"num_heads":1},
            "pretrained_cfg":{"interpolation":"bilinear","crop_pct":0.5,"mean":[0.1,0.2,0.3],"std":[0.4,0.5,0.6]}}
            """)!.AsObject();
        SaveFolder(weights, json);
        string file = Convert(_folder.PathOf("config.json"));
        Assert.Equal(Vector(Plain()), Vector(file));
        using VisionModel model = Data2VecModel.Load<VisionModel>(file);
        Assert.Equal(["cat", "dog"], model.Labels);
        Assert.Equal((64, 0.2f), (model.Preprocessing.ResizeSize, model.Preprocessing.Mean.Green));
        (string Option, string Value, string Reason)[] wrong =
            [("global_pool", "\"map\"", "global_pool is 'map'"), ("model_args", """{"num_heads":7}""", "do not divide"), ("pretrained_cfg", """{"crop_mode":"border"}""", "crop_mode")];
        foreach ((string option, string value, string reason) in wrong)
        {
            JsonObject changed = json.DeepClone().AsObject();
            changed[option] = JsonNode.Parse(value);
            SaveFolder(weights, changed);
            Assert.Contains(reason, Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
        }

        SaveFolder(weights.Rename((@"^blocks\.", "stages.")).Without("pos_embed"), json);
        Assert.Contains("is 'vit_base_patch16_224', which is not supported", Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_of_heads_can_be_given_where_a_file_does_not_say_it()
    {
        string path = _folder.Add("dino.pth", Vit.ToTorch());
        ConversionResult assumed = CheckpointConverter.Convert(path, _folder.PathOf("a.d2v"));
        Assert.Equal(2, assumed.Warnings.Count);
        Assert.Contains("it is taken for DINO's", assumed.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("--heads", assumed.Warnings[1], StringComparison.Ordinal);
        ConversionResult given = CheckpointConverter.Convert(path, _folder.PathOf("b.d2v"), new ConversionOptions { Heads = 4 });
        Assert.Contains("it is taken for DINO's", Assert.Single(given.Warnings), StringComparison.Ordinal);
        Assert.NotEqual(Vector(_folder.PathOf("a.d2v")), Vector(_folder.PathOf("b.d2v")));
        Assert.Contains("7 attention heads do not divide", Refuse(path, new ConversionOptions { Heads = 7 }), StringComparison.Ordinal);
        string beit = _folder.Add("beit.pth", Beit.ToTorch("model"));
        Assert.Contains("the number of attention heads in the checkpoint is 3, not 4", Refuse(beit, new ConversionOptions { Heads = 4 }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_Hugging_Face_BEiT_gives_the_bits_of_BEiT()
    {
        StateDict weights = Split(Beit, "attn.qkv.weight").Rename(s_huggingFace).Rename(("^(?!classifier)", "beit."));
        SaveFolder(weights, BeitJson("BeitForImageClassification", mean: true));
        string file = Convert(_folder.PathOf("config.json")), original = Convert(_folder.Add("beit.pth", Beit.ToTorch("model")));
        Assert.Equal(Vector(original), Vector(file));
        using VisionModel model = Data2VecModel.Load<VisionModel>(file), same = Data2VecModel.Load<VisionModel>(original);
        Assert.Equal(same.Scores([Pixels]), model.Scores([Pixels]));

        // What predicts visual tokens has its norm outside the encoder.
        StateDict masked = weights.Rename(("^beit.pooler.layernorm", "layernorm"), ("^classifier.*", ""));
        masked["lm_head.weight"] = ([2, 48], new float[96]);
        SaveFolder(masked, BeitJson("BeitForMaskedImageModeling", mean: true));
        using VisionModel pretrained = Data2VecModel.Load<VisionModel>(Convert(_folder.PathOf("config.json")));
        Assert.True(((VitConfig)pretrained.Config).HasFinalNorm);
        SaveFolder(masked.Without("layernorm.weight").Without("layernorm.bias"), BeitJson("BeitForMaskedImageModeling", mean: true));
        Assert.Contains("layernorm.weight is missing", Refuse(_folder.PathOf("config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_BEiT_may_have_a_head_on_the_class_token_and_position_vectors()
    {
        StateDict weights = Beit.Rename(("^fc_norm", "norm"));
        weights["pos_embed"] = ([1, 17, 48], [.. Enumerable.Range(0, 17 * 48).Select(i => MathF.Sin(i))]);
        string file = Convert(_folder.Add("class.pth", weights.ToTorch("model")));
        using VisionModel model = Data2VecModel.Load<VisionModel>(file), larger = Data2VecModel.Load<VisionModel>(file, new ModelOptions { ImageSize = 48 });
        Assert.Equal((ModelArchitectureName, Pooling.Class), (model.Architecture, model.Config.Embedding.Pooling));
        float[] token = model.EmbedPrepared(Pixels), head = weights["head.weight"].Values;
        Assert.Equal(weights["head.bias"].Values[1] + token.Select((value, i) => value * head[48 + i]).Sum(), model.Scores([Pixels])[0][1], 1e-4);

        // The vectors of the class token and the patches are added to theirs.
        var seen = new Dictionary<string, float[]>();
        model.Observe(Pixels, (name, rows) => seen[name] = rows);
        Assert.Equal(weights["cls_token"].Values[5] + MathF.Sin(5), seen["layer.0"][5], 1e-6);
        Assert.Equal(48 * 37, larger.EmbedPrepared(new float[3 * 48 * 48], new EmbeddingOptions { Pooling = Pooling.None }).Length);
    }

    private const string ModelArchitectureName = "beit";

    [Theory]
    [InlineData("patch_embed.proj.0.weight", "vit_conv"), InlineData("dist_token", "distilled"), InlineData("reg_token", "registers"), InlineData("blocks.0.ls1.gamma", "layer scale")]
    [InlineData("blocks.0.attn.q_norm.weight", "normalizes queries and keys"), InlineData("layers.0.blocks.0.attn.qkv.weight", "Swin"), InlineData("blocks.0.attn.pool_q.weight", "MViT")]
    [InlineData("module.base_encoder.patch_embed.proj.0.weight", "vit_conv"), InlineData("encoder.layers.0.blocks.0.attn.relative_position_bias_table", "Swin")]
    [InlineData("-cls_token", "without a class token")]
    public void Structures_that_are_not_supported_are_refused_by_name(string tensor, string reason)
    {
        StateDict weights = Vit;
        if (tensor[0] == '-')
        {
            weights = weights.Without(tensor[1..]);
        }
        else
        {
            weights[tensor] = ([2], [1, 2]);
        }

        string message = Refuse(_folder.Add("other.pth", weights.ToTorch("model")));
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains("is not supported; MAE, DINO", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("norm.weight", "norm.weight is missing"), InlineData("pos_embed", "pos_embed is missing"), InlineData("blocks.1.attn.qkv.bias", "blocks.1.attn.qkv.bias is missing")]
    [InlineData("blocks.0.norm1.weight", "blocks.0.norm1.weight is missing"), InlineData("+pos_embed", "pos_embed has 7 vectors"), InlineData("+blocks.1.gamma_1", "recognized as BEiT vision transformer")]
    [InlineData("+blocks.2.norm1.weight", "recognized as DINO vision transformer"), InlineData("+surplus", "surplus is unknown"), InlineData("blocks.1.mlp.fc1.weight", "recognized as DINO vision transformer")]
    public void Damaged_and_mixed_checkpoints_are_refused_with_what_was_recognized_and_what_is_missing(string tensor, string reason)
    {
        StateDict weights = Vit;
        if (tensor[0] == '+')
        {
            weights[tensor[1..]] = tensor == "+pos_embed" ? ([1, 7, 64], new float[7 * 64]) : ([64], new float[64]);
        }
        else
        {
            weights = weights.Without(tensor);
        }

        Assert.Contains(reason, Refuse(_folder.Add("damaged.pth", weights.ToTorch())), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_line_in_a_list_of_labels_is_no_label()
    {
        StateDict weights = Vit;
        weights["head.weight"] = ([3, 64], new float[3 * 64]);
        weights["head.bias"] = ([3], new float[3]);
        string labels = _folder.PathOf("labels.txt");
        File.WriteAllText(labels, "cat\n\ndog\n");
        Assert.Contains("labels.txt: line 2 is empty", Refuse(_folder.Add("headed.pth", weights.ToTorch()), new ConversionOptions { LabelsPath = labels }), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_of_other_models_are_refused()
    {
        string path = _folder.Add("dino.pth", Vit.ToTorch());
        Assert.Contains("not a student and a teacher", Refuse(path, new ConversionOptions { Student = true }), StringComparison.Ordinal);
        Assert.Contains("no teacher", Refuse(path, new ConversionOptions { Teacher = true }), StringComparison.Ordinal);
        Assert.Contains("no classification head", Refuse(path, new ConversionOptions { LabelsPath = "labels.txt" }), StringComparison.Ordinal);
        Assert.Contains("apply only to text models", Refuse(path, new ConversionOptions { VocabularyPath = "vocab.txt" }), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static float[] Pixels { get; } = [.. Enumerable.Range(0, 3 * 32 * 32).Select(i => MathF.Sin(i * 0.37f))];

    private static StateDict With(StateDict weights, string name)
    {
        weights[name] = ([2], [1, 2]);
        return weights;
    }

    private static StateDict Split(StateDict weights, string? only = null)
    {
        string[] Parts(string kind) => [.. new[] { "query", "key", "value" }.Select(part => $"attention.attention.{part}.{kind}")];
        StateDict split = weights.Split("attn.qkv.weight", Parts("weight"));
        return only is null ? split.Split("attn.qkv.bias", Parts("bias")) : split;
    }

    private static JsonObject VitJson(string type, string architecture) => new()
    {
        ["model_type"] = type,
        ["architectures"] = new JsonArray(architecture),
        ["hidden_size"] = 64,
        ["num_hidden_layers"] = 2,
        ["num_attention_heads"] = 1,
        ["intermediate_size"] = 128,
        ["layer_norm_eps"] = 1e-6,
        ["image_size"] = 32,
        ["patch_size"] = 8,
    };

    private static JsonObject BeitJson(string architecture, bool mean) => new()
    {
        ["model_type"] = "beit",
        ["architectures"] = new JsonArray(architecture),
        ["hidden_size"] = 48,
        ["num_hidden_layers"] = 2,
        ["num_attention_heads"] = 3,
        ["intermediate_size"] = 96,
        ["layer_norm_eps"] = 1e-6,
        ["image_size"] = 32,
        ["patch_size"] = 8,
        ["use_mean_pooling"] = mean,
        ["use_relative_position_bias"] = true,
    };

    private void SaveFolder(StateDict weights, JsonObject json)
    {
        _folder.Add("model.safetensors", weights.ToSafetensors());
        _folder.Add("config.json", System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    private string Plain() => Convert(_folder.Add("plain.pth", Vit.ToTorch()));

    private void SameAsPlain(byte[] checkpoint, string title)
    {
        string path = _folder.PathOf("other.d2v");
        ConversionResult result = CheckpointConverter.Convert(_folder.Add("other.pth", checkpoint), path);
        Assert.StartsWith(title, result.Description, StringComparison.Ordinal);
        Assert.Equal(Vector(Plain()), Vector(path));
    }

    private static string Convert(string checkpoint)
    {
        string path = checkpoint + ".d2v";
        CheckpointConverter.Convert(checkpoint, path);
        return path;
    }

    private string Refuse(string checkpoint, ConversionOptions? options = null) =>
        Assert.Throws<InvalidDataException>(() => CheckpointConverter.Convert(checkpoint, _folder.PathOf("refused.d2v"), options)).Message;

    private static float[] Vector(string file)
    {
        using VisionModel model = Data2VecModel.Load<VisionModel>(file);
        return model.EmbedPrepared(Pixels);
    }
}
