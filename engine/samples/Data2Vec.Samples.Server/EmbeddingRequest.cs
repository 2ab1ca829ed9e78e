using System.Text.Json;
using System.Text.Json.Serialization;

namespace Data2Vec.Samples.Server;

/// <summary>A request for embeddings.</summary>
/// <param name="Input">A text, several texts, the token ids of a text (with the special ones), or those of several texts.</param>
/// <param name="Model">The model's id.</param>
/// <param name="EncodingFormat"><c>float</c> or <c>base64</c>.</param>
/// <param name="Dimensions">The model's number of dimensions, or null.</param>
internal sealed record EmbeddingRequest(
    JsonElement Input, string? Model, [property: JsonPropertyName("encoding_format")] string? EncodingFormat, int? Dimensions)
{
    private const int MaxInputs = 2048;

    /// <summary>The texts; null if the input is not text.</summary>
    /// <exception cref="ArgumentException">The number of texts is out of range.</exception>
    public string[]? Texts() => Input.ValueKind switch
    {
        JsonValueKind.String => [Input.GetString()!],
        JsonValueKind.Array when Elements(Input).All(element => element.ValueKind == JsonValueKind.String) => [.. Elements(Input).Select(element => element.GetString()!)],
        _ => null,
    };

    /// <summary>The token ids of each text.</summary>
    /// <exception cref="ArgumentException">The input is not token ids.</exception>
    public ReadOnlyMemory<int>[] Tokens() => Input.ValueKind == JsonValueKind.Array && Elements(Input).All(element => element.ValueKind == JsonValueKind.Array)
        ? [.. Elements(Input).Select(Ids)]
        : [Ids(Input)];

    private static ReadOnlyMemory<int> Ids(JsonElement array) => array.ValueKind == JsonValueKind.Array
        ? array.EnumerateArray().Select(element => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int id) ? id : throw Unknown()).ToArray()
        : throw Unknown();

    private static JsonElement.ArrayEnumerator Elements(JsonElement array) => array.GetArrayLength() is >= 1 and <= MaxInputs
        ? array.EnumerateArray()
        : throw new ArgumentException($"'input' has {array.GetArrayLength()} elements; the limits are 1 and {MaxInputs}");

    private static ArgumentException Unknown() => new("'input' must be a text, several texts, token ids, or several lists of token ids");
}
