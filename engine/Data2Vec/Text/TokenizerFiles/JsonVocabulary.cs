using System.Text.Json;

namespace Data2Vec.Text;

/// <summary>A JSON object from token to id: <c>encoder.json</c>, <c>vocab.json</c>, <c>model.vocab</c> of a <c>tokenizer.json</c>.</summary>
internal static class JsonVocabulary
{
    /// <summary>The tokens in the order of their ids, which must be 0, 1, 2, … without a gap.</summary>
    public static string[] Read(JsonElement json, string kind)
    {
        Dictionary<int, string> tokens = [];
        AddTo(tokens, json, kind);
        return InOrder(tokens, kind);
    }

    /// <summary>Collects the tokens of a JSON object by id.</summary>
    public static void AddTo(Dictionary<int, string> tokens, JsonElement json, string kind)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw TokenizerFile.Error(kind, "expected a JSON object from token to id");
        }

        foreach (JsonProperty entry in json.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id is < 0 or >= TokenizerFile.MaxEntries)
            {
                throw TokenizerFile.Error(
                    kind, $"the id of {TokenizerFile.Quote(entry.Name)} is not a whole number from 0 to {TokenizerFile.MaxEntries - 1}");
            }

            if (!tokens.TryAdd(id, entry.Name))
            {
                throw TokenizerFile.Error(kind, $"{TokenizerFile.Quote(tokens[id])} and {TokenizerFile.Quote(entry.Name)} share the id {id}");
            }
        }
    }

    /// <summary>The collected tokens by id.</summary>
    public static string[] InOrder(Dictionary<int, string> tokens, string kind)
    {
        string[] ordered = new string[tokens.Count];
        for (int id = 0; id < ordered.Length; id++)
        {
            ordered[id] = tokens.TryGetValue(id, out string? token)
                ? token
                : throw TokenizerFile.Error(kind, $"no token has the id {id}, though higher ids are in use");
        }

        return ordered;
    }
}
