using System.Globalization;
using System.Text;
using System.Text.Json;
using Data2Vec.Architectures;
using Data2Vec.Text;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>
/// The tokenizer of a Hugging Face folder, as transformers loads it: <c>tokenizer.json</c> if it is there, otherwise the vocabulary; then the added
/// tokens and special tokens of the other files.
/// </summary>
internal sealed class HuggingFaceTokenizer
{
    private const string ConfigName = "tokenizer_config.json", FastName = "tokenizer.json", AddedName = "added_tokens.json", SpecialName = "special_tokens_map.json",
        SentencePieceName = "sentencepiece.bpe.model";

    /// <summary>Options that name a special token, and those that list several.</summary>
    private static readonly string[] s_roles = ["bos_token", "cls_token", "eos_token", "sep_token", "unk_token", "pad_token", "mask_token"];
    private static readonly string[] s_lists = ["additional_special_tokens", "extra_special_tokens"];

    private readonly HuggingFaceFolder _folder;
    private readonly CheckpointOptions? _config;
    private readonly TextConfig _model;
    private readonly List<string> _warnings;

    private HuggingFaceTokenizer(HuggingFaceFolder folder, TextConfig model, List<string> warnings) =>
        (_folder, _config, _model, _warnings) = (folder, folder.Options(ConfigName), model, warnings);

    /// <summary>The tokenizer, or null if the folder has none.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The structure of the model.</param>
    /// <param name="warnings">Receives what is not used.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or the files contradict each other.</exception>
    public static TextTokenizer? Read(HuggingFaceFolder folder, TextConfig model, List<string> warnings) =>
        new HuggingFaceTokenizer(folder, model, warnings).Read();

    private TextTokenizer? Read()
    {
        if (_folder.FilePath(FastName) is { } file)
        {
            TextTokenizer fast = TextTokenizer.FromTokenizerJson(ReadFile(file));
            CheckAgainst(fast);
            return WithTokens(fast, fast.AddedTokens, fast.AddPrefixSpace);
        }

        if (_model is { IsBert: true } or { Architecture: ModelArchitecture.MpNet } && _folder.FilePath("vocab.txt") is { } vocabulary)
        {
            return WithTokens(TextTokenizer.FromWordPieces(ReadFile(vocabulary), WordPieceOptions()), [], false);
        }

        if (_folder.FilePath(SentencePieceName) is { } pieces)
        {
            InvalidData.ThrowIf(!HasIdsOfXlmR, $"{SentencePieceName} alone does not tell the ids of CamemBERT; put its {FastName} beside it");
            return WithTokens(TextTokenizer.FromSentencePiece(ReadFile(pieces)), [], false);
        }

        return !_model.IsBert && _folder.FilePath("vocab.json") is { } tokens && _folder.FilePath("merges.txt") is { } merges
            ? WithTokens(TextTokenizer.FromVocabAndMerges(ReadFile(tokens), ReadFile(merges)), [], _config?.Flag("add_prefix_space") ?? false)
            : null;
    }

    // CamemBERT puts other names before the pieces.
    private bool HasIdsOfXlmR => _folder.Config.Text("model_type") != "camembert" && _config?.Text("tokenizer_class")?.StartsWith("Camembert", StringComparison.Ordinal) != true;

    // The defaults are those of transformers' BertTokenizer.
    private WordPieceOptions WordPieceOptions()
    {
        bool lowercase = _config?.Flag("do_lower_case") ?? true;
        bool strip = _config?.Flag("strip_accents") ?? lowercase;
        _config?.ThrowIf(strip && !lowercase, "strip_accents", "is true without do_lower_case, which is not supported");
        _config?.Require("do_basic_tokenize", "true", "true");
        return new WordPieceOptions { Lowercase = lowercase, StripAccents = strip, SplitChinese = _config?.Flag("tokenize_chinese_chars") ?? true };
    }

    // transformers loads tokenizer.json. Some of its classes then change it by tokenizer_config.json, others do not.
    private void CheckAgainst(TextTokenizer fast)
    {
        if (fast.WordPieces is { } options)
        {
            RequireSame("do_lower_case", options.Lowercase);
            RequireSame("strip_accents", options.StripAccents);
            RequireSame("tokenize_chinese_chars", options.SplitChinese);
        }
        else if (fast.Unigrams is null)
        {
            RequireSame("add_prefix_space", fast.AddPrefixSpace);
        }

        string[] ours = Entries(fast);
        if (_folder.FilePath("vocab.txt") is { } words
            && (fast.WordPieces is null || !ours.SequenceEqual(Encoding.UTF8.GetString(ReadFile(words)).TrimEnd('\r', '\n').Split('\n').Select(line => line.TrimEnd('\r')))))
        {
            _warnings.Add($"vocab.txt differs from {FastName}, which is used, as in transformers");
        }

        if (HasIdsOfXlmR && _folder.FilePath(SentencePieceName) is { } model
            && (fast.Unigrams is null || !Entries(TextTokenizer.FromSentencePiece(ReadFile(model))).SequenceEqual(ours)))
        {
            _warnings.Add($"{SentencePieceName} differs from {FastName}, which is used, as in transformers");
        }

        if (_folder.Options("vocab.json") is { } tokens
            && tokens.IntegerEntries(0, int.MaxValue).Any(entry => fast.WordPieces is not null || fast.Unigrams is not null || entry.Value >= ours.Length || ours[entry.Value] != entry.Name))
        {
            _warnings.Add($"vocab.json differs from {FastName}, which is used, as in transformers");
        }
    }

    private void RequireSame(string name, bool value) => _config?.ThrowIf(
        _config.Flag(name) is { } flag && flag != value, name, $"is {(value ? "false" : "true")}, which contradicts {FastName}; make them agree, or delete the wrong file");

    private TextTokenizer WithTokens(TextTokenizer tokenizer, IReadOnlyList<AddedToken> known, bool addPrefixSpace)
    {
        string[] entries = Entries(tokenizer);
        var tokens = known.ToDictionary(token => token.Content, StringComparer.Ordinal);
        foreach (AddedToken token in Listed())
        {
            tokens.TryAdd(token.Content, token);
        }

        int next = Math.Max(tokenizer.VocabularySize, tokens.Values.Select(token => token.Id + 1).DefaultIfEmpty(0).Max());
        foreach ((string role, AddedToken token) in Special(tokenizer, entries))
        {
            RequireRole(role, token.Content, tokenizer, entries);
            if (!tokens.TryGetValue(token.Content, out AddedToken? listed))
            {
                int id = Array.IndexOf(entries, token.Content);
                tokens.Add(token.Content, token with { Id = id >= 0 ? id : next++ });
            }
            else if (!listed.Special)
            {
                tokens[token.Content] = listed with { Special = true };
            }
        }

        foreach (AddedToken beyond in tokens.Values.Where(token => token.Id >= _model.VocabularySize))
        {
            _warnings.Add($"the added token {PickleText.Quote(beyond.Content)} has the id {beyond.Id}, which the model has no vector for; it is split like other text");
        }

        return tokenizer.With([.. tokens.Values.Where(token => token.Id < _model.VocabularySize).OrderBy(token => token.Id)], addPrefixSpace);
    }

    /// <summary>The added tokens of <c>tokenizer_config.json</c>, or of the older <c>added_tokens.json</c>.</summary>
    private IEnumerable<AddedToken> Listed()
    {
        const string Decoder = "added_tokens_decoder";
        if (_config?.Group(Decoder) is { } decoder)
        {
            foreach (JsonProperty entry in decoder.Json.EnumerateObject())
            {
                _config.ThrowIf(!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id), Decoder, "has a name that is not an id");
                yield return Token(decoder.Group(entry.Name) ?? throw _config.Bad(Decoder, "has an entry that is not a token"), false) with { Id = id };
            }
        }
        else if (_folder.Options(AddedName) is { } added)
        {
            foreach ((string content, int id) in added.IntegerEntries(0, int.MaxValue))
            {
                yield return new AddedToken(id, content) { Normalized = true };
            }
        }
    }

    /// <summary>The special tokens of both files that name them, and those that the tokenizer has by default.</summary>
    private IEnumerable<(string Role, AddedToken Token)> Special(TextTokenizer tokenizer, string[] entries)
    {
        foreach (CheckpointOptions options in new[] { _folder.Options(SpecialName), _config }.OfType<CheckpointOptions>())
        {
            foreach (string role in s_roles.Where(options.Has))
            {
                yield return (role, Token(options, role, tokenizer));
            }

            foreach (string list in s_lists)
            {
                foreach (JsonElement item in options.Json.TryGetProperty(list, out JsonElement items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : [])
                {
                    yield return (list, item.ValueKind == JsonValueKind.String
                        ? new AddedToken(0, item.GetString()!) { Special = true }
                        : Token(CheckpointOptions.FromJson(item, $"{SpecialName}: "), true));
                }
            }
        }

        foreach (int id in (int[])[tokenizer.BeginId, tokenizer.EndId, tokenizer.PadId, tokenizer.UnknownId, tokenizer.MaskId])
        {
            yield return ("", Plain(entries[id], tokenizer, id == tokenizer.MaskId));
        }
    }

    private static AddedToken Token(CheckpointOptions options, string role, TextTokenizer tokenizer) => options.Group(role) is { } group
        ? Token(group, true)
        : Plain(options.Text(role)!, tokenizer, role == "mask_token");

    // The mask of RoBERTa and MPNet takes in the space before it, unless a file says otherwise.
    private static AddedToken Plain(string content, TextTokenizer tokenizer, bool isMask) =>
        new(0, content) { Special = true, LeftStrip = isMask && (tokenizer.WordPieces is null || content == "<mask>") };

    private static AddedToken Token(CheckpointOptions options, bool special)
    {
        special |= options.Flag("special") ?? false;
        return new AddedToken(0, options.Text("content") ?? throw options.Bad("content", "is missing from an added token"))
        {
            Special = special,
            Normalized = options.Flag("normalized") ?? !special,
            SingleWord = options.Flag("single_word") ?? false,
            LeftStrip = options.Flag("lstrip") ?? false,
            RightStrip = options.Flag("rstrip") ?? false,
        };
    }

    // The tokens around a text, and those for padding and for what is unknown, are built in.
    private static void RequireRole(string role, string content, TextTokenizer tokenizer, string[] entries)
    {
        bool isByteLevel = tokenizer.WordPieces is null;
        int? id = role switch
        {
            "cls_token" => tokenizer.BeginId,
            "sep_token" => tokenizer.EndId,
            "bos_token" when isByteLevel => tokenizer.BeginId,
            "eos_token" when isByteLevel => tokenizer.EndId,
            "pad_token" => tokenizer.PadId,
            "unk_token" => tokenizer.UnknownId,
            _ => null,
        };
        InvalidData.ThrowIf(
            id is { } expected && entries[expected] != content,
            $"{SpecialName} or {ConfigName}: {role} is {PickleText.Quote(content)}; only {(id is { } supported ? entries[supported] : "")} is supported");
    }

    /// <summary>The tokens and names of a tokenizer in the order of their ids.</summary>
    private static string[] Entries(TextTokenizer tokenizer)
    {
        string[] lines = Encoding.UTF8.GetString(tokenizer.ToAssets().Vocabulary.Span).TrimEnd('\n').Split('\n');
        return tokenizer.WordPieces is not null ? lines
            : [.. lines.Select(line => line.StartsWith(' ') ? line[1..] : tokenizer.Unigrams is null ? line : line[..line.LastIndexOf(' ')])];
    }

    private static byte[] ReadFile(string path) => SmallFile.Read(path, TextTokenizer.MaxFileBytes, "file of a tokenizer");
}
