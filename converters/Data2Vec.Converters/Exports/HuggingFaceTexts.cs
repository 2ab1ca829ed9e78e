using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Converters.Layouts;
using Data2Vec.Text;

namespace Data2Vec.Converters.Exports;

/// <summary>The files of transformers for texts: vocabularies of CTC heads, and tokenizers.</summary>
internal static class HuggingFaceTexts
{
    private const string TokenizerConfig = "tokenizer_config.json", SpecialTokens = "special_tokens_map.json", Vocabulary = "vocab.json";

    /// <summary>Adds the vocabulary of a CTC head, whose blank is the token for padding in transformers.</summary>
    /// <exception cref="InvalidDataException">transformers would write other texts for the labels.</exception>
    public static void AddCtc(AudioConfig config, JsonObject model, Dictionary<string, JsonNode> files)
    {
        CtcLabels ctc = config.Ctc ?? CtcLabels.Letters(config.Labels!);
        string[] labels = [.. config.Labels!];
        if (ctc.Blank == 0 && labels is ["<s>", "<pad>", ..])
        {
            // fairseq's blank has the name of transformers' first token.
            (labels[0], labels[1]) = (labels[1], labels[0]);
        }

        var roles = new Dictionary<string, string> { ["pad_token"] = labels[ctc.Blank] };
        foreach ((string role, string usual) in (ReadOnlySpan<(string, string)>)[("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>")])
        {
            string? name = labels.Contains(usual) ? usual : labels.Where((label, i) => ctc.Texts[i].Length == 0 && !roles.ContainsValue(label)).FirstOrDefault();
            if (name is not null)
            {
                roles[role] = name;
            }
        }

        JsonObject tokenizer = Find(lower: false) ?? Find(lower: true)
            ?? throw new InvalidDataException("transformers has no tokenizer that gives the same texts for the labels of the CTC head");
        model["vocab_size"] = labels.Length;
        model["pad_token_id"] = ctc.Blank;
        AddId("bos_token");
        AddId("eos_token");
        files.Add(TokenizerConfig, tokenizer);
        files.Add(SpecialTokens, new JsonObject([.. roles.Select(role => KeyValuePair.Create(role.Key, (JsonNode?)role.Value))]));
        InvalidData.ThrowIf(labels.Distinct().Count() != labels.Length, "two labels of the CTC head are equal, which transformers does not allow");
        files.Add(Vocabulary, new JsonObject([.. labels.Select((label, i) => KeyValuePair.Create(label, (JsonNode?)i))]));

        JsonObject? Find(bool lower) => Tokenizer(roles, lower) is var options && Texts(options, labels, ctc.Blank, roles).SequenceEqual(ctc.Texts) ? options : null;

        void AddId(string role)
        {
            if (roles.TryGetValue(role, out string? name))
            {
                model[$"{role}_id"] = Array.IndexOf(labels, name);
            }
        }
    }

    /// <summary>Adds a tokenizer, if the model has one.</summary>
    public static void AddTokenizer(
        TextConfig config, D2vFile file, JsonObject model, Dictionary<string, JsonNode> files, Dictionary<string, ReadOnlyMemory<byte>> others)
    {
        if (!file.Assets.ContainsKey(TextModel.VocabularyAsset))
        {
            return;
        }

        byte[] vocabulary = file.Asset(TextModel.VocabularyAsset).ToArray();
        var options = new JsonObject { ["model_max_length"] = config.Preparation.MaxTokens ?? config.MaxTokens };
        if (config.WordPieces is { } words)
        {
            options["tokenizer_class"] = "BertTokenizer";
            options["do_lower_case"] = words.Lowercase;
            options["strip_accents"] = words.StripAccents;
            options["tokenize_chinese_chars"] = words.SplitChinese;
            others.Add("vocab.txt", vocabulary);
        }
        else if (config.Unigrams is not null)
        {
            throw new InvalidDataException("the model has a unigram tokenizer, as XLM-R, which cannot be exported; convert the folder that it comes from");
        }
        else
        {
            options["tokenizer_class"] = "RobertaTokenizer";
            options["add_prefix_space"] = config.AddPrefixSpace;
            others.Add("merges.txt", file.Asset(TextModel.MergesAsset).ToArray());
            files.Add(Vocabulary, Entries(vocabulary));
            (model["bos_token_id"], model["eos_token_id"]) = (0, 2);
        }

        if (config.AddedTokens.Count > 0)
        {
            options["added_tokens_decoder"] = new JsonObject([.. config.AddedTokens.Select(token => KeyValuePair.Create(
                token.Id.ToString(CultureInfo.InvariantCulture),
                (JsonNode?)new JsonObject
                {
                    ["content"] = token.Content,
                    ["lstrip"] = token.LeftStrip,
                    ["normalized"] = token.Normalized,
                    ["rstrip"] = token.RightStrip,
                    ["single_word"] = token.SingleWord,
                    ["special"] = token.Special,
                }))]);
        }

        files.Add(TokenizerConfig, options);
    }

    // One entry a line; a space stands before names that no text produces.
    private static JsonObject Entries(byte[] vocabulary)
    {
        var entries = new JsonObject();
        foreach ((int id, string line) in Encoding.UTF8.GetString(vocabulary).TrimEnd('\n').Split('\n').Index())
        {
            string name = line.StartsWith(' ') ? line[1..] : line;
            entries.TryAdd(name.Length > 0 ? name : string.Create(CultureInfo.InvariantCulture, $"<unused {id}>"), id);
        }

        return entries;
    }

    private static JsonObject Tokenizer(Dictionary<string, string> roles, bool lower)
    {
        var options = new JsonObject
        {
            ["tokenizer_class"] = "Wav2Vec2CTCTokenizer",
            ["word_delimiter_token"] = "|",
            ["replace_word_delimiter_char"] = " ",
            ["do_lower_case"] = lower,
        };
        foreach ((string role, string name) in roles)
        {
            options[role] = name;
        }

        return options;
    }

    /// <summary>The texts that transformers gives labels.</summary>
    private static IReadOnlyList<string> Texts(JsonObject tokenizer, string[] labels, int blank, Dictionary<string, string> roles)
    {
        using var json = JsonDocument.Parse(tokenizer.ToJsonString());
        return CtcTexts.HuggingFace(labels, blank, CheckpointOptions.FromJson(json.RootElement, TokenizerConfig), roles.Values.ToHashSet(StringComparer.Ordinal)).Texts;
    }
}
