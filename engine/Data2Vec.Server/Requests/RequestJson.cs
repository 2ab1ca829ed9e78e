using Data2Vec.Server.Limits;

namespace Data2Vec.Server.Requests;

/// <summary>The JSON object of a request. Unknown fields are an error, so that nothing that a client asks for is ignored.</summary>
internal sealed class RequestJson : IDisposable
{
    private const int MaxDepth = 8;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    private readonly JsonDocument _document;

    private RequestJson(JsonDocument document, string[] known)
    {
        _document = document;
        if (Root.ValueKind != JsonValueKind.Object)
        {
            throw RequestException.Bad("the body must be a JSON object");
        }

        foreach (JsonProperty field in Root.EnumerateObject())
        {
            if (!known.Contains(field.Name, StringComparer.Ordinal))
            {
                string name = RequestException.Shorten(field.Name);
                throw RequestException.Bad($"'{name}' is not a field of this request; the fields are {string.Join(", ", known)}", name);
            }
        }
    }

    private JsonElement Root => _document.RootElement;

    /// <summary>Reads the body of a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="body">Reads bodies.</param>
    /// <param name="known">The names of all fields.</param>
    public static async Task<RequestJson> ReadAsync(HttpContext context, BodyReader body, string[] known)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new RequestException(StatusCodes.Status415UnsupportedMediaType, "the content type of the request must be application/json");
        }

        JsonDocument document = await body.ReadAsync(context, cancellation => ParseAsync(context.Request.Body, cancellation)).ConfigureAwait(false);
        try
        {
            return new RequestJson(document, known);
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    /// <summary>A field; null if it is missing or null.</summary>
    public JsonElement? Find(string name) => Root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A field that must be there.</summary>
    public JsonElement Require(string name) => Find(name) ?? throw RequestException.Bad($"'{name}' is missing", name);

    /// <summary>A text; null if it is missing or null.</summary>
    public string? Text(string name) => Find(name) is { } value ? TextOf(value, name) : null;

    /// <summary>A text that must be there.</summary>
    public string RequireText(string name) => TextOf(Require(name), name);

    /// <summary>A text of some; null if it is missing or null.</summary>
    public string? Choice(string name, params ReadOnlySpan<string> choices)
    {
        string? value = Text(name);
        return value is null || choices.Contains(value) ? value
            : throw RequestException.Bad($"'{name}' is '{RequestException.Shorten(value)}'; it can be {string.Join(" or ", choices)}", name);
    }

    /// <summary>A whole number of at least 1; null if it is missing or null.</summary>
    public int? Count(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 1 ? number
        : throw RequestException.Bad($"'{name}' must be a whole number of at least 1", name);

    /// <summary>True or false; false if it is missing or null.</summary>
    public bool Flag(string name) => Find(name)?.ValueKind switch
    {
        null or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw RequestException.Bad($"'{name}' must be true or false", name),
    };

    /// <summary>One text, or a list of texts.</summary>
    public static string[] Texts(JsonElement value, string name, ServerLimits limits) => value.ValueKind == JsonValueKind.Array
        ? [.. Elements(value, name, limits).Select((item, i) => TextOf(item, $"{name}[{i}]"))]
        : [TextOf(value, name)];

    /// <summary>The elements of a list of inputs.</summary>
    public static IEnumerable<JsonElement> Elements(JsonElement list, string name, ServerLimits limits)
    {
        int count = list.GetArrayLength();
        return count == 0 ? throw RequestException.Bad($"'{name}' is empty", name)
            : count > limits.MaxInputs ? throw RequestException.TooLarge($"'{name}' has {count} elements; the limit is {limits.MaxInputs}", name)
            : list.EnumerateArray();
    }

    /// <summary>A text.</summary>
    public static string TextOf(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw RequestException.Bad($"'{name}' must be a text", name);
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw RequestException.Bad($"'{name}' is not valid Unicode", name);
        }
    }

    public void Dispose() => _document.Dispose();

    private static async Task<JsonDocument> ParseAsync(Stream body, CancellationToken cancellation)
    {
        try
        {
            return await JsonDocument.ParseAsync(body, s_options, cancellation).ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            throw RequestException.Bad("the name of a field is not valid Unicode");
        }
    }
}
