using Data2Vec.Server.Limits;

namespace Data2Vec.Server.Requests;

/// <summary>The JSON object of a request. Fields that nobody asked for are an error, so that no wish of a client is passed over in silence.</summary>
internal sealed class RequestJson : IDisposable
{
    private const int MaxDepth = 8;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    private readonly JsonDocument? _document;
    private readonly JsonElement _root;
    private readonly string _path;

    private RequestJson(JsonElement root, string path, string[] known)
    {
        (_root, _path) = (root, path);
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw RequestException.Bad(path.Length == 0 ? "the body must be a JSON object" : $"'{path[..^1]}' must be a JSON object", path.TrimEnd('.'));
        }

        foreach (JsonProperty field in root.EnumerateObject())
        {
            string name = field.Name;
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                throw RequestException.Bad($"'{_path}{RequestException.Shorten(name)}' is not a field of this request; the fields are {string.Join(", ", known)}", _path + RequestException.Shorten(name));
            }
        }
    }

    private RequestJson(JsonDocument document, string[] known)
        : this(document.RootElement, "", known) => _document = document;

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
    public JsonElement? Find(string name) => _root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A field that must be there.</summary>
    public JsonElement Require(string name) => Find(name) ?? throw RequestException.Bad($"'{_path}{name}' is missing", _path + name);

    /// <summary>A text; null if it is missing or null.</summary>
    public string? Text(string name) => Find(name) is { } value ? TextOf(value, _path + name) : null;

    /// <summary>A text that must be there.</summary>
    public string RequireText(string name) => TextOf(Require(name), _path + name);

    /// <summary>A text of some; null if it is missing or null.</summary>
    public string? Choice(string name, params ReadOnlySpan<string> choices)
    {
        string? value = Text(name);
        return value is null || choices.Contains(value) ? value
            : throw RequestException.Bad($"'{_path}{name}' is '{RequestException.Shorten(value)}'; it can be {string.Join(" or ", choices)}", _path + name);
    }

    /// <summary>A whole number of at least 1; null if it is missing or null.</summary>
    public int? Count(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 1 ? number
        : throw RequestException.Bad($"'{_path}{name}' must be a whole number of at least 1", _path + name);

    /// <summary>True or false; false if it is missing or null.</summary>
    public bool Flag(string name) => Find(name)?.ValueKind switch
    {
        null or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw RequestException.Bad($"'{_path}{name}' must be true or false", _path + name),
    };

    /// <summary>An object in a field.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="known">The names of all its fields.</param>
    public static RequestJson Object(JsonElement value, string name, string[] known) => new(value, name + ".", known);

    /// <summary>One text, or a list of texts.</summary>
    public static string[] Texts(JsonElement value, string name, ServerLimits limits)
    {
        string[] texts = value.ValueKind == JsonValueKind.Array ? [.. Elements(value, name, limits).Select((item, i) => TextOf(item, $"{name}[{i}]"))] : [TextOf(value, name)];
        return texts;
    }

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

    public void Dispose() => _document?.Dispose();

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
