namespace Data2Vec.Converters.Checkpoints;

/// <summary>
/// Brings the names of a <c>state_dict</c> into the form of the layout tables, before anything is looked up: removes what training tools
/// put around a model, drops their bookkeeping and their averaged copies, and applies the renames that the libraries apply on loading.
/// </summary>
internal static class WeightNames
{
    /// <summary>Modules that wrap a part of a model: DataParallel, torch.compile, FSDP, activation checkpointing, Lightning Fabric.</summary>
    private static readonly string[] s_wrappers =
        ["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"];

    /// <summary>Attributes under which training scripts and Lightning modules keep the model.</summary>
    private static readonly string[] s_owners = ["model", "online_model"];

    /// <summary>Attributes under which they keep a moving average of the model.</summary>
    private static readonly string[] s_averages = ["ema", "ema_model", "model_ema"];

    /// <summary>Counters of moving averages.</summary>
    private static readonly string[] s_bookkeeping = ["n_averaged", "initted", "step", "num_updates"];

    /// <summary>Renames on loading: fairseq's of early RoBERTa models and attention layers, and transformers' of BERT's first normalizations.</summary>
    private static readonly (string Old, string New)[] s_renames =
    [
        (".emb_layer_norm.", ".layernorm_embedding."),
        (".in_proj_weight", ".in_proj.weight"),
        (".in_proj_bias", ".in_proj.bias"),
        (".LayerNorm.gamma", ".LayerNorm.weight"),
        (".LayerNorm.beta", ".LayerNorm.bias"),
    ];

    /// <summary>Normalizes names.</summary>
    /// <param name="names">The names as the checkpoint has them.</param>
    /// <returns>For each name that stays, in order: the normalized name and the checkpoint's. Two may have become the same.</returns>
    public static IReadOnlyList<(string Name, string Original)> Normalize(IEnumerable<string> names)
    {
        List<(string Name, string Original)> all = [.. names.Select(name => (Unwrap(name), name)).Where(name => !s_bookkeeping.Contains(name.Item1))];
        bool onlyAverages = all.TrueForAll(name => IsAverage(name.Name));
        bool hasDecoder = all.Exists(name => name.Name.StartsWith("decoder.sentence_encoder.", StringComparison.Ordinal));
        return
        [
            .. all.Where(name => onlyAverages || !IsAverage(name.Name))
                .Select(name => (Rename(onlyAverages ? Unwrap(AfterFirstWord(name.Name)) : name.Name, hasDecoder), name.Original))
                .Where(name => !s_bookkeeping.Contains(name.Item1)),
        ];
    }

    private static string Unwrap(string name)
    {
        string[] words = name.Split('.');
        int last = words.Length - 1;
        int first = 0;
        while (first < last && (s_owners.Contains(words[first]) || s_wrappers.Contains(words[first])))
        {
            first++;
        }

        return string.Join('.', words.Where((word, i) => i >= first && (i == last || !s_wrappers.Contains(word))));
    }

    private static bool IsAverage(string name) => s_averages.Any(average => name.StartsWith(average + ".", StringComparison.Ordinal));

    private static string AfterFirstWord(string name) => name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private static string Rename(string name, bool hasDecoder)
    {
        foreach ((string old, string @new) in s_renames)
        {
            name = name.Replace(old, @new, StringComparison.Ordinal);
        }

        return hasDecoder && name.StartsWith("decoder.", StringComparison.Ordinal) ? "en" + name[2..] : name;
    }
}
