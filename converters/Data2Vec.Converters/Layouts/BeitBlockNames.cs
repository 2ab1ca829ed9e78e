namespace Data2Vec.Converters.Layouts;

/// <summary>What BEiT's blocks call their parts, but for the feed-forward block; fairseq took the names over.</summary>
internal static class BeitBlockNames
{
    /// <summary>Adds them.</summary>
    /// <param name="names">To these.</param>
    /// <param name="block">The name of block <c>{i}</c>.</param>
    public static void AddTo(TensorNames names, string block)
    {
        string[] parts = ["query", "key", "value"];
        for (int i = 0; i < parts.Length; i++)
        {
            names.Add($"encoder.{{i}}.attention.{parts[i]}.weight", new TensorPlace($"{block}.attn.qkv.weight", i, parts.Length));
        }

        names.Add("encoder.{i}.attention.query.bias", $"{block}.attn.q_bias");
        names.Add("encoder.{i}.attention.value.bias", $"{block}.attn.v_bias");
        names.Add("encoder.{i}.attention.output", $"{block}.attn.proj");
        names.Add("encoder.{i}.attention_norm", $"{block}.norm1");
        names.Add("encoder.{i}.attention_scale", $"{block}.gamma_1");
        names.Add("encoder.{i}.relative_position_bias.weight", $"{block}.attn.relative_position_bias_table");
        names.Add("encoder.{i}.feed_forward_norm", $"{block}.norm2");
        names.Add("encoder.{i}.feed_forward_scale", $"{block}.gamma_2");
    }
}
