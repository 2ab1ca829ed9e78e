using System.Text.Json;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>The head that a Hugging Face folder names, and what its outputs mean.</summary>
internal static class HuggingFaceHead
{
    /// <summary>Heads of pre-training, which are left out without a warning.</summary>
    private static readonly string[] s_pretraining = ["lm_head", "cls", "quantizer", "project_q", "project_hid", "decoder"];

    /// <summary>Modules that can be heads beside an encoder without a prefix.</summary>
    private static readonly string[] s_heads = ["classifier", "pre_classifier", "qa_outputs", "projector", "layer_weights", "tdnn", "decode_head", "auxiliary_head"];

    /// <summary>The weights without a head that does not label or transcribe the whole input.</summary>
    /// <param name="weights">All weights.</param>
    /// <param name="config">The options of <c>config.json</c>.</param>
    /// <param name="prefix">What the names of the encoder begin with, beside a head.</param>
    /// <param name="supported">How the names of architectures with a supported head end.</param>
    /// <param name="given">Whether the head is wanted, and whether labels are given for it.</param>
    /// <param name="warnings">Receives what is left out.</param>
    /// <param name="outside">How names of the encoder begin that stand beside its prefix.</param>
    /// <returns>The weights, and the architecture whose head is left out.</returns>
    /// <exception cref="InvalidDataException">The head that the architecture names is missing, or labels are given for another kind of head.</exception>
    public static (Weights Weights, string? LeftOut) Keep(
        Weights weights, CheckpointOptions config, string prefix, string supported, ConversionOptions given, List<string> warnings, IReadOnlyList<string> outside)
    {
        string[] architectures = [.. Strings(config, "architectures")];
        string names = string.Join(", ", architectures);
        bool isHeaded = architectures.Length == 0 ? LabelsInputs(weights) : architectures.Any(name => name.EndsWith(supported, StringComparison.Ordinal));
        if (isHeaded && !given.WithoutHead)
        {
            config.ThrowIf(
                architectures.Length > 0 && !weights.Names.Any(name => name.StartsWith("classifier.", StringComparison.Ordinal) || name.StartsWith("lm_head.", StringComparison.Ordinal)),
                "architectures",
                $"is {PickleText.Quote(names)}, and the weights of its head are missing; convert the encoder alone (--no-head)");
            return (weights, null);
        }

        bool hasPrefix = weights.Names.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
        bool IsHead(string name) => hasPrefix ? !name.StartsWith(prefix, StringComparison.Ordinal) && !outside.Any(start => name.StartsWith(start, StringComparison.Ordinal)) : s_heads.Contains(name.Split('.')[0]);
        string[] heads = [.. weights.Names.Where(IsHead).Select(name => name.Split('.')[0]).Distinct().Except(s_pretraining)];
        if (heads.Length > 0 && !isHeaded)
        {
            string reason = architectures.Length == 0 ? "it does not belong to the pooled vector" : $"the architecture is {PickleText.Quote(names)}, not one that ends in {supported}";
            InvalidData.ThrowIf(
                given.LabelsPath is not null,
                $"{HuggingFaceFolder.ConfigName}: the head {string.Join(", ", heads.Select(PickleText.Quote))} takes no labels, because {reason}; convert it without --labels for vectors alone");
            warnings.Add($"{HuggingFaceFolder.ConfigName}: the head {string.Join(", ", heads.Select(PickleText.Quote))} is left out, because {reason}; the model gives vectors, but no labels");
        }

        return (weights.Except(IsHead), heads.Length > 0 && !isHeaded ? (architectures.Length == 0 ? heads[0] : names) : null);
    }

    /// <summary>
    /// What turns the outputs of a classification head into numbers. Without <c>problem_type</c> a cross-encoder of sentence-transformers may name a
    /// function; otherwise, as in transformers, a single output is a regression, and several outputs exclude one another.
    /// </summary>
    /// <exception cref="InvalidDataException">The option is unknown.</exception>
    public static HeadFunction Function(CheckpointOptions config, int? outputs)
    {
        const string Name = "problem_type";
        return outputs is null ? HeadFunction.Softmax : config.Text(Name) switch
        {
            null => CrossEncoder(config) ?? (outputs == 1 ? HeadFunction.None : HeadFunction.Softmax),
            "regression" => HeadFunction.None,
            "multi_label_classification" => HeadFunction.Sigmoid,
            "single_label_classification" => outputs == 1 ? HeadFunction.Sigmoid : HeadFunction.Softmax,
            var other => throw config.Bad(Name, $"is {PickleText.Quote(other)}; single_label_classification, multi_label_classification and regression are supported"),
        };
    }

    private static HeadFunction? CrossEncoder(CheckpointOptions config)
    {
        const string Option = "activation_fn", Old = "sbert_ce_default_activation_function";
        string? name = config.Group("sentence_transformers")?.Text(Option) ?? config.Text(Old);
        return name?[(name.LastIndexOf('.') + 1)..] switch
        {
            null => null,
            "Identity" => HeadFunction.None,
            "Sigmoid" => HeadFunction.Sigmoid,
            "Softmax" => HeadFunction.Softmax,
            _ => throw config.Bad(config.Has(Old) ? Old : Option, $"is {PickleText.Quote(name)}; Identity, Sigmoid and Softmax are supported"),
        };
    }

    /// <summary>The strings in a list of options; none if it is missing.</summary>
    private static IEnumerable<string> Strings(CheckpointOptions options, string name) =>
        options.Json.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)
            : [];

    // Without a name of the architecture: a head for each token has one layer and no pooler before it.
    private static bool LabelsInputs(Weights weights)
    {
        bool Has(string ending) => weights.Names.Any(name => name == ending || name.EndsWith("." + ending, StringComparison.Ordinal));
        return !Has("embeddings.word_embeddings.weight") || !weights.Contains("classifier.weight") || Has("pooler.dense.weight");
    }
}
