using System.Text.Json;

namespace Data2Vec.Text;

/// <summary>Reads JSON objects that map tokens to ids: <c>encoder.json</c>, <c>vocab.json</c>, <c>model.vocab</c> of <c>tokenizer.json</c>.</summary>
internal static class JsonVocabulary
{
    /// <summary>Reads a file. Returns the tokens in the order of their ids, which must be 0, 1, 2, … without gaps.</summary>
    public static string[] Read(ReadOnlyMemory<byte> file, string name) => TokenizerFile.ReadJson(file, name, json =>
    {
        Dictionary<int, string> tokens = [];
        AddTo(tokens, json, name);
        return InOrder(tokens, name);
    });

    /// <summary>Adds the tokens of a JSON object.</summary>
    public static void AddTo(Dictionary<int, string> tokens, JsonElement json, string name)
    {
        FilePlace place = new(name);
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw place.Error("expected a JSON object that maps tokens to ids");
        }

        foreach (JsonProperty entry in json.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id is < 0 or >= TokenizerFile.MaxEntries)
            {
                throw place.Error($"the id of {entry.Name.Quote()} is not an integer from 0 to {TokenizerFile.MaxEntries - 1}");
            }

            if (!tokens.TryAdd(id, entry.Name))
            {
                throw place.Error($"{tokens[id].Quote()} and {entry.Name.Quote()} share the id {id}");
            }
        }
    }

    /// <summary>Returns the collected tokens in the order of their ids.</summary>
    public static string[] InOrder(Dictionary<int, string> tokens, string name) =>
    [
        .. Enumerable.Range(0, tokens.Count).Select(id => tokens.TryGetValue(id, out string? token)
            ? token
            : throw new FilePlace(name).Error($"no token has the id {id}, although higher ids are used")),
    ];
}
