using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Converters.Checkpoints;

/// <summary>
/// Reads options from a text in the part of YAML that configurations are dumped in: mappings in blocks, whose values are scalars, lists of scalars in
/// blocks, or mappings. Values of other kinds are left out.
/// </summary>
internal static class YamlOptions
{
    private const int MostCharacters = 1 << 20, MostLevels = 16;

    /// <summary>The options of a text.</summary>
    /// <exception cref="InvalidDataException">The text is too long or too deep.</exception>
    public static CheckpointOptions Parse(string text)
    {
        InvalidData.ThrowIf(text.Length > MostCharacters, $"the configuration has {text.Length} characters; {MostCharacters} are allowed");
        var root = new JsonObject();
        var open = new Stack<(int Indent, JsonObject Group)>([(-1, root)]);
        (JsonObject Group, string Name)? last = null;
        foreach (string line in text.Split('\n'))
        {
            string content = line.Trim();
            int indent = line.Length - line.TrimStart(' ').Length;
            if (content.Length == 0 || content[0] is '#' or '-' && !content.StartsWith("- ", StringComparison.Ordinal))
            {
                continue;
            }

            if (content.StartsWith("- ", StringComparison.Ordinal))
            {
                Add(last, content[2..]);
                continue;
            }

            int colon = content.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || (colon + 1 < content.Length && content[colon + 1] != ' '))
            {
                continue;
            }

            while (open.Peek().Indent >= indent)
            {
                open.Pop();
            }

            // A key without a value has a group, whose lines are further right, a list, or nothing.
            (JsonObject group, string name, string value) = (open.Peek().Group, content[..colon].Trim('\'', '"'), content[(colon + 1)..].Trim());
            last = (group, name);
            if (value.Length > 0)
            {
                group[name] = Scalar(value);
                continue;
            }

            InvalidData.ThrowIf(open.Count > MostLevels, "the configuration is nested too deeply");
            var inner = new JsonObject();
            group[name] = inner;
            open.Push((indent, inner));
        }

        using JsonDocument document = JsonDocument.Parse(root.ToJsonString());
        return CheckpointOptions.FromJson(document.RootElement.Clone(), "the configuration");
    }

    private static void Add((JsonObject Group, string Name)? list, string item)
    {
        if (list is not ({ } group, { } name))
        {
            return;
        }

        if (group[name] is not JsonArray items)
        {
            group[name] = items = [];
        }

        items.Add(Scalar(item));
    }

    private static JsonNode? Scalar(string text) => text switch
    {
        "null" or "~" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        "[]" => new JsonArray(),
        "{}" => new JsonObject(),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(text.Trim('\'', '"')),
    };
}
