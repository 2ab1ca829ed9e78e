using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Converters.Exports;

/// <summary>Copies options of a checkpoint as plain values: dictionaries, lists, texts and numbers, without the classes that they had.</summary>
internal sealed class PlainValues
{
    private const int MostValues = 1 << 17, MostDepth = 32, MostCharacters = 1 << 24;

    private int _values, _characters;

    /// <summary>Copies a value of a pickle. Objects that are no options become None.</summary>
    /// <exception cref="InvalidDataException">There are more values than options can have, as in a hostile file that contains itself.</exception>
    public static object? Of(object? value) => new PlainValues().Copy(value, 0);

    /// <summary>The same for JSON.</summary>
    public static object? Of(JsonNode? json) => json switch
    {
        JsonObject group => Dictionary([.. group.Select(entry => (entry.Key, Of(entry.Value)))]),
        JsonArray array => List(array.Select(Of)),
        null => null,
        _ => json.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => json.GetValue<string>(),
            _ => long.TryParse(json.ToJsonString(), out long number) ? (object)number : double.Parse(json.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture),
        },
    };

    /// <summary>A dictionary.</summary>
    public static PickleDictionary Dictionary(params ReadOnlySpan<(string Key, object? Value)> entries)
    {
        var dictionary = new PickleDictionary();
        foreach ((string key, object? value) in entries)
        {
            dictionary.Set(key, value);
        }

        return dictionary;
    }

    /// <summary>A list.</summary>
    public static PickleList List(IEnumerable<object?> items)
    {
        var list = new PickleList();
        foreach (object? item in items)
        {
            list.Add(item);
        }

        return list;
    }

    /// <summary>Sets values of a dictionary to those of another, in groups of the same name value by value.</summary>
    public static void Merge(PickleDictionary target, PickleDictionary source)
    {
        foreach ((object? key, object? value) in source)
        {
            if (value is PickleDictionary inner && target.TryGetValue(key, out object? known) && known is PickleDictionary group)
            {
                Merge(group, inner);
            }
            else
            {
                target.Set(key, value);
            }
        }
    }

    private object? Copy(object? value, int depth)
    {
        InvalidData.ThrowIf(++_values > MostValues || depth > MostDepth, "the checkpoint has more options than any model");
        switch (value)
        {
            case bool or long or double:
                return value;
            case string text:
                _characters += text.Length;
                InvalidData.ThrowIf(_characters > MostCharacters, "the options of the checkpoint are longer than any model's");
                return text;
            case PickleDictionary group:
                var dictionary = new PickleDictionary();
                foreach ((object? key, object? entry) in group)
                {
                    if (key is string or long)
                    {
                        dictionary.Set(key, Copy(entry, depth + 1));
                    }
                }

                return dictionary;
            case PickleObject { Name: "Namespace", State: PickleDictionary attributes }:
                return Copy(attributes, depth + 1);
            case PickleObject { Module: "omegaconf.dictconfig" or "omegaconf.listconfig" } container:
                return container.TryGetAttribute("_content", out object? content) ? Copy(content, depth + 1) : null;
            case PickleObject { Module: "omegaconf.nodes" } node:
                return node.TryGetAttribute("_val", out object? held) ? Copy(held, depth + 1) : null;
            case PickleObject { Arguments.Count: 1 } member when member.Arguments[0] is string or long:
                return member.Arguments[0]; // of an enumeration
            case PickleList or PickleTuple:
                return List(((IReadOnlyList<object?>)value).Select(item => Copy(item, depth + 1)));
            default:
                return null;
        }
    }
}
