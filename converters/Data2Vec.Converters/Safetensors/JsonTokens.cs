using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Data2Vec.Converters.Safetensors;

/// <summary>Walks through JSON token by token, so that a document of many megabytes becomes nothing but what is asked of it.</summary>
internal static class JsonTokens
{
    /// <summary>Opens a document, which must be an object.</summary>
    public static Utf8JsonReader Open(ReadOnlySpan<byte> json, string what, int maxDepth)
    {
        InvalidData.ThrowIf(!Utf8.IsValid(json), $"{what} is not valid UTF-8");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        EnterObject(ref reader, what);
        return reader;
    }

    /// <summary>Whether an error means that the document is damaged. Broken escapes do not throw a JsonException.</summary>
    public static bool IsBrokenJson(Exception error) => error is JsonException or InvalidOperationException;

    public static void EnterObject(ref Utf8JsonReader reader, string what) => Read(ref reader, JsonTokenType.StartObject, what, "a JSON object");

    public static void EnterArray(ref Utf8JsonReader reader, string what) => Read(ref reader, JsonTokenType.StartArray, what, "a JSON array");

    /// <summary>The next name in an object, or null at its end.</summary>
    public static string? NextName(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.EndObject ? null : reader.GetString();
    }

    public static string Text(ref Utf8JsonReader reader, string what)
    {
        Read(ref reader, JsonTokenType.String, what, "a string");
        return reader.GetString()!;
    }

    /// <summary>The next whole number in an array, or null at its end.</summary>
    public static long? NextSize(ref Utf8JsonReader reader, string what)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            return null;
        }

        InvalidData.ThrowIf(reader.TokenType != JsonTokenType.Number, $"{what} holds something that is not a number");
        if (reader.TryGetUInt64(out ulong value) && value <= long.MaxValue)
        {
            return (long)value;
        }

        string text = Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, 120)]);
        throw new InvalidDataException($"{what} holds {PickleText.Quote(text)}, not a whole number from 0 to {long.MaxValue}");
    }

    /// <summary>Checks that nothing follows the document.</summary>
    public static void End(ref Utf8JsonReader reader) => reader.Read();

    private static void Read(ref Utf8JsonReader reader, JsonTokenType expected, string what, string kind)
    {
        reader.Read();
        InvalidData.ThrowIf(reader.TokenType != expected, $"{what} is not {kind}");
    }
}
