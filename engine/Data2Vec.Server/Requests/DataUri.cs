namespace Data2Vec.Server.Requests;

/// <summary>Decodes data URIs (RFC 2397).</summary>
internal static class DataUri
{
    private const string Scheme = "data:", Base64Mark = ";base64";
    private const int LongestMediaType = 200;

    public static bool Is(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>The content of a data URI. Its media type is not looked at: the content shows what it is.</summary>
    /// <param name="text">The URI.</param>
    /// <param name="name">The field, for messages.</param>
    public static byte[] Decode(string text, string name)
    {
        int comma = text.AsSpan(0, Math.Min(text.Length, LongestMediaType)).IndexOf(',');
        if (comma < 0 || !text.AsSpan(0, comma).EndsWith(Base64Mark, StringComparison.OrdinalIgnoreCase))
        {
            throw RequestException.Bad($"'{name}' must be a data URI with base64, such as data:image/png;base64,...", name);
        }

        ReadOnlySpan<char> content = text.AsSpan(comma + 1);
        byte[] bytes = new byte[(content.Length + 3L) / 4 * 3];
        return Convert.TryFromBase64Chars(content, bytes, out int count) && count > 0 ? bytes[..count]
            : throw RequestException.Bad(count == 0 && content.IsEmpty ? $"'{name}' has no content" : $"'{name}' is not valid base64", name);
    }
}
