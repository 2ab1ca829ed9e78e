using System.Text.Json;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>The head that a Hugging Face folder names, and what its outputs mean.</summary>
internal static class HuggingFaceHead
{
    /// <summary>Heads of pre-training, which are left out without a warning.</summary>
    private static readonly string[] s_pretraining = ["lm_head", "cls", "decoder"];

    /// <summary>Modules that can be heads beside an encoder without a prefix.</summary>
    private static readonly string[] s_heads = ["classifier", "qa_outputs", "projector", "layer_weights", "tdnn", "decode_head", "auxiliary_head"];

    /// <summary>The weights without a head that does not label or transcribe the whole input.</summary>
    /// <param name="weights">All weights.</param>
    /// <param name="config">The options of <c>config.json</c>.</param>
    /// <param name="prefix">What the names of the encoder begin with, beside a head.</param>
    /// <param name="supported">How the names of architectures with a supported head end.</param>
    /// <param name="warnings">Receives what is left out.</param>
    /// <param name="outside">How names of the encoder begin that stand beside its prefix.</param>
    public static Weights Keep(Weights weights, CheckpointOptions config, string prefix, string supported, List<string> warnings, IReadOnlyList<string> outside)
    {
        string[] architectures = [.. Strings(config, "architectures")];
        bool isHeaded = architectures.Length == 0 ? LabelsInputs(weights) : architectures.Any(name => name.EndsWith(supported, StringComparison.Ordinal));
        if (isHeaded)
        {
            return weights;
        }

        bool hasPrefix = weights.Names.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
        bool IsHead(string name) => hasPrefix ? !name.StartsWith(prefix, StringComparison.Ordinal) && !outside.Any(start => name.StartsWith(start, StringComparison.Ordinal)) : s_heads.Contains(name.Split('.')[0]);
        string[] heads = [.. weights.Names.Where(IsHead).Select(name => name.Split('.')[0]).Distinct().Except(s_pretraining)];
        if (heads.Length > 0)
        {
            string reason = architectures.Length == 0 ? "it does not belong to the pooled vector" : $"the architecture is {PickleText.Quote(string.Join(", ", architectures))}, not one that ends in {supported}";
            warnings.Add($"{HuggingFaceFolder.ConfigName}: the head {string.Join(", ", heads.Select(PickleText.Quote))} is left out, because {reason}; the model gives vectors, but no labels");
        }

        return weights.Except(IsHead);
    }

    /// <summary>What turns the outputs of a classification head into numbers, as transformers' pipelines have it.</summary>
    /// <exception cref="InvalidDataException">The option is unknown.</exception>
    public static HeadFunction Function(CheckpointOptions config, int? outputs)
    {
        const string Name = "problem_type";
        return config.Text(Name) switch
        {
            "regression" => HeadFunction.None,
            "multi_label_classification" => HeadFunction.Sigmoid,
            null or "single_label_classification" => outputs == 1 ? HeadFunction.Sigmoid : HeadFunction.Softmax,
            var other => throw config.Bad(Name, $"is {PickleText.Quote(other)}; single_label_classification, multi_label_classification and regression are supported"),
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
