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

    /// <summary>How names of the supported models begin, the outermost first.</summary>
    private static readonly string[] s_beginnings =
    [
        "w2v_encoder.w2v_model.", "encoder.sentence_encoder.", "decoder.sentence_encoder.", "modality_encoders.",
        "data2vec_audio.", "data2vec_text.", "data2vec_vision.", "wav2vec2.", "hubert.", "wavlm.", "bert.embeddings.", "roberta.embeddings.", "distilbert.embeddings.",
    ];

    /// <summary>How names of encoders without a head begin, which can also be a part of another model.</summary>
    private static readonly string[] s_encoderBeginnings =
        ["feature_extractor.conv_layers.", "embeddings.word_embeddings.", "embeddings.patch_embeddings.", "patch_embed."];

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
        if (Root(onlyAverages ? [] : [.. all.Select(name => name.Name).Where(name => !IsAverage(name))]) is { Length: > 0 } root)
        {
            all = [.. all.Select(name => name.Name.StartsWith(root, StringComparison.Ordinal) ? (Unwrap(name.Name[root.Length..]), name.Original) : name)];
        }

        bool hasDecoder = all.Exists(name => name.Name.StartsWith("decoder.sentence_encoder.", StringComparison.Ordinal));
        return
        [
            .. all.Where(name => onlyAverages || !IsAverage(name.Name))
                .Select(name => (Rename(onlyAverages ? Unwrap(AfterFirstWord(name.Name)) : name.Name, hasDecoder), name.Original))
                .Where(name => !s_bookkeeping.Contains(name.Item1)),
        ];
    }

    /// <summary>
    /// What stands before the names of the model, where a training script keeps it under an attribute of its own. A head may stand outside, unless the
    /// model is an encoder without a head.
    /// </summary>
    private static string Root(IReadOnlyList<string> names)
    {
        string[] roots = Roots(s_beginnings);
        string[] encoderRoots = roots.Length == 0 ? Roots(s_encoderBeginnings) : [];
        return roots.Length == 1 ? roots[0]
            : encoderRoots.Length == 1 && names.All(name => name.StartsWith(encoderRoots[0], StringComparison.Ordinal)) ? encoderRoots[0]
            : "";

        string[] Roots(string[] beginnings) => [.. names.Select(name => RootOf(name, beginnings)).OfType<string>().Distinct()];
    }

    private static string? RootOf(string name, string[] beginnings)
    {
        foreach (string beginning in beginnings)
        {
            if (name.StartsWith(beginning, StringComparison.Ordinal))
            {
                return "";
            }

            if (name.IndexOf("." + beginning, StringComparison.Ordinal) is >= 0 and var place)
            {
                return name[..(place + 1)];
            }
        }

        return null;
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
