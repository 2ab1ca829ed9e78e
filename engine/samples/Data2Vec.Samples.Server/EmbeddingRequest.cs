using System.Text.Json;
using System.Text.Json.Serialization;

namespace Data2Vec.Samples.Server;

/// <summary>What a client asks for.</summary>
/// <param name="Input">A text, texts, a text's token ids with the special ones, or several of them.</param>
/// <param name="Model">The model's id.</param>
/// <param name="EncodingFormat"><c>float</c> or <c>base64</c>.</param>
/// <param name="Dimensions">The model's, if any.</param>
internal sealed record EmbeddingRequest(
    JsonElement Input, string? Model, [property: JsonPropertyName("encoding_format")] string? EncodingFormat, int? Dimensions)
{
    private const int MostInputs = 2048;

    /// <summary>The texts, or null where the input is token ids.</summary>
    /// <exception cref="ArgumentException">The input is neither.</exception>
    public string[]? Texts() => Input.ValueKind switch
    {
        JsonValueKind.String => [Input.GetString()!],
        JsonValueKind.Array when Elements(Input).All(element => element.ValueKind == JsonValueKind.String) => [.. Elements(Input).Select(element => element.GetString()!)],
        _ => null,
    };

    /// <summary>The token ids of each text.</summary>
    /// <exception cref="ArgumentException">The input is none.</exception>
    public ReadOnlyMemory<int>[] Tokens() => Input.ValueKind == JsonValueKind.Array && Elements(Input).All(element => element.ValueKind == JsonValueKind.Array)
        ? [.. Elements(Input).Select(Ids)]
        : [Ids(Input)];

    private static ReadOnlyMemory<int> Ids(JsonElement array) => array.ValueKind == JsonValueKind.Array
        ? array.EnumerateArray().Select(element => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int id) ? id : throw Neither()).ToArray()
        : throw Neither();

    private static JsonElement.ArrayEnumerator Elements(JsonElement array) => array.GetArrayLength() is >= 1 and <= MostInputs
        ? array.EnumerateArray()
        : throw new ArgumentException($"'input' has {array.GetArrayLength()} elements; 1 to {MostInputs} are allowed");

    private static ArgumentException Neither() => new("'input' must be a text, texts, token ids, or several texts of token ids");
}
