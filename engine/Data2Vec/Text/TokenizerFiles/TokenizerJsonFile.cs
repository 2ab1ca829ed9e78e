using System.Text.Json;

namespace Data2Vec.Text;

/// <summary>
/// Reads the <c>tokenizer.json</c> of a Hugging Face RoBERTa model. Everything that would produce other ids than plain byte-level BPE between
/// <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c> is rejected. Settings that do not change ids (offsets, decoder, defaults for truncation and
/// padding) are ignored.
/// </summary>
internal static class TokenizerJsonFile
{
    private const string Name = "tokenizer.json";

    public static BytePairTokenizer Read(ReadOnlyMemory<byte> file) => TokenizerFile.ReadJson(file, Name, Read);

    private static BytePairTokenizer Read(JsonElement json)
    {
        JsonFields root = new(json, Name);
        JsonFields model = root.Object("model");
        CheckModel(model);
        Check(root.Find("normalizer") is null, root, "normalizer", "null");
        CheckPreTokenizer(root.Object("pre_tokenizer"));

        MergeList merges = ReadMerges(model);
        Dictionary<int, string> tokens = [];
        JsonVocabulary.AddTo(tokens, model.Find("vocab") ?? default, $"{Name} model.vocab");
        AddAddedTokens(tokens, root);
        TokenizerVocabulary vocabulary = TokenizerVocabulary.FromTokens(JsonVocabulary.InOrder(tokens, Name), merges, Name);
        CheckPostProcessor(root.Object("post_processor"), vocabulary);
        return new BytePairTokenizer(vocabulary, merges);
    }

    private static void CheckModel(JsonFields model)
    {
        model.Choice("type", ("BPE", true));
        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            Check(model.Find(name) is null || model.Text(name).Length == 0, model, name, "empty");
        }

        Check(model.Number("dropout", 0) == 0, model, "dropout", "0");
        Check(!model.Flag("byte_fallback", false), model, "byte_fallback", "false");
        Check(!model.Flag("ignore_merges", false), model, "ignore_merges", "false");
    }

    private static void CheckPreTokenizer(JsonFields preTokenizer)
    {
        preTokenizer.Choice("type", ("ByteLevel", true));
        Check(!preTokenizer.Flag("add_prefix_space", false), preTokenizer, "add_prefix_space", "false");
        Check(preTokenizer.Flag("use_regex", true), preTokenizer, "use_regex", "true");
    }

    // The add_prefix_space and trim_offsets of RobertaProcessing only change offsets.
    private static void CheckPostProcessor(JsonFields postProcessor, TokenizerVocabulary vocabulary)
    {
        postProcessor.Choice("type", ("RobertaProcessing", true));
        foreach ((string part, string name) in ((string, string)[])[("cls", TokenizerVocabulary.Begin), ("sep", TokenizerVocabulary.End)])
        {
            int id = vocabulary.IdOfName(name);
            bool isExpected = postProcessor.Find(part) is { ValueKind: JsonValueKind.Array } pair
                && pair.GetArrayLength() == 2
                && pair[0].ValueKind == JsonValueKind.String && pair[0].GetString() == name
                && pair[1].ValueKind == JsonValueKind.Number && pair[1].TryGetInt32(out int written) && written == id;
            Check(isExpected, postProcessor, part, $"[\"{name}\", {id}]");
        }
    }

    private static MergeList ReadMerges(JsonFields model)
    {
        MergeList merges = new();
        foreach ((int i, JsonElement merge) in model.Array("merges").Index())
        {
            FilePlace place = new(Name, "model.merges entry", i + 1);
            (string left, string right) = ReadMerge(merge, place);
            merges.Add(left, right, place);
        }

        return merges;
    }

    // The tokenizers library writes ["a", "b"], and wrote "a b" up to version 0.19.
    private static (string Left, string Right) ReadMerge(JsonElement merge, FilePlace place) => merge.ValueKind switch
    {
        JsonValueKind.String => MergeList.SplitPair(merge.GetString()!, place),
        JsonValueKind.Array when merge.GetArrayLength() == 2 && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String =>
            (merge[0].GetString()!, merge[1].GetString()!),
        _ => throw place.Error("expected \"a b\" or [\"a\", \"b\"]"),
    };

    private static void AddAddedTokens(Dictionary<int, string> tokens, JsonFields root)
    {
        foreach ((int i, JsonElement item) in root.Find("added_tokens") is null ? [] : root.Array("added_tokens").Index())
        {
            FilePlace place = new(Name, "added_tokens entry", i + 1);
            JsonFields added = new(item, place.ToString());
            int id = added.Integer("id", 0, TokenizerFile.MaxEntries - 1);
            string token = added.Text("content");
            if (!added.Flag("special", false))
            {
                throw place.Error($"the token {token.Quote()} is not special; words that are split from the text before BPE are not supported");
            }

            if (!tokens.TryAdd(id, token) && tokens[id] != token)
            {
                throw place.Error($"{tokens[id].Quote()} and the added token {token.Quote()} share the id {id}");
            }
        }
    }

    private static void Check(bool isSupported, JsonFields fields, string name, string expected)
    {
        if (!isSupported)
        {
            throw fields.Bad(name, $"{expected} (other values change the token ids and are not supported)");
        }
    }
}
