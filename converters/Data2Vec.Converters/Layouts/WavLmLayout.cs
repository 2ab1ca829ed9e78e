namespace Data2Vec.Converters.Layouts;

/// <summary>What WavLM's checkpoints say of the bias by distance; for the rest they are HuBERT's. Microsoft's files do not name their model.</summary>
internal static class WavLmLayout
{
    /// <summary>The format of Microsoft's files: <c>{ cfg, model }</c> with the options of fairseq's models and tasks in one dictionary.</summary>
    public const string Microsoft = "microsoft";

    /// <summary>The name in both formats.</summary>
    public const string Model = "wavlm";

    private static readonly LayoutTable s_options = new("""
        model file | microsoft                           | huggingface
        has_bias   | relative_position_embedding = false | = true
        count      | num_buckets = 320                   | num_buckets = 320
        farthest   | max_distance = 1280                 | max_bucket_distance = 800
        gated      | gru_rel_pos = false                 | = true
        """);

    /// <summary>The options that no other model has.</summary>
    private static readonly string[] s_ownOptions = ["relative_position_embedding", "gru_rel_pos"];

    /// <summary>The tensors that no other model has.</summary>
    private static readonly string[] s_ownTensors =
        ["encoder.layers.0.self_attn.relative_attention_bias.weight", "encoder.layers.0.self_attn.grep_linear.weight", "encoder.layers.0.self_attn.grep_a"];

    /// <summary>Whether a checkpoint is Microsoft's, by what it has.</summary>
    public static bool Recognizes(SourceCheckpoint checkpoint) => checkpoint.Head is null && checkpoint.Format switch
    {
        null => (checkpoint.Options is { } options && s_ownOptions.Any(options.Has)) || s_ownTensors.Any(checkpoint.Weights.Contains),
        SourceCheckpoint.Fairseq => checkpoint.Model == Model,
        _ => false,
    };

    /// <summary>The bias by distance; null if the model does without.</summary>
    /// <exception cref="InvalidDataException">An option is out of range.</exception>
    public static DistanceBuckets? Buckets(Layout layout, CheckpointOptions given)
    {
        var options = new LayoutOptions(s_options, layout.Format, given);
        if (!options.Flag("has_bias"))
        {
            return null;
        }

        var buckets = new DistanceBuckets(
            options.Integer("count", DistanceBuckets.LeastCount, Limits.Size), options.Integer("farthest", 1, Limits.Size), options.Flag("gated"));
        options.ThrowIf(
            buckets.Farthest <= buckets.Exact, "farthest", $"is {buckets.Farthest}; it must be more than a quarter of the {buckets.Count} buckets");
        return buckets;
    }
}
