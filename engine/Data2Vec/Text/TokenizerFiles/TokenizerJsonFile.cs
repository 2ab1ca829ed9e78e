using System.Text.Json;

namespace Data2Vec.Text;

/// <summary>
/// Reads a Hugging Face <c>tokenizer.json</c>: RoBERTa's byte-level BPE or BERT's WordPiece. Everything that would produce other ids is rejected.
/// Settings that do not change ids (offsets, decoder, defaults for truncation and padding) are ignored.
/// </summary>
internal static class TokenizerJsonFile
{
    private const string Name = "tokenizer.json";

    public static TextTokenizer Read(ReadOnlyMemory<byte> file) => TokenizerFile.ReadJson(file, Name, Read);

    private static TextTokenizer Read(JsonElement json)
    {
        JsonFields root = new(json, Name);
        JsonFields model = root.Object("model");
        return model.Choice("type", ("BPE", false), ("WordPiece", true)) ? ReadWordPiece(root, model) : ReadBytePair(root, model);
    }

    private static TextTokenizer ReadBytePair(JsonFields root, JsonFields model)
    {
        CheckBytePairModel(model);
        Check(root.Find("normalizer") is null, root, "normalizer", "null");
        JsonFields preTokenizer = root.Object("pre_tokenizer");
        preTokenizer.Choice("type", ("ByteLevel", true));
        Check(preTokenizer.Flag("use_regex", true), preTokenizer, "use_regex", "true");

        MergeList merges = ReadMerges(model);
        Dictionary<int, string> tokens = [];
        JsonVocabulary.AddTo(tokens, model.Find("vocab") ?? default, $"{Name} model.vocab");
        List<AddedToken> added = ReadAddedTokens(root);
        foreach (AddedToken token in added)
        {
            Add(tokens, token);
        }

        TokenizerVocabulary vocabulary = TokenizerVocabulary.FromTokens(JsonVocabulary.InOrder(tokens, Name), merges, Name);
        var tokenizer = new BytePairTokenizer(vocabulary, merges);
        CheckPostProcessor(root.Object("post_processor"), (TokenizerVocabulary.Begin, tokenizer.BeginId), (TokenizerVocabulary.End, tokenizer.EndId));
        return tokenizer.With(added, preTokenizer.Flag("add_prefix_space", false));
    }

    private static TextTokenizer ReadWordPiece(JsonFields root, JsonFields model)
    {
        Check(model.Text("unk_token") == WordPieceTokenizer.Unknown, model, "unk_token", $"\"{WordPieceTokenizer.Unknown}\"");
        Check(model.Text("continuing_subword_prefix") == "##", model, "continuing_subword_prefix", "\"##\"");
        Check(model.Number("max_input_chars_per_word", 100) == 100, model, "max_input_chars_per_word", "100");
        JsonFields normalizer = root.Object("normalizer");
        normalizer.Choice("type", ("BertNormalizer", true));
        Check(normalizer.Flag("clean_text", true), normalizer, "clean_text", "true");
        root.Object("pre_tokenizer").Choice("type", ("BertPreTokenizer", true));
        bool lowercase = normalizer.Flag("lowercase", true), strip = normalizer.Flag("strip_accents", lowercase);
        Check(lowercase || !strip, normalizer, "strip_accents", "false without \"lowercase\"");
        var options = new WordPieceOptions { Lowercase = lowercase, StripAccents = strip, SplitChinese = normalizer.Flag("handle_chinese_chars", true) };

        Dictionary<int, string> tokens = [];
        JsonVocabulary.AddTo(tokens, model.Find("vocab") ?? default, $"{Name} model.vocab");
        List<AddedToken> added = ReadAddedTokens(root);

        // BERT's own special tokens may be listed here alone.
        foreach (AddedToken token in added.Where(token => WordPieceTokenizer.Special.Contains(token.Content) && token.Id == tokens.Count))
        {
            Add(tokens, token);
        }

        TextTokenizer tokenizer = WordPieceTokenizer.Create(JsonVocabulary.InOrder(tokens, Name), options, $"{Name} model.vocab", "id", 0);
        CheckPostProcessor(root.Object("post_processor"), (WordPieceTokenizer.Begin, tokenizer.BeginId), (WordPieceTokenizer.End, tokenizer.EndId));
        return tokenizer.With(added, false);
    }

    private static void CheckBytePairModel(JsonFields model)
    {
        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            Check(model.Find(name) is null || model.Text(name).Length == 0, model, name, "empty");
        }

        Check(model.Number("dropout", 0) == 0, model, "dropout", "0");
        Check(!model.Flag("byte_fallback", false), model, "byte_fallback", "false");
        Check(!model.Flag("ignore_merges", false), model, "ignore_merges", "false");
    }

    // The add_prefix_space and trim_offsets of RobertaProcessing only change offsets.
    private static void CheckPostProcessor(JsonFields postProcessor, (string Name, int Id) begin, (string Name, int Id) end)
    {
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

    // "single" lists what an input consists of; "special_tokens" gives the ids.
    private static void CheckTemplate(JsonFields postProcessor, (string Name, int Id) begin, (string Name, int Id) end)
    {
        string[] parts = [.. postProcessor.Array("single").Select(item => Part(new JsonFields(item, $"{Name} post_processor")))];
        Check(parts.SequenceEqual([begin.Name, "", end.Name]), postProcessor, "single", $"{begin.Name}, the text, {end.Name}");
        JsonFields tokens = postProcessor.Object("special_tokens");
        foreach ((string name, int id) in (ReadOnlySpan<(string, int)>)[begin, end])
        {
            Check(tokens.Object(name).Integers("ids", 2) is [var written] && written == id, tokens, name, $"the id {id}");
        }

        static string Part(JsonFields part) => part.Find("SpecialToken") is not null ? part.Object("SpecialToken").Text("id") : "";
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

    private static List<AddedToken> ReadAddedTokens(JsonFields root) => root.Find("added_tokens") is null
        ? []
        : [.. root.Array("added_tokens").Index().Select(item => AddedToken.FromJson(new JsonFields(item.Item, new FilePlace(Name, "added_tokens entry", item.Index + 1).ToString())))];

    private static void Add(Dictionary<int, string> tokens, AddedToken token)
    {
        if (!tokens.TryAdd(token.Id, token.Content) && tokens[token.Id] != token.Content)
        {
            throw new FilePlace(Name).Error($"{tokens[token.Id].Quote()} and the added token {token.Content.Quote()} share the id {token.Id}");
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
