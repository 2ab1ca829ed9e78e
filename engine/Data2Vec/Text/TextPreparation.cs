using System.Text.Json.Nodes;

namespace Data2Vec.Text;

/// <summary>What happens to a text before it is tokenized, and how much of it is used, unless the caller says otherwise.</summary>
public sealed record TextPreparation
{
    private const string Name = "preparation";

    /// <summary>A text that is put before each text, such as <c>query: </c>.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Whether white space at both ends is removed, after the prefix is added.</summary>
    public bool Strip { get; init; }

    /// <summary>Whether the text becomes lower case, added tokens in it too.</summary>
    public bool Lowercase { get; init; }

    /// <summary>The most tokens of an input, special tokens included; null for all that the model accepts.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>How longer texts are handled.</summary>
    public LongTextPolicy LongTexts { get; init; } = LongTextPolicy.Chunk;

    /// <summary>Prepares a text.</summary>
    internal string Apply(string text)
    {
        text = Prefix.Length > 0 ? Prefix + text : text;
        text = Strip ? text.Trim() : text;
        return Lowercase ? text.ToLowerInvariant() : text;
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

        config[Name] = json;
    }
}
