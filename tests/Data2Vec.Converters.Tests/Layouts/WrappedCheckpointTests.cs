using Data2Vec.Converters.Tests.Safetensors;
using Data2Vec.Text;

namespace Data2Vec.Converters.Tests.Layouts;

/// <summary>Checkpoints as training tools save them: the model file is the one of the plain checkpoint.</summary>
public sealed class WrappedCheckpointTests : IDisposable
{
    private static readonly (string, string)[] s_beitNames =
    [
        (@"^final_proj\..*", ""), (@"^mask_emb$", "mask_token"), (@"patch_embed\.conv", "patch_embed.proj"), ("cls_emb", "cls_token"),
        (@"^encoder\.", ""), (@"mlp\.0\.", "mlp.fc1."), (@"mlp\.2\.", "mlp.fc2."),
    ];

    private readonly Folder _folder = new();

    [Theory]
    [InlineData("module.", "model")]
    [InlineData("module.module.", "state_dict")]
    [InlineData("_orig_mod.", "model_state_dict")]
    [InlineData("model._orig_mod.module.", "state_dict")]
    [InlineData("_forward_module.model.", "module")]
    [InlineData("ema_model.module.", "model")]
    [InlineData("", "model_ema")]
    [InlineData("model.", "state_dict", "model")]
    [InlineData("net.", "state_dict")]
    [InlineData("backbone.", "model")]
    [InlineData("student.encoder_q.", "net")]
    public void Wrappers_of_training_tools_do_not_change_the_model_file(string prefix, params string[] keys)
    {
        StateDict weights = Weights();
        Assert.Equal(Converted(weights.ToTorch("model")), Converted(weights.Rename(("^", prefix)).ToTorch(keys)));
    }

    [Theory, InlineData("ema."), InlineData("ema_model.module."), InlineData("model_ema.")]
    public void Moving_averages_beside_the_model_are_not_converted(string prefix)
    {
        StateDict weights = Weights();
        Assert.Equal(Converted(weights.ToTorch("model")), Converted(weights.WithCopies(prefix).ToTorch("model")));
    }

    [Fact]
    public void Two_tensors_of_one_name_are_refused_by_both_names()
    {
        string message = Refuse(Weights().WithCopies("module.").ToTorch("model"));
        Assert.Contains("cls_token and module.cls_token are different tensors of the same name", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_are_there_are_shown_where_no_layout_fits()
    {
        string unknown = Refuse(Weights().Rename(("^patch_embed", "stem"), ("^", "backbone.")).ToTorch("model"));
        Assert.Contains("the checkpoint has backbone.cls_token", unknown, StringComparison.Ordinal);
        string others = Refuse(Weights().Rename(("^blocks", "stages")).ToTorch("model"));
        Assert.Contains("blocks.0.norm1.weight is missing; the checkpoint has ", others, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_are_there_are_shown_where_most_tensors_are_missing()
    {
        StateDict weights = Weights().Rename((@"^blocks\.(\d)\.(?!norm1)", "stages.$1."), (@"stages\.0\.mlp\.fc1", "blocks.0.mlp.fc1"));
        string message = Refuse(weights.ToTorch("model"));
        Assert.Contains(" are missing, among them blocks.0.attn.", message, StringComparison.Ordinal);
        Assert.Contains("; the checkpoint has ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void RoBERTa_of_2019_gives_the_bits_of_data2vec_with_the_same_weights() => AssertRoberta(
        "roberta_base", "args", ["model"], (@"^encoder\.", "decoder."), ("layernorm_embedding", "emb_layer_norm"));

    [Theory]
    [InlineData("", "model", "model")]
    [InlineData("module.", "model")]
    [InlineData("model.", "state_dict")]
    [InlineData("net._orig_mod.", "state_dict", "model")]
    [InlineData("student.backbone.", "model_state_dict")]
    public void A_text_models_names_may_stand_behind_those_of_training_scripts(string prefix, params string[] keys) =>
        AssertRoberta("roberta_large", "cfg", keys, ("^", prefix));

    private void AssertRoberta(string architecture, string options, string[] keys, params (string, string)[] rules)
    {
        string path = _folder.PathOf("data2vec.d2v");
        CheckpointConverter.Convert(Path.Combine(AppContext.BaseDirectory, "Fixtures", "text", "text_tiny.pt"), path);
        using TextModel expected = Data2VecModel.Load<TextModel>(path);
        TextConfig config = expected.Config;
        StateDict weights = StateDict.OfFairseq("text", "text_tiny.pt").Rename(
            (@"^encoder\.regression_head\..*", ""));
        weights["encoder.lm_head.bias"] = ([2], [1, 2]);
        weights = weights.Rename(rules);
        File.WriteAllBytes(_folder.PathOf("roberta.pt"), weights.ToTorch(
            pickle => pickle.Text(options).Global("argparse", "Namespace").EmptyTuple().Raw(0x81).EmptyDict().Mark()
                .Text("arch").Text(architecture)
                .Text("encoder_layers").Int(config.Layers)
                .Text("encoder_embed_dim").Int(config.HiddenSize)
                .Text("encoder_ffn_embed_dim").Int(config.FeedForwardSize)
                .Text("encoder_attention_heads").Int(config.Heads)
                .Text("max_positions").Int(config.MaxTokens)
                .Op("u").Build(),
            keys));
        Assert.Equal(
            $"RoBERTa model, pretrained, without tokenizer (fairseq {architecture})",
            CheckpointConverter.Convert(_folder.PathOf("roberta.pt"), _folder.PathOf("roberta.d2v")).Description);
        using TextModel actual = Data2VecModel.Load<TextModel>(_folder.PathOf("roberta.d2v"));
        int[] tokens = [0, 5, 77, 4, 4, 2];
        Assert.Equal(expected.EmbedPrepared(tokens), actual.EmbedPrepared(tokens));
    }

    public void Dispose() => _folder.Dispose();

    private static StateDict Weights() => StateDict.OfFairseq("vision", "vision_tiny.pt").Rename(s_beitNames);

    private byte[] Converted(byte[] checkpoint)
    {
        string path = _folder.PathOf("model.d2v");
        CheckpointConverter.Convert(_folder.Add("checkpoint.pth", checkpoint), path);
        return File.ReadAllBytes(path);
    }

    private string Refuse(byte[] checkpoint) => Assert.Throws<InvalidDataException>(() => Converted(checkpoint)).Message;
}
