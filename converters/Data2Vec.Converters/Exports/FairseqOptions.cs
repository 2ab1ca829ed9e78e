using Data2Vec.Audio;
using Data2Vec.Converters.Layouts;
using Data2Vec.Text;
using Data2Vec.Vision;

namespace Data2Vec.Converters.Exports;

/// <summary>fairseq's options (<c>cfg</c>) of a model.</summary>
internal static class FairseqOptions
{
    /// <summary>The options.</summary>
    /// <param name="config">The model.</param>
    /// <param name="predictorLayers">The number of linear layers that predict the targets.</param>
    /// <param name="source">The options of the checkpoint that training began with, or null. They may be changed.</param>
    public static PickleDictionary Of(ModelConfig config, int predictorLayers, PickleDictionary? source)
    {
        if (config.Labels is not { } labels)
        {
            return Encoder(source) ?? Pretraining(config, predictorLayers);
        }

        if (source is not null && IsOf(source, config, labels.Count))
        {
            SetHeadName(source, config);
            return source;
        }

        PickleDictionary encoder = Encoder(source) ?? Pretraining(config, predictorLayers);
        encoder.Set("criterion", null);
        encoder.Set("lr_scheduler", null);
        return config switch
        {
            AudioConfig audio => PlainValues.Dictionary(
                ("model", PlainValues.Dictionary(("_name", "wav2vec_ctc"), ("w2v_path", ""), ("normalize", audio.Normalize), ("data", ""), ("w2v_args", encoder))),
                ("task", PlainValues.Dictionary(("_name", "audio_finetuning"), ("data", ""), ("labels", "ltr"), ("sample_rate", audio.SampleRate), ("normalize", audio.Normalize))),
                ("criterion", PlainValues.Dictionary(("_name", "ctc"), ("zero_infinity", true), ("post_process", "letter")))),
            TextConfig text => PlainValues.Dictionary(
                ("model", encoder["model"]),
                ("task", PlainValues.Dictionary(
                    ("_name", "sentence_prediction"), ("data", ""), ("num_classes", labels.Count), ("init_token", 0L), ("separator_token", 2L),
                    ("max_positions", text.MaxTokens), ("regression_target", labels.Count == 1), (HeadName, TextHead))),
                ("criterion", PlainValues.Dictionary(("_name", "sentence_prediction"), (HeadName, TextHead), ("regression_target", labels.Count == 1)))),
            VisionConfig => PlainValues.Dictionary(
                ("model", PlainValues.Dictionary(
                    ("_name", "data2vec_image_classification"), ("model_path", ""), ("num_classes", labels.Count), ("mixup", 0.0), ("cutmix", 0.0), ("data", ""),
                    ("pretrained_model_args", encoder))),
                ("task", PlainValues.Dictionary(("_name", "image_classification"), ("data", ""))),
                ("criterion", PlainValues.Dictionary(("_name", "model")))),
            _ => throw new InvalidOperationException(),
        };
    }

    private const string HeadName = "classification_head_name", TextHead = "sentence_classification_head";

    /// <summary>fairseq's criterion that a model is trained with: the class.</summary>
    public static string Criterion(ModelConfig config) => config switch
    {
        AudioConfig { Labels: not null } => "CtcCriterion",
        TextConfig { Labels: not null } => "SentencePredictionCriterion",
        _ => "ModelCriterion",
    };

    private static PickleDictionary Pretraining(ModelConfig config, int predictorLayers)
    {
        (string name, PickleDictionary task, IEnumerable<(string, string[])> table) = config switch
        {
            AudioConfig audio => ("data2vec_audio", PlainValues.Dictionary(
                ("_name", "audio_pretraining"), ("data", ""), ("sample_rate", audio.SampleRate), ("max_sample_size", 320_000L), ("min_sample_size", 32_000L)),
                AudioLayouts.FairseqOptions),
            TextConfig text => ("data2vec_text", PlainValues.Dictionary(
                ("_name", "masked_lm"), ("data", ""), ("sample_break_mode", "complete_doc"), ("tokens_per_sample", text.MaxTokens), ("mask_prob", 0.35),
                ("leave_unmasked_prob", 0.0), ("random_token_prob", 0.0), ("mask_multiple_length", 4L), ("include_target_tokens", true)),
                TextLayouts.FairseqOptions),
            VisionConfig vision => ("data2vec_vision", PlainValues.Dictionary(
                ("_name", "image_pretraining"), ("data", ""), ("input_size", vision.ImageSize)),
                VisionLayouts.FairseqOptions),
            _ => throw new InvalidOperationException(),
        };
        PickleDictionary model = PlainValues.Dictionary(("_name", name)), root = PlainValues.Dictionary(("model", model), ("task", task), ("criterion", PlainValues.Dictionary(("_name", "model"))));
        foreach ((string place, object? value) in OptionValues.Of(table, config))
        {
            string[] parts = place.Split('/');
            Set(parts.Length > 1 ? Group(root, parts[0]) : model, parts[^1].Split('.'), value);
        }

        if (config is TextConfig texts)
        {
            model.Set("head_layers", predictorLayers);
            Set(model, ["transformer", "max_source_positions"], texts.MaxTokens);
        }

        return root;
    }

    private static void Set(PickleDictionary group, ReadOnlySpan<string> path, object? value)
    {
        if (path.Length == 1)
        {
            group.Set(path[0], value);
        }
        else
        {
            Set(Group(group, path[0]), path[1..], value);
        }
    }

    private static PickleDictionary Group(PickleDictionary outer, string name)
    {
        if (!outer.TryGet(name, out PickleDictionary? group))
        {
            outer.Set(name, group = new PickleDictionary());
        }

        return group;
    }

    /// <summary>The options of pre-training in those of a checkpoint.</summary>
    private static PickleDictionary? Encoder(PickleDictionary? source) =>
        source is not null && source.TryGet("model", out PickleDictionary? model)
            ? model.TryGet("_name", out string? name) && FairseqHead.Find(name) is { } head && model.TryGet(head.Option, out PickleDictionary? inner) ? inner : source
            : null;

    /// <summary>Whether a checkpoint's options are of a model with the same kind of head.</summary>
    private static bool IsOf(PickleDictionary source, ModelConfig config, int labels)
    {
        string? name = source.TryGet("model", out PickleDictionary? model) && model.TryGet("_name", out string? given) ? given : null;
        return config switch
        {
            AudioConfig => name == "wav2vec_ctc",
            VisionConfig => name == "data2vec_image_classification" && model!.TryGetValue("num_classes", out object? classes) && classes is long count && count == labels,
            _ => source.TryGet("task", out PickleDictionary? task) && task.TryGetValue("num_classes", out object? classes) && classes is long count && count == labels,
        };
    }

    // Fine-tuning may have given the head another name.
    private static void SetHeadName(PickleDictionary source, ModelConfig config)
    {
        foreach (string part in config is TextConfig ? (string[])["task", "criterion"] : [])
        {
            if (source.TryGet(part, out PickleDictionary? group) && group.ContainsKey(HeadName))
            {
                group.Set(HeadName, TextHead);
            }
        }
    }
}
