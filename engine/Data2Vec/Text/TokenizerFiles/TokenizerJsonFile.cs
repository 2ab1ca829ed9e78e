using System.Text.Json;

namespace Data2Vec.Text;

/// <summary>
/// The tokenizer of a Hugging Face RoBERTa model as one file, <c>tokenizer.json</c>. Everything in it that would give other ids than
/// plain byte-level BPE between <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c> is refused by name; what does not change ids (offsets, decoder,
/// truncation and padding defaults) is not looked at.
/// </summary>
internal static class TokenizerJsonFile
{
    private const string Kind = "tokenizer.json";

    public static (TokenizerVocabulary Vocabulary, MergeList Merges) Read(ReadOnlyMemory<byte> file) =>
        TokenizerFile.ReadJson(file, Kind, Read);

    private static (TokenizerVocabulary Vocabulary, MergeList Merges) Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw TokenizerFile.Error(Kind, "expected a JSON object");
        }

        JsonElement model = RequireObject(root, "model");
        RequireModel(model);
        RequireAbsent(root, "normalizer");
        RequireSplitting(RequireObject(root, "pre_tokenizer"));

        MergeList merges = ReadMerges(model);
        Dictionary<int, string> tokens = [];
        JsonVocabulary.AddTo(tokens, RequireObject(model, "vocab"), Kind);
        AddAddedTokens(tokens, root);
        TokenizerVocabulary vocabulary = HuggingFaceTokenizerFiles.Build(JsonVocabulary.InOrder(tokens, Kind), merges, Kind);
        RequireFraming(RequireObject(root, "post_processor"), vocabulary);
        return (vocabulary, merges);
    }

    private static void RequireModel(JsonElement model)
    {
        RequireValue(model, "model", "type", "BPE");
        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (Find(model, name) is { } affix && !(affix.ValueKind == JsonValueKind.String && affix.GetString() is ""))
            {
                throw NotSupported($"model.{name}", affix);
            }
        }

        if (Find(model, "dropout") is { } dropout && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
        {
            throw NotSupported("model.dropout", dropout);
        }

        RequireFalse(model, "model", "byte_fallback");
        RequireFalse(model, "model", "ignore_merges");
    }

    private static void RequireSplitting(JsonElement preTokenizer)
    {
        RequireValue(preTokenizer, "pre_tokenizer", "type", "ByteLevel");
        RequireFalse(preTokenizer, "pre_tokenizer", "add_prefix_space");
        if (Find(preTokenizer, "use_regex") is { ValueKind: not JsonValueKind.True } useRegex)
        {
            throw NotSupported("pre_tokenizer.use_regex", useRegex);
        }
    }

    // RobertaProcessing's own add_prefix_space and trim_offsets only move offsets.
    private static void RequireFraming(JsonElement postProcessor, TokenizerVocabulary vocabulary)
    {
        RequireValue(postProcessor, "post_processor", "type", "RobertaProcessing");
        RequireSpecial(postProcessor, "cls", TokenizerVocabulary.Begin, vocabulary);
        RequireSpecial(postProcessor, "sep", TokenizerVocabulary.End, vocabulary);
    }

    private static void RequireSpecial(JsonElement postProcessor, string part, string name, TokenizerVocabulary vocabulary)
    {
        int id = vocabulary.IdOfName(name);
        bool right = Find(postProcessor, part) is { ValueKind: JsonValueKind.Array } pair
            && pair.GetArrayLength() == 2
            && pair[0].ValueKind == JsonValueKind.String && pair[0].GetString() == name
            && pair[1].ValueKind == JsonValueKind.Number && pair[1].TryGetInt32(out int written) && written == id;
        if (!right)
        {
            throw TokenizerFile.Error(Kind, $"post_processor.{part} is not [\"{name}\", {id}]");
        }
    }

    private static MergeList ReadMerges(JsonElement model)
    {
        if (Find(model, "merges") is not { ValueKind: JsonValueKind.Array } array)
        {
            throw TokenizerFile.Error(Kind, "model.merges is not an array");
        }

        MergeList merges = new();
        int number = 0;
        foreach (JsonElement merge in array.EnumerateArray())
        {
            FilePlace place = new(Kind, "model.merges entry", ++number);
            (string left, string right) = ReadMerge(merge, place);
            merges.Add(left, right, place);
        }

        return merges;
    }

    // "a b" up to version 0.19 of the tokenizers library, ["a", "b"] since.
    private static (string Left, string Right) ReadMerge(JsonElement merge, FilePlace place)
    {
        if (merge.ValueKind == JsonValueKind.String)
        {
            return MergesFile.SplitPair(merge.GetString()!, place);
        }

        return merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2
            && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String
            ? (merge[0].GetString()!, merge[1].GetString()!)
            : throw TokenizerFile.Error(place, "expected \"a b\" or [\"a\", \"b\"]");
    }

    private static void AddAddedTokens(Dictionary<int, string> tokens, JsonElement root)
    {
        if (Find(root, "added_tokens") is not { } array)
        {
            return;
        }

        if (array.ValueKind != JsonValueKind.Array)
        {
            throw TokenizerFile.Error(Kind, "added_tokens is not an array");
        }

        foreach (JsonElement added in array.EnumerateArray())
        {
            if (added.ValueKind != JsonValueKind.Object
                || Find(added, "content") is not { ValueKind: JsonValueKind.String } content
                || Find(added, "id") is not { ValueKind: JsonValueKind.Number } number
                || !number.TryGetInt32(out int id) || id is < 0 or >= TokenizerFile.MaxEntries)
            {
                throw TokenizerFile.Error(Kind, "an entry of added_tokens is not an object with an id and a content");
            }

            string token = content.GetString()!;
            if (Find(added, "special") is not { ValueKind: JsonValueKind.True })
            {
                throw TokenizerFile.Error(Kind, $"the added token {TokenizerFile.Quote(token)} is not special: words that are cut out of the text before BPE are not supported");
            }

            if (!tokens.TryAdd(id, token) && tokens[id] != token)
            {
                throw TokenizerFile.Error(Kind, $"{TokenizerFile.Quote(tokens[id])} and the added token {TokenizerFile.Quote(token)} share the id {id}");
            }
        }
    }

    // A property that is absent and one that is null say the same.
    private static JsonElement? Find(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static JsonElement RequireObject(JsonElement json, string name) =>
        Find(json, name) is { ValueKind: JsonValueKind.Object } value ? value : throw TokenizerFile.Error(Kind, $"{name} is missing or not an object");

    private static void RequireAbsent(JsonElement json, string name)
    {
        if (Find(json, name) is { } value)
        {
            throw NotSupported(name, value);
        }
    }

    private static void RequireFalse(JsonElement json, string path, string name)
    {
        if (Find(json, name) is { ValueKind: not JsonValueKind.False } value)
        {
            throw NotSupported($"{path}.{name}", value);
        }
    }

    private static void RequireValue(JsonElement json, string path, string name, string wanted)
    {
        if (Find(json, name) is not { ValueKind: JsonValueKind.String } value || value.GetString() != wanted)
        {
            throw TokenizerFile.Error(Kind, $"{path}.{name} is not \"{wanted}\", the only one supported");
        }
    }

    private static InvalidDataException NotSupported(string path, JsonElement value) =>
        TokenizerFile.Error(Kind, $"{path} = {TokenizerFile.Quote(value.GetRawText())} is not supported, as it changes ids");
}
