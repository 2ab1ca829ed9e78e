using System.Text.Json;

namespace Data2Vec.Text;

/// <summary>Parts of a <c>tokenizer.json</c> that all kinds of tokenizers have.</summary>
internal static class TokenizerJsonParts
{
    public const string Name = "tokenizer.json";

    private const string Sequence = "Sequence", PostProcessor = "post_processor";
    private const int MostSteps = 16;

    /// <summary>The steps of a part: those of a <c>Sequence</c>, or the part itself; none if it is null.</summary>
    public static IReadOnlyList<JsonFields> Steps(JsonFields root, string name)
    {
        if (root.Find(name) is null)
        {
            return [];
        }

        JsonFields part = root.Object(name);
        if (!IsOfType(part, Sequence))
        {
            return [part];
        }

        string list = name switch { "normalizer" => "normalizers", "pre_tokenizer" => "pretokenizers", _ => "processors" };
        JsonFields[] steps = [.. part.Array(list).Take(MostSteps + 1).Index().Select(step => new JsonFields(step.Item, $"{Name} {name} step {step.Index + 1}"))];
        return steps.Length <= MostSteps ? steps : throw part.Bad(list, $"an array of at most {MostSteps} steps");
    }

    /// <summary>The only step of a part, or the part itself, whose type is then not one that is supported.</summary>
    public static JsonFields Step(JsonFields root, string name) => Steps(root, name) is [var single] ? single : root.Object(name);

    /// <summary>Whether a step is of a type.</summary>
    public static bool IsOfType(JsonFields step, string type) =>
        step.Find("type") is { ValueKind: JsonValueKind.String } name && name.GetString() == type;

    /// <summary>The added tokens.</summary>
    public static List<AddedToken> ReadAddedTokens(JsonFields root) => root.Find("added_tokens") is null
        ? []
        : [.. root.Array("added_tokens").Index().Select(item => AddedToken.FromJson(new JsonFields(item.Item, new FilePlace(Name, "added_tokens entry", item.Index + 1).ToString())))];

    /// <summary>
    /// Requires that an input is a begin id, the text and an end id. The add_prefix_space and trim_offsets of RobertaProcessing, and a ByteLevel, only change offsets.
    /// </summary>
    public static void CheckPostProcessor(JsonFields root, (string Name, int Id) begin, (string Name, int Id) end)
    {
        JsonFields[] steps = [.. Steps(root, PostProcessor).Where(step => !IsOfType(step, "ByteLevel"))];
        JsonFields postProcessor = steps is [var single] ? single : root.Object(PostProcessor);
        if (postProcessor.Choice("type", ("RobertaProcessing", false), ("BertProcessing", false), ("TemplateProcessing", true)))
        {
            CheckTemplate(postProcessor, begin, end);
            return;
        }

        foreach ((string part, (string name, int id)) in ((string, (string, int))[])[("cls", begin), ("sep", end)])
        {
            bool isExpected = postProcessor.Find(part) is { ValueKind: JsonValueKind.Array } pair
                && pair.GetArrayLength() == 2
                && pair[0].ValueKind == JsonValueKind.String && pair[0].GetString() == name
                && pair[1].ValueKind == JsonValueKind.Number && pair[1].TryGetInt32(out int written) && written == id;
            Check(isExpected, postProcessor, part, $"[\"{name}\", {id}]");
        }
    }

    /// <summary>Throws if a setting is not supported.</summary>
    public static void Check(bool isSupported, JsonFields fields, string name, string expected)
    {
        if (!isSupported)
        {
            throw fields.Bad(name, $"{expected} (other values change the token ids and are not supported)");
        }
    }

    // "single" lists what an input consists of; "special_tokens" gives the ids.
    private static void CheckTemplate(JsonFields postProcessor, (string Name, int Id) begin, (string Name, int Id) end)
    {
        string[] parts = [.. postProcessor.Array("single").Select(item => Part(new JsonFields(item, $"{Name} {PostProcessor}")))];
        Check(parts.SequenceEqual([begin.Name, "", end.Name]), postProcessor, "single", $"{begin.Name}, the text, {end.Name}");
        JsonFields tokens = postProcessor.Object("special_tokens");
        foreach ((string name, int id) in (ReadOnlySpan<(string, int)>)[begin, end])
        {
            Check(tokens.Object(name).Integers("ids", 2) is [var written] && written == id, tokens, name, $"the id {id}");
        }

        static string Part(JsonFields part) => part.Find("SpecialToken") is not null ? part.Object("SpecialToken").Text("id") : "";
    }
}
