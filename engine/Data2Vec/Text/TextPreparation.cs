using System.Collections.ObjectModel;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Text;

/// <summary>What happens to a text before it is tokenized, and how much of it is used, unless the caller says otherwise.</summary>
public sealed record TextPreparation
{
    private const string Name = "preparation", PromptsName = "prompts";

    /// <summary>More than any model has.</summary>
    private const int MostPrompts = 1024;

    /// <summary>A text that is put before each text, such as <c>query: </c>.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Texts that can be put before a text instead of <see cref="Prefix"/>, by their names, such as <c>query</c> and <c>passage</c>.</summary>
    public IReadOnlyDictionary<string, string> Prompts { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Whether the rows of what is put before a text, and of the opening token, are left out of means and maxima.</summary>
    public bool PoolSkipsPrompt { get; init; }

    /// <summary>Whether white space at both ends is removed, after the prefix is added.</summary>
    public bool Strip { get; init; }

    /// <summary>Whether the text becomes lower case, added tokens in it too.</summary>
    public bool Lowercase { get; init; }

    /// <summary>The most tokens of an input, special tokens included; null for all that the model accepts.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>How longer texts are handled.</summary>
    public LongTextPolicy LongTexts { get; init; } = LongTextPolicy.Chunk;

    /// <summary>Prepares a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="prompt">What is put before it; null for <see cref="Prefix"/>.</param>
    internal string Apply(string text, string? prompt = null)
    {
        prompt ??= Prefix;
        text = prompt.Length > 0 ? prompt + text : text;
        text = Strip ? PythonText.Strip(text) : text;
        return Lowercase ? PythonText.ToLower(text) : text;
    }

    /// <summary>What is put before texts.</summary>
    /// <exception cref="ArgumentException">There is no prompt of the name.</exception>
    internal string PromptFor(InputOptions options)
    {
        if (options is not EmbeddingOptions { Prompt: var prompt, PromptName: var name } || (prompt is null && name is null))
        {
            return Prefix;
        }

        string known = Prompts.Count == 0 ? "it has none" : $"it has {string.Join(", ", Prompts.Keys.Order(StringComparer.Ordinal))}";
        return prompt ?? (Prompts.TryGetValue(name!, out string? found)
            ? found
            : throw new ArgumentException($"The model has no prompt '{name}'; {known}.", nameof(options)));
    }

    /// <summary>Reads the preparation from the configuration in a model file.</summary>
    /// <exception cref="InvalidDataException">A field is out of range.</exception>
    internal static TextPreparation FromJson(JsonFields config)
    {
        if (!config.Has(Name))
        {
            return new TextPreparation();
        }

        JsonFields json = config.Object(Name);
        return new TextPreparation
        {
            Prefix = json.Has("prefix") ? json.Text("prefix") : "",
            Prompts = ReadPrompts(json),
            PoolSkipsPrompt = json.Flag("pool_skips_prompt", false),
            Strip = json.Flag("strip", false),
            Lowercase = json.Flag("lowercase", false),
            MaxTokens = json.Has("max_tokens") ? json.Integer("max_tokens", TextChunker.SmallestWindow, JsonFields.LargestSize) : null,
            LongTexts = json.Has("long_texts") ? json.Choice("long_texts", ("chunk", LongTextPolicy.Chunk), ("truncate", LongTextPolicy.Truncate)) : LongTextPolicy.Chunk,
        };
    }

    /// <summary>Adds it to a configuration for a model file, unless it does nothing.</summary>
    internal void AddTo(JsonObject config)
    {
        if (this == new TextPreparation())
        {
            return;
        }

        var json = new JsonObject
        {
            ["prefix"] = Prefix,
            ["strip"] = Strip,
            ["lowercase"] = Lowercase,
            ["long_texts"] = LongTexts == LongTextPolicy.Truncate ? "truncate" : "chunk",
        };
        if (MaxTokens is { } most)
        {
            json["max_tokens"] = most;
        }

        if (Prompts.Count > 0)
        {
            json[PromptsName] = new JsonObject(Prompts.Select(prompt => KeyValuePair.Create(prompt.Key, (JsonNode?)prompt.Value)));
        }

        if (PoolSkipsPrompt)
        {
            json["pool_skips_prompt"] = true;
        }

        config[Name] = json;
    }

    private static IReadOnlyDictionary<string, string> ReadPrompts(JsonFields json)
    {
        if (!json.Has(PromptsName))
        {
            return ReadOnlyDictionary<string, string>.Empty;
        }

        JsonProperty[] prompts = [.. json.Object(PromptsName).Json.EnumerateObject().Take(MostPrompts + 1)];
        return prompts.Length <= MostPrompts && prompts.All(prompt => prompt.Value.ValueKind == JsonValueKind.String)
            ? prompts.ToDictionary(prompt => prompt.Name, prompt => prompt.Value.GetString()!, StringComparer.Ordinal)
            : throw json.Bad(PromptsName, $"an object of at most {MostPrompts} strings");
    }
}
