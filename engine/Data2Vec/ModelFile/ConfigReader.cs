using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.ModelFile;

/// <summary>Checked access to the fields of a model file's <c>config</c>.</summary>
internal static class ConfigReader
{
    /// <summary>The default limit of a size.</summary>
    public const int LargestSize = 1 << 16;

    /// <summary>The most features per attention head that the kernels support.</summary>
    private const int LargestHead = 256;

    public static JsonElement Property(JsonElement json, string name, params ReadOnlySpan<JsonValueKind> kinds) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value) && kinds.Contains(value.ValueKind)
            ? value
            : throw new InvalidDataException($"the configuration lacks '{name}'");

    public static JsonElement.ArrayEnumerator Array(JsonElement json, string name) =>
        Property(json, name, JsonValueKind.Array).EnumerateArray();

    /// <summary>A whole number above 0.</summary>
    public static int Integer(JsonElement json, string name, int largest = LargestSize) => Integer(json, name, 1, largest);

    public static int Integer(JsonElement json, string name, int least, int largest) =>
        Property(json, name, JsonValueKind.Number).TryGetInt32(out int value) && value >= least && value <= largest
            ? value
            : throw new InvalidDataException($"'{name}' of the configuration is not a whole number from {least} to {largest}");

    /// <summary>The epsilon of a normalization: above 0, less than 1.</summary>
    public static float Epsilon(JsonElement json, string name) =>
        Property(json, name, JsonValueKind.Number).TryGetSingle(out float value) && value is > 0 and < 1
            ? value
            : throw new InvalidDataException($"'{name}' of the configuration is not a number between 0 and 1");

    public static bool Flag(JsonElement json, string name) =>
        Property(json, name, JsonValueKind.True, JsonValueKind.False).GetBoolean();

    /// <summary>The labels of the head, or null if the model has no head.</summary>
    public static IReadOnlyList<string>? Labels(JsonElement json) => json.TryGetProperty("labels", out _)
        ? Array(json, "labels").Select(label => label.ValueKind == JsonValueKind.String
            ? label.GetString()!
            : throw new InvalidDataException("a label of the configuration is not a string")).ToArray()
        : null;

    /// <summary>Writes the labels of the head, if any.</summary>
    public static void WriteLabels(JsonObject json, IReadOnlyList<string>? labels)
    {
        if (labels is not null)
        {
            json["labels"] = new JsonArray([.. labels.Select(label => (JsonNode)JsonValue.Create(label)!)]);
        }
    }

    /// <summary>The sizes that all transformers have. The heads divide the hidden size.</summary>
    public static (int Hidden, int Layers, int Heads, int FeedForward) Transformer(JsonElement json)
    {
        int hidden = Integer(json, "hidden_size"), heads = Integer(json, "heads");
        if (hidden % heads != 0)
        {
            throw new InvalidDataException("the configuration contradicts itself: 'heads' does not divide 'hidden_size'");
        }

        if (hidden / heads > LargestHead)
        {
            throw new InvalidDataException($"heads of {hidden / heads} features are not supported; {LargestHead} is the most");
        }

        return (hidden, Integer(json, "layers", 10_000), heads, Integer(json, "feed_forward_size"));
    }
}
