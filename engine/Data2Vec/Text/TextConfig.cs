using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Text;

/// <summary>The structure of a text model (fairseq's <c>Data2VecTextConfig</c>, Hugging Face's <c>BertConfig</c>).</summary>
public sealed record TextConfig : TransformerConfig
{
    /// <summary>
    /// The bit of a prepared input's numbers from which on they hold the token's type: a number is <c>id | type &lt;&lt; TokenTypeShift</c>, which is the
    /// id alone for type 0.
    /// </summary>
    public const int TokenTypeShift = 24;

    /// <summary>The most token types.</summary>
    public const int MostTokenTypes = 64;

    private const int MostTokens = 1 << TokenTypeShift;
    private const string TokenTypesName = "token_types";

    private const string PaddingName = "padding_id";

    private readonly int? _paddingId;

    /// <summary>A configuration of data2vec's text model; <see cref="ModelConfig.Architecture"/> can be set to BERT's.</summary>
    public TextConfig()
        : base(ModelArchitecture.Data2VecText)
    {
    }

    [SetsRequiredMembers]
    private TextConfig(JsonFields json, string architecture)
        : base(json, architecture)
    {
        VocabularySize = json.Size("vocabulary_size", MostTokens);
        MaxTokens = json.Integer("max_tokens", 3, JsonFields.LargestSize);
        TokenTypes = json.Has(TokenTypesName) ? json.Integer(TokenTypesName, 1, MostTokenTypes) : 1;
        Epsilon = json.Epsilon("layer_norm_epsilon");
        WordPieces = WordPieceOptions.FromJson(json);
        Unigrams = UnigramOptions.FromJson(json);
        DistanceBuckets = DistanceBuckets.Find(json, Heads);
        PaddingId = json.Has(PaddingName) ? json.Integer(PaddingName, 0, VocabularySize - 1) : DefaultPaddingId;
        AddedTokens = AddedToken.ListFromJson(json, "added_tokens");
        AddPrefixSpace = json.Flag("add_prefix_space", false);
        Preparation = TextPreparation.FromJson(json);
        if (AddPrefixSpace && (WordPieces is not null || Unigrams is not null))
        {
            throw new InvalidDataException("the configuration contradicts itself: only a byte-level BPE has an optional prefix space");
        }

        if (WordPieces is not null && Unigrams is not null)
        {
            throw new InvalidDataException("the configuration contradicts itself: it has two kinds of tokenizers");
        }

        if (DistanceBuckets is { IsGated: true })
        {
            throw new InvalidDataException($"the configuration contradicts itself: of text models, '{DistanceBuckets.Field}' have no gates");
        }

        if (!IsBert && PaddingId != DefaultPaddingId)
        {
            throw json.Bad(PaddingName, $"{DefaultPaddingId}, after which positions begin");
        }
    }

    /// <summary>The number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The most tokens of an input, special tokens included.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>The number of token types; with 1 the position's vectors include that of the type. BERT's models have 2, for the texts of a pair.</summary>
    public int TokenTypes { get; init; } = 1;

    /// <summary>How text is prepared for WordPiece; null for other tokenizers and for models without a tokenizer.</summary>
    public WordPieceOptions? WordPieces { get; init; }

    /// <summary>How text is prepared for a unigram model; null for other tokenizers and for models without a tokenizer.</summary>
    public UnigramOptions? Unigrams { get; init; }

    /// <summary>The tokenizer's <see cref="TextTokenizer.AddedTokens"/>.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>The tokenizer's <see cref="TextTokenizer.AddPrefixSpace"/>.</summary>
    public bool AddPrefixSpace { get; init; }

    /// <summary>What happens to a text before it is tokenized, and how much of it is used.</summary>
    public TextPreparation Preparation { get; init; } = new();

    /// <summary>Whether the model is a BERT (Devlin et al. 2018) or a DistilBERT: positions count from 0, and the padding id is 0.</summary>
    public bool IsBert => Architecture is ModelArchitecture.Bert or ModelArchitecture.DistilBert;

    /// <summary>
    /// The id of <c>&lt;pad&gt;</c> in fairseq's dictionaries, of <c>[PAD]</c> in BERT's. It is refused in inputs, because batches are not padded.
    /// A BERT may have a tokenizer with another id, such as that of XLM-R.
    /// </summary>
    public int PaddingId
    {
        get => _paddingId ?? DefaultPaddingId;
        init => _paddingId = value;
    }

    /// <summary>The position of the first token: 0 in BERT, otherwise the padding id plus 1 (fairseq's <c>make_positions</c>).</summary>
    public int FirstPosition => IsBert ? 0 : DefaultPaddingId + 1;

    private int DefaultPaddingId => IsBert ? 0 : 1;

    /// <summary>Rows of the position table.</summary>
    internal int Positions => MaxTokens + FirstPosition;

    /// <summary>The configuration of the same model with a tokenizer. Where positions do not depend on the padding id, the tokenizer gives it.</summary>
    /// <exception cref="InvalidDataException">The tokenizer has ids that the model does not have, or another padding id.</exception>
    public TextConfig With(TextTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        TextConfig config = this with
        {
            WordPieces = tokenizer.WordPieces,
            Unigrams = tokenizer.Unigrams,
            AddedTokens = tokenizer.AddedTokens,
            AddPrefixSpace = tokenizer.AddPrefixSpace,
            PaddingId = IsBert ? tokenizer.PadId : PaddingId,
        };
        config.Require(tokenizer);
        return config;
    }

    /// <summary>Checks that a tokenizer belongs to the model.</summary>
    /// <exception cref="InvalidDataException">It has ids that the model does not have, or another padding id.</exception>
    internal void Require(TextTokenizer tokenizer)
    {
        if (tokenizer.VocabularySize > VocabularySize || tokenizer.PadId != PaddingId)
        {
            throw new InvalidDataException(
                $"the tokenizer gives {tokenizer.VocabularySize} token ids, with {tokenizer.PadId} for padding, and the model has {VocabularySize}, with {PaddingId}");
        }
    }

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static new TextConfig FromJson(JsonElement json, string architecture = ModelArchitecture.Data2VecText) =>
        new(JsonFields.Configuration(json), architecture);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["vocabulary_size"] = VocabularySize,
            ["max_tokens"] = MaxTokens,
            ["hidden_size"] = HiddenSize,
            ["layers"] = Layers,
            ["heads"] = Heads,
            ["feed_forward_size"] = FeedForwardSize,
            ["layer_norm_epsilon"] = Epsilon,
        };
        if (DistanceBuckets is not null)
        {
            json[DistanceBuckets.Field] = DistanceBuckets.ToJson();
        }

        if (TokenTypes > 1)
        {
            json[TokenTypesName] = TokenTypes;
        }

        if (WordPieces is not null)
        {
            json["word_pieces"] = WordPieces.ToJson();
        }

        if (Unigrams is not null)
        {
            json["unigrams"] = Unigrams.ToJson();
        }

        if (PaddingId != DefaultPaddingId)
        {
            json[PaddingName] = PaddingId;
        }

        if (AddedTokens.Count > 0)
        {
            json["added_tokens"] = new JsonArray([.. AddedTokens.Select(token => (JsonNode)token.ToJson())]);
        }

        if (AddPrefixSpace)
        {
            json["add_prefix_space"] = true;
        }

        Preparation.AddTo(json);
        return WithCommon(json);
    }
}
