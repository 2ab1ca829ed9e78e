using CsCheck;
using Data2Vec.Converters.Checkpoints;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Tests.Checkpoints;

public class WeightNamesTests
{
    [Theory]
    [InlineData("module.encoder.norm.weight", "encoder.norm.weight")]
    [InlineData("module.module.encoder.norm.weight", "encoder.norm.weight")]
    [InlineData("_orig_mod.encoder.norm.weight", "encoder.norm.weight")]
    [InlineData("encoder._orig_mod.norm.weight", "encoder.norm.weight")]
    [InlineData("model._orig_mod.module.encoder.norm.weight", "encoder.norm.weight")]
    [InlineData("_fsdp_wrapped_module.encoder.layers.0._checkpoint_wrapped_module.fc1.weight", "encoder.layers.0.fc1.weight")]
    [InlineData("model.head.bias", "head.bias")]
    [InlineData("online_model.head.bias", "head.bias")]
    [InlineData("im_feat_model.features.0.weight", "im_feat_model.features.0.weight")]
    [InlineData("encoder.model", "encoder.model")]
    [InlineData("model", "model")]
    [InlineData("encoder.sentence_encoder.emb_layer_norm.bias", "encoder.sentence_encoder.layernorm_embedding.bias")]
    [InlineData("encoder.layers.0.self_attn.in_proj_weight", "encoder.layers.0.self_attn.in_proj.weight")]
    [InlineData("bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight")]
    [InlineData("bert.embeddings.LayerNorm.beta", "bert.embeddings.LayerNorm.bias")]
    [InlineData("blocks.0.gamma_1", "blocks.0.gamma_1")]
    public void Wrappers_and_old_names_are_removed(string original, string name) =>
        Assert.Equal([(name, original)], WeightNames.Normalize([original]));

    [Fact]
    public void A_missing_tensor_is_named_as_the_checkpoint_would_name_it()
    {
        var entries = new PickleDictionary();
        foreach (string name in new[] { "bert.norm.weight", "heads.polarity.dense.weight" })
        {
            entries.Set(name, null);
        }

        Weights weights = Weights.FromPickle(entries).Without("heads.polarity.", "head.").Without("bert.");
        Assert.Equal("heads.polarity.dense.weight", weights.Label("head.dense.weight"));
        Assert.Equal("bert.norm.bias", weights.Label("norm.bias"));
        weights = Weights.FromPickle(entries).Without("heads.polarity.", "head.");
        Assert.Equal("heads.polarity.dense.bias", weights.Label("head.dense.bias"));
        Assert.Equal("bert.norm.bias", weights.Label("bert.norm.bias"));
    }

    [Fact]
    public void Early_RoBERTa_models_call_their_encoder_a_decoder()
    {
        string[] names = ["decoder.sentence_encoder.embed_tokens.weight", "decoder.lm_head.bias"];
        Assert.Equal(["encoder.sentence_encoder.embed_tokens.weight", "encoder.lm_head.bias"], WeightNames.Normalize(names).Select(name => name.Name));
        Assert.Equal(["decoder.lm_head.bias"], WeightNames.Normalize(["decoder.lm_head.bias"]).Select(name => name.Name));
    }

    [Theory, InlineData("ema."), InlineData("ema_model."), InlineData("model_ema."), InlineData("ema_model.module.")]
    public void Averaged_copies_are_dropped_beside_the_model_and_kept_alone(string prefix)
    {
        string[] names = ["head.bias", "head.weight"];
        string[] copies = [.. names.Select(name => prefix + name)];
        Assert.Equal(names, WeightNames.Normalize([.. names.Select(name => "model." + name), .. copies, "n_averaged"]).Select(name => name.Name));
        Assert.Equal(names.Zip(copies), WeightNames.Normalize([.. copies, "step"]));
    }

    [Fact]
    public void Any_stack_of_wrappers_gives_the_same_names()
    {
        Gen<string> word = OneOf("encoder", "layers", "0", "11", "self_attn", "k_proj", "weight", "bias", "norm1", "mlp", "model_1", "head");
        Gen<string> name = word.Array[1, 6].Select(words => string.Join('.', words));
        Gen<string> outer = OneOf("model", "module", "_orig_mod", "_forward_module").Array[0, 4].Select(words => string.Concat(words.Select(wrapper => wrapper + ".")));
        Gen<string> inner = OneOf("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module");
        Gen.Select(name, outer, inner, Gen.Int[0, 5]).Sample((clean, prefix, wrapper, at) =>
        {
            List<string> words = [.. clean.Split('.')];
            words.Insert(Math.Min(at, words.Count - 1), wrapper);
            string wrapped = prefix + string.Join('.', words);
            Assert.Equal([(clean, wrapped)], WeightNames.Normalize([wrapped]));
            Assert.Equal([(clean, clean)], WeightNames.Normalize([clean]));
        });
    }

    private static Gen<string> OneOf(params string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);
}
