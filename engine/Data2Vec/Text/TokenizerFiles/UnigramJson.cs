using System.Text.Json;

namespace Data2Vec.Text;

/// <summary>Reads the unigram model of a <c>tokenizer.json</c>, as it is made of XLM-R's SentencePiece model.</summary>
internal static class UnigramJson
{
    private const string Name = TokenizerJsonParts.Name, Spaces = "▁";

    public static TextTokenizer Read(JsonFields root, JsonFields model)
    {
        TokenizerJsonParts.Check(!model.Flag("byte_fallback", false), model, "byte_fallback", "false");
        List<AddedToken> added = TokenizerJsonParts.ReadAddedTokens(root);
        UnigramVocabulary vocabulary = ReadVocabulary(model, added);
        (ReadOnlyMemory<byte> map, bool collapses) = ReadNormalizer(root);
        bool splits = ReadPreTokenizer(root);
        TokenizerJsonParts.Check(splits || collapses, root, "pre_tokenizer", "one with WhitespaceSplit, unless the normalizer strips texts and makes runs of spaces one");
        var tokenizer = UnigramTokenizer.Create(vocabulary, map, new UnigramOptions { SplitWhiteSpace = splits }, Name);
        TokenizerJsonParts.Check(model.Integer("unk_id", 0, TokenizerFile.MaxEntries) == tokenizer.UnknownId, model, "unk_id", $"{tokenizer.UnknownId}, the id of {TokenizerVocabulary.Unknown}");
        TokenizerJsonParts.CheckPostProcessor(root, (TokenizerVocabulary.Begin, tokenizer.BeginId), (TokenizerVocabulary.End, tokenizer.EndId));
        return tokenizer.With(added, false);
    }

    // Text never produces special tokens, which have pieces too.
    private static UnigramVocabulary ReadVocabulary(JsonFields model, List<AddedToken> added)
    {
        HashSet<string> names =
        [
            TokenizerVocabulary.Begin, TokenizerVocabulary.Pad, TokenizerVocabulary.End, TokenizerVocabulary.Unknown, TokenizerVocabulary.Mask,
            .. added.Where(token => token.Special).Select(token => token.Content),
        ];
        UnigramVocabulary vocabulary = new();
        foreach ((int id, JsonElement entry) in model.Array("vocab").Index())
        {
            var place = new FilePlace(Name, "model.vocab id", id);
            bool isPiece = entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2
                && entry[0].ValueKind == JsonValueKind.String && entry[1].ValueKind == JsonValueKind.Number;
            if (!isPiece || !entry[1].TryGetDouble(out double score))
            {
                throw place.Error("expected [\"piece\", score]");
            }

            string piece = entry[0].GetString()!;
            vocabulary.Add(piece, names.Contains(piece) ? null : score, place);
        }

        // <mask> may be listed here alone.
        foreach (AddedToken token in added.Where(token => names.Contains(token.Content) && token.Id == vocabulary.Count))
        {
            vocabulary.Add(token.Content, null, new FilePlace(Name));
        }

        return vocabulary;
    }

    /// <summary>The character map, and whether texts are stripped at their end and runs of spaces made one.</summary>
    private static (ReadOnlyMemory<byte> Map, bool Collapses) ReadNormalizer(JsonFields root)
    {
        byte[] map = [];
        bool strips = false, replaces = false;
        foreach ((int i, JsonFields step) in TokenizerJsonParts.Steps(root, "normalizer").Index())
        {
            switch (step.Choice("type", ("Precompiled", 0), ("Strip", 1), ("Replace", 2)))
            {
                case 0:
                    TokenizerJsonParts.Check(i == 0, step, "type", "another one, as the first alone can be Precompiled");
                    map = step.Find("precompiled_charsmap") is null ? []
                        : step.Find("precompiled_charsmap") is { ValueKind: JsonValueKind.String } text && text.TryGetBytesFromBase64(out byte[]? bytes) ? bytes
                        : throw step.Bad("precompiled_charsmap", "base64");
                    break;
                case 1:
                    TokenizerJsonParts.Check(!replaces, step, "type", "another one, after Replace");
                    strips |= step.Flag("strip_right", false);
                    break;
                default:
                    JsonFields pattern = step.Object("pattern");
                    TokenizerJsonParts.Check(pattern.Find("Regex") is not null && pattern.Text("Regex") == " {2,}", step, "pattern", "the regular expression \" {2,}\"");
                    TokenizerJsonParts.Check(step.Text("content") is " " or Spaces, step, "content", $"\" \" or \"{Spaces}\"");
                    replaces = true;
                    break;
            }
        }

        return (map, strips && replaces);
    }

    /// <summary>Whether words end at all white space.</summary>
    private static bool ReadPreTokenizer(JsonFields root)
    {
        IReadOnlyList<JsonFields> steps = TokenizerJsonParts.Steps(root, "pre_tokenizer");
        bool splits = steps is [var first, _] && TokenizerJsonParts.IsOfType(first, "WhitespaceSplit");
        JsonFields last = steps.Count == (splits ? 2 : 1) ? steps[^1] : root.Object("pre_tokenizer");
        last.Choice("type", ("Metaspace", true));
        TokenizerJsonParts.Check(last.Text("replacement") == Spaces, last, "replacement", $"\"{Spaces}\"");
        TokenizerJsonParts.Check(last.Flag("add_prefix_space", true), last, "add_prefix_space", "true");
        TokenizerJsonParts.Check(last.Find("prepend_scheme") is null || last.Text("prepend_scheme") == "always", last, "prepend_scheme", "\"always\"");
        TokenizerJsonParts.Check(last.Flag("split", true), last, "split", "true");
        return splits;
    }
}
