using System.Text.Json;
using static Data2Vec.Text.TokenizerJsonParts;

namespace Data2Vec.Text;

/// <summary>
/// Reads a Hugging Face <c>tokenizer.json</c>: RoBERTa's byte-level BPE, BERT's WordPiece or XLM-R's unigram model. Everything that would produce other ids is rejected.
/// Settings that do not change ids (offsets, decoder, defaults for truncation and padding) are ignored.
/// </summary>
internal static class TokenizerJsonFile
{
    public static TextTokenizer Read(ReadOnlyMemory<byte> file) => TokenizerFile.ReadJson(file, Name, Read);

    private static TextTokenizer Read(JsonElement json)
    {
        JsonFields root = new(json, Name);
        JsonFields model = root.Object("model");
        return Kind(model) switch
        {
            "WordPiece" => ReadWordPiece(root, model),
            "Unigram" => UnigramJson.Read(root, model),
            _ => ReadBytePair(root, model),
        };
    }

    // Files of the first versions of the library do not name it.
    private static string Kind(JsonFields model) => model.Find("type") is not null ? model.Choice("type", ("BPE", "BPE"), ("WordPiece", "WordPiece"), ("Unigram", "Unigram"))
        : model.Find("merges") is not null ? "BPE"
        : model.Find("vocab") is { ValueKind: JsonValueKind.Array } ? "Unigram"
        : "WordPiece";

    private static TextTokenizer ReadBytePair(JsonFields root, JsonFields model)
    {
        CheckBytePairModel(model);
        Check(Steps(root, "normalizer").Count == 0, root, "normalizer", "null");
        JsonFields preTokenizer = Step(root, "pre_tokenizer");
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
        CheckPostProcessor(root, (TokenizerVocabulary.Begin, tokenizer.BeginId), (TokenizerVocabulary.End, tokenizer.EndId));
        return tokenizer.With(added, preTokenizer.Flag("add_prefix_space", false));
    }

    private static TextTokenizer ReadWordPiece(JsonFields root, JsonFields model)
    {
        Check(model.Text("unk_token") == WordPieceTokenizer.Unknown, model, "unk_token", $"\"{WordPieceTokenizer.Unknown}\"");
        Check(model.Text("continuing_subword_prefix") == "##", model, "continuing_subword_prefix", "\"##\"");
        Check(model.Number("max_input_chars_per_word", 100) == 100, model, "max_input_chars_per_word", "100");
        JsonFields normalizer = Step(root, "normalizer");
        normalizer.Choice("type", ("BertNormalizer", true));
        Check(normalizer.Flag("clean_text", true), normalizer, "clean_text", "true");
        Step(root, "pre_tokenizer").Choice("type", ("BertPreTokenizer", true));
        bool lowercase = normalizer.Flag("lowercase", true), strip = normalizer.Flag("strip_accents", lowercase);
        Check(lowercase || !strip, normalizer, "strip_accents", "false without \"lowercase\"");
        var options = new WordPieceOptions { Lowercase = lowercase, StripAccents = strip, SplitChinese = normalizer.Flag("handle_chinese_chars", true) };

        Dictionary<int, string> tokens = [];
        JsonVocabulary.AddTo(tokens, model.Find("vocab") ?? default, $"{Name} model.vocab");
        List<AddedToken> added = ReadAddedTokens(root);

        // The model's own special tokens may be listed here alone.
        foreach (AddedToken token in added.Where(token => WordPieceTokenizer.Special.Contains(token.Content) && token.Id == tokens.Count))
        {
            Add(tokens, token);
        }

        var tokenizer = WordPieceTokenizer.Create(JsonVocabulary.InOrder(tokens, Name), options, $"{Name} model.vocab", "id", 0);
        CheckPostProcessor(root, (tokenizer.Piece(tokenizer.BeginId), tokenizer.BeginId), (tokenizer.Piece(tokenizer.EndId), tokenizer.EndId));
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

    private static void Add(Dictionary<int, string> tokens, AddedToken token)
    {
        if (!tokens.TryAdd(token.Id, token.Content) && tokens[token.Id] != token.Content)
        {
            throw new FilePlace(Name).Error($"{tokens[token.Id].Quote()} and the added token {token.Content.Quote()} share the id {token.Id}");
        }
    }
}
