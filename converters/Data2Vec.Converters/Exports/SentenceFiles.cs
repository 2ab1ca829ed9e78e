using System.Globalization;
using System.Text.Json.Nodes;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Text;

namespace Data2Vec.Converters.Exports;

/// <summary>What sentence-transformers keeps beside a model: how vectors are made of its rows, and how texts are prepared.</summary>
internal static class SentenceFiles
{
    private const string Module = "sentence_transformers.models.", PoolingFolder = "1_Pooling";

    /// <summary>Adds the files of a model that gives other vectors than the mean, or prepares its texts in a way of its own.</summary>
    /// <param name="config">The structure.</param>
    /// <param name="files">Receives the files by their paths.</param>
    /// <returns>The files of weights of the dense layers.</returns>
    /// <exception cref="InvalidDataException">sentence-transformers cannot keep something; the message names it.</exception>
    public static IReadOnlyList<(string Path, IReadOnlyList<ExportTensor> Tensors)> Add(TextConfig config, Dictionary<string, JsonNode> files)
    {
        if (!AreNeeded(config))
        {
            return [];
        }

        (EmbeddingDefaults embedding, TextPreparation texts) = (config.Embedding, config.Preparation);
        InvalidData.ThrowIf(!texts.Strip, "the model keeps white space at the ends of a text, which sentence-transformers removes; its vectors cannot be exported with their settings");
        InvalidData.ThrowIf(
            texts.LongTexts != LongTextPolicy.Truncate, "the model splits long texts into windows, which sentence-transformers truncates; its vectors cannot be exported with their settings");
        files.Add(SentenceTransformer.ModelConfigNames[0], new JsonObject { ["max_seq_length"] = texts.MaxTokens, ["do_lower_case"] = texts.Lowercase });
        if (texts.Prompts.Count > 0 || texts.Prefix.Length > 0)
        {
            files.Add(SentenceTransformer.PromptsName, Prompts(texts));
        }

        var modules = new List<(string Type, string Path)> { ("Transformer", ""), ("Pooling", PoolingFolder) };
        files.Add($"{PoolingFolder}/{HuggingFaceFolder.ConfigName}", SentenceModules.Describe(embedding.Pooling, config.HiddenSize, includesPrompt: !texts.PoolSkipsPrompt));
        var weights = new List<(string, IReadOnlyList<ExportTensor>)>();
        EmbeddingDefaults before = embedding with { Dense = [] };
        foreach ((int i, DenseLayer layer) in embedding.Dense.Index())
        {
            int inputs = before.SizeOf(config.HiddenSize);
            string folder = string.Create(CultureInfo.InvariantCulture, $"{modules.Count}_Dense"), name = string.Create(CultureInfo.InvariantCulture, $"{SentenceModules.DenseScope}{i}");
            modules.Add(("Dense", folder));
            files.Add($"{folder}/{HuggingFaceFolder.ConfigName}", SentenceModules.Describe(layer, inputs));
            ExportTensor matrix = new("linear.weight", [layer.Features, inputs], [$"{name}.weight"]);
            weights.Add(($"{folder}/{HuggingFaceFolder.WeightNames[0]}", layer.HasBias ? [matrix, new ExportTensor("linear.bias", [layer.Features], [$"{name}.bias"])] : [matrix]));
            before = before with { Dense = [.. before.Dense, layer] };
        }

        if (embedding.Normalize)
        {
            modules.Add(("Normalize", string.Create(CultureInfo.InvariantCulture, $"{modules.Count}_Normalize")));
        }

        files.Add(SentenceTransformer.ModulesName, new JsonArray([.. modules.Select((module, i) => (JsonNode)new JsonObject
        {
            ["idx"] = i,
            ["name"] = i.ToString(CultureInfo.InvariantCulture),
            ["path"] = module.Path,
            ["type"] = Module + module.Type,
        })]));
        return weights;
    }

    /// <summary>Refuses a model whose vectors or prompts a format without a place for them would lose.</summary>
    /// <exception cref="InvalidDataException">It has such settings; the message names them.</exception>
    public static void Refuse(ModelConfig config, string format)
    {
        var lost = new List<string>();
        if (config.Embedding.Pooling != new EmbeddingDefaults().Pooling)
        {
            lost.Add($"the pooling {PoolingNames.OptionOf(config.Embedding.Pooling)}");
        }

        if (config.Embedding.Dense.Count > 0)
        {
            lost.Add("dense layers after its pooling");
        }

        if (config.Embedding.Normalize)
        {
            lost.Add("a normalization of its vectors");
        }

        if (config is TextConfig { Preparation: var texts } && (texts.Prompts.Count > 0 || texts.Prefix.Length > 0))
        {
            lost.Add("prompts");
        }

        string way = config is TextConfig ? "; export it to Hugging Face" : "";
        InvalidData.ThrowIf(lost.Count > 0, $"the model has {string.Join(", ", lost)}, which {format} cannot keep{way}");
    }

    // A BERT without labels gets the preparation of sentence-transformers from any folder.
    private static bool AreNeeded(TextConfig config)
    {
        var plain = new TextPreparation { MaxTokens = config.Preparation.MaxTokens };
        TextPreparation ofFolder = config is { IsBert: true, Labels: null } ? plain with { Strip = true, LongTexts = LongTextPolicy.Truncate } : plain;
        return config.Embedding != new EmbeddingDefaults() || (config.Preparation != plain && config.Preparation != ofFolder);
    }

    private static JsonObject Prompts(TextPreparation texts)
    {
        string? name = texts.Prefix.Length == 0 ? null
            : texts.Prompts.FirstOrDefault(prompt => prompt.Value == texts.Prefix).Key
                ?? throw new InvalidDataException($"the model puts {PickleText.Quote(texts.Prefix)} before texts, which is not among its prompts, and cannot be exported");
        return new JsonObject
        {
            ["prompts"] = new JsonObject(texts.Prompts.Select(prompt => KeyValuePair.Create(prompt.Key, (JsonNode?)prompt.Value))),
            ["default_prompt_name"] = name,
        };
    }
}
