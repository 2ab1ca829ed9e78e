using Data2Vec.Converters.Layouts;

namespace Data2Vec.Converters.Fairseq;

/// <summary>What fairseq's <c>TransformerSentenceEncoderLayer</c> calls its parts.</summary>
internal static class PostNormLayerNames
{
    /// <summary>Adds them.</summary>
    /// <param name="names">To these.</param>
    /// <param name="layer">The name of layer <c>{i}</c>.</param>
    public static void AddTo(TensorNames names, string layer)
    {
        names.Add("encoder.{i}.attention.query", $"{layer}.self_attn.q_proj");
        names.Add("encoder.{i}.attention.key", $"{layer}.self_attn.k_proj");
        names.Add("encoder.{i}.attention.value", $"{layer}.self_attn.v_proj");
        names.Add("encoder.{i}.attention.output", $"{layer}.self_attn.out_proj");
        names.Add("encoder.{i}.attention_norm", $"{layer}.self_attn_layer_norm");
        names.Add("encoder.{i}.feed_forward.intermediate", $"{layer}.fc1");
        names.Add("encoder.{i}.feed_forward.output", $"{layer}.fc2");
        names.Add("encoder.{i}.feed_forward_norm", $"{layer}.final_layer_norm");
    }
}
